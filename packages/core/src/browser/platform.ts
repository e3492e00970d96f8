import { CaptionError } from '../errors.js';
import { bytesOf, rawPixels } from '../input/memory.js';
import type { OrtRuntime, RuntimeName } from '../model/runtime.js';
import { type ModelSource, urlSource } from '../model/source.js';
import { type OpenedPhoto, type OpenRequest, openRaw } from '../platform.js';
import type { ImageInput } from '../types.js';
import { drawableSize } from './drawables.js';
import { drawPixels, openFile } from './pixels.js';

export { startThread } from './thread.js';

export async function loadRuntime(name: RuntimeName): Promise<OrtRuntime> {
  if (name === 'engine') return (await import('../engine/index.js')).createEngine();
  if (name === 'node') {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      `The runtime 'node' is native code; a browser has 'engine' and 'web'.`,
    );
  }
  try {
    return await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      'onnxruntime-web/wasm cannot be loaded. Bundle it, name it in the import map, or hand in another runtime with the option "runtime".',
      { cause },
    );
  }
}

/**
 * Shared memory, and with it threads, is given to cross-origin isolated pages only. The runtime's
 * threads wait for each other actively, so one core is left to the page: with none free, two threads
 * were measured to be ten times slower than one.
 */
export function defaultThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.min(4, Math.max(1, (navigator.hardwareConcurrency ?? 1) - 1));
}

/**
 * The embedded model, where the page's import map or its bundler says it is: a page has no folder
 * of packages to look into.
 */
export async function defaultModel(): Promise<ModelSource> {
  try {
    return urlSource(new URL('.', import.meta.resolve('@zipcaption/lite/manifest.json')));
  } catch (cause) {
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      'In a browser the option "model" must say where the model is: copy the folder of @zipcaption/lite beside the page and name its address, or name "@zipcaption/lite/" in the import map.',
      { cause },
    );
  }
}

export async function modelSource(location: string | URL): Promise<ModelSource> {
  return urlSource(new URL(location, globalThis.location?.href));
}

export async function openPhoto(input: ImageInput, request: OpenRequest): Promise<OpenedPhoto> {
  if (typeof input === 'string' || input instanceof URL) {
    throw new CaptionError(
      'INVALID_INPUT',
      'A page cannot read a path as a photo. Hand in a File, a Blob, an image element, a data: URL, or an http(s) address with the option "fetch".',
    );
  }
  const bytes = await bytesOf(input, request.maxBytes);
  if (bytes) return openFile(bytes, request);
  if (typeof ImageData !== 'undefined' && input instanceof ImageData) {
    const { data, width, height } = input;
    return openRaw(rawPixels({ data, width, height, channels: 4 }, request.maxPixels));
  }
  const found = await drawableSize(input);
  if (found) return openRaw(drawPixels(found.drawable, found.size, request));
  return openRaw(rawPixels(input, request.maxPixels));
}
