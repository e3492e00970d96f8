import { parentPort, workerData } from 'node:worker_threads';
import { loadCaptioner } from '../captioner.js';
import { CaptionError } from '../errors.js';
import type { LoadOptions } from '../types.js';
import type { PlainError, WorkerAnswer, WorkerTask } from './pool.js';

/* One thread of `captionAll`: loads its own model, then captions what it is sent, one by one. */

const answer = (message: WorkerAnswer) => parentPort?.postMessage(message);

function plain(error: unknown): PlainError {
  return error instanceof CaptionError
    ? { code: error.code, message: error.message }
    : { code: 'RUNTIME_FAILED', message: error instanceof Error ? error.message : String(error) };
}

const loading = loadCaptioner(workerData as LoadOptions);
loading.catch((error: unknown) => answer({ fatal: plain(error) }));

parentPort?.on('message', async ({ input, options }: WorkerTask) => {
  const captioner = await loading.catch(() => undefined);
  if (!captioner) return;
  try {
    answer({ result: await captioner.caption(input, options) });
  } catch (error) {
    answer({ error: plain(error) });
  }
});
