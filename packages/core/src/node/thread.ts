import { Worker, type WorkerOptions } from 'node:worker_threads';
import { CaptionError } from '../errors.js';
import { bytesOf } from '../input/memory.js';
import type { StartThread } from '../pool/thread.js';
import type { ImageInput } from '../types.js';
import { ownUrl } from './own-url.js';

/** Starts a worker thread of Node. */
export const startThread: StartThread = ({ onAnswer, onEnd }) => {
  const worker = newWorker();
  worker.on('message', onAnswer);
  worker.on('error', onEnd);
  worker.on('exit', (code) => onEnd(new Error(`the thread ended with exit code ${code}`)));
  return {
    post: (request, transfer = []) => worker.postMessage(request, transfer as never[]),
    keepAlive: (yes) => (yes ? worker.ref() : worker.unref()),
    terminate: () => worker.terminate(),
  };
};

/**
 * A `Blob` is read here: if it stands for a file (`fs.openAsBlob`), Node aborts the process when another
 * thread reads a slice of it, and such blobs look like any other.
 */
export async function inputForWorker(
  input: ImageInput,
  { maxBytes }: { readonly maxBytes: number },
): Promise<ImageInput> {
  return (input instanceof Blob && (await bytesOf(input, maxBytes))) || input;
}

function newWorker(): Worker {
  try {
    // Bundlers look for exactly this; bundled as CommonJS, there is no address to start from.
    if (!import.meta.url) return new Worker(new URL('./worker.js', ownUrl()), workerOptions());
    return new Worker(new URL('./worker.js', import.meta.url), workerOptions());
  } catch (cause) {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      'The worker thread cannot be started. If the program was bundled, bundle zipcaption/worker beside it as worker.js (docs/frameworks.md), or load the captioner without "workers".',
      { cause },
    );
  }
}

/**
 * A program that was given as text (`node --input-type=module -e …`) hands its flags on to threads,
 * which are files and die of this one. Other flags cannot be picked out: named one by one, V8's are refused.
 */
function workerOptions(): WorkerOptions {
  return process.execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {};
}
