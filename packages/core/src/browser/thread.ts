import { CaptionError } from '../errors.js';
import { checkPixelCount } from '../image/limits.js';
import type { Answer } from '../pool/protocol.js';
import type { StartThread } from '../pool/thread.js';
import type { ImageInput } from '../types.js';
import { drawableSize } from './drawables.js';

/** By Cache Storage (file-store.ts). */
export const sharesDownloads = true;

/** Starts a Web Worker. */
export const startThread: StartThread = ({ onAnswer, onEnd }) => {
  const worker = newWorker();
  worker.onmessage = ({ data }: MessageEvent<Answer>) => onAnswer(data);
  worker.onerror = ({ message }) => onEnd(new Error(message || 'its script could not be loaded'));
  return {
    post: (request, transfer = []) => worker.postMessage(request, [...transfer]),
    keepAlive() {},
    terminate: async () => worker.terminate(),
  };
};

/** Elements stay with their page: a picture of what they show goes to the worker. */
export async function inputForWorker(
  input: ImageInput,
  { maxPixels }: { readonly maxPixels: number },
): Promise<ImageInput> {
  if (typeof ImageData !== 'undefined' && input instanceof ImageData) {
    const { data, width, height } = input;
    return { data: data as Uint8ClampedArray, width, height, channels: 4 };
  }
  const found = await drawableSize(input);
  if (!found) return input;
  checkPixelCount(found.size, maxPixels);
  const { drawable } = found;
  if ('close' in drawable) return drawable; // A bitmap or a frame can be passed on as it is.
  try {
    return await createImageBitmap(drawable);
  } catch (cause) {
    throw new CaptionError('DECODE_FAILED', 'The browser cannot read the pixels of this element.', {
      cause,
    });
  }
}

function newWorker(): Worker {
  try {
    return new Worker(new URL('./captioner-worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new CaptionError('RUNTIME_UNAVAILABLE', 'The browser cannot start a Web Worker.', {
      cause,
    });
  }
}
