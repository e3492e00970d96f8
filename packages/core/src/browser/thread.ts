import { CaptionError } from '../errors.js';
import type { Answer } from '../pool/protocol.js';
import type { StartThread } from '../pool/thread.js';

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

function newWorker(): Worker {
  try {
    return new Worker(new URL('./captioner-worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw new CaptionError('RUNTIME_UNAVAILABLE', 'The browser cannot start a Web Worker here.', {
      cause,
    });
  }
}
