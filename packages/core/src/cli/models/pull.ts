import { folderOf, writableCache } from '../../node/hub/cache.js';
import { hubAccess } from '../../node/hub/client.js';
import { parseHubId } from '../../node/hub/hub-id.js';
import { pause } from '../../node/hub/patience.js';
import { type PullProgress, pullModel } from '../../node/hub/pull.js';
import { isHeld, Lock } from '../lock.js';
import { type ModelsCommand, usage } from './command.js';
import { readableBytes } from './sizes.js';

/** Least time between two drawings of the progress line. */
const REDRAW_MS = 100;
/** How often is looked whether another process has finished. */
const WAIT_MS = 500;

/** `zipcaption models pull <owner/name>` */
export async function pull(command: ModelsCommand, operand: string): Promise<number> {
  const text = command.revision ? `${operand}@${command.revision}` : operand;
  const id = parseHubId(text);
  if (!id) throw usage(`"${text}" is not a model name: model names have the form owner/name.`);
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const { signal } = controller;
  let lock: Lock | undefined;
  try {
    const access = hubAccess(process.env);
    const cache = await writableCache();
    lock = cache === undefined ? undefined : await lockWhenFree(folderOf(cache, id), signal);
    const { folder, record, downloaded } = await pullModel(access, id, {
      ...(command.dtype && { dtype: command.dtype }),
      ...(!command.quiet && { onProgress: progressLine() }),
      signal,
    });
    const came = downloaded > 0 ? `${readableBytes(downloaded)} downloaded` : 'already downloaded';
    process.stderr.write(
      `${record.id} (${record.dtype}): ${came}. Use it with --model ${record.id}\n`,
    );
    process.stdout.write(`${folder}\n`);
    return 0;
  } finally {
    lock?.release();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Of two processes that download the same model the later one waits, and then finds its files. */
async function lockWhenFree(folder: string, signal: AbortSignal): Promise<Lock> {
  const say = async (message: string) => void process.stderr.write(`${message}\n`);
  for (let isTold = false; ; isTold = true) {
    try {
      return await Lock.take(folder, { signal, onWait: say });
    } catch (error) {
      if (!isHeld(error)) throw error;
      if (!isTold) await say(`Another process is downloading to ${folder}; waiting for it.`);
      await pause(WAIT_MS, signal);
    }
  }
}

/** One line that is drawn over on a terminal; one line a finished file elsewhere. */
function progressLine(): (progress: PullProgress) => void {
  const live = process.stderr.isTTY === true;
  let drawnAt = Number.NEGATIVE_INFINITY;
  return ({ file, loaded, total }) => {
    const done = loaded >= total;
    const now = performance.now();
    if (!done && (!live || now - drawnAt < REDRAW_MS)) return;
    drawnAt = now;
    const share = total > 0 ? `${Math.floor((loaded / total) * 100)} %`.padStart(5) : '';
    const line = `${share}  ${file}  ${readableBytes(loaded)} of ${readableBytes(total)}`;
    process.stderr.write(`${live ? '\r\x1b[2K' : ''}${line}${done || !live ? '\n' : ''}`);
  };
}
