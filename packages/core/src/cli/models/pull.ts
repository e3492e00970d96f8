import { hubAccess } from '../../node/hub/client.js';
import { parseHubId } from '../../node/hub/hub-id.js';
import { type PullProgress, pullModel } from '../../node/hub/pull.js';
import { type ModelsCommand, usage } from './command.js';
import { readableBytes } from './sizes.js';

/** Least time between two drawings of the progress line. */
const REDRAW_MS = 100;

/** `zipcaption models pull <owner/name>` */
export async function pull(command: ModelsCommand, operand: string): Promise<number> {
  const text = command.revision ? `${operand}@${command.revision}` : operand;
  const id = parseHubId(text);
  if (!id) throw usage(`"${text}" is not a model name: model names have the form owner/name.`);
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const { folder, record, downloaded } = await pullModel(hubAccess(process.env), id, {
      ...(command.dtype && { dtype: command.dtype }),
      ...(!command.quiet && { onProgress: progressLine() }),
      signal: controller.signal,
    });
    const came = downloaded > 0 ? `${readableBytes(downloaded)} downloaded` : 'already downloaded';
    process.stderr.write(
      `${record.id} (${record.dtype}): ${came}. Use it with --model ${record.id}\n`,
    );
    process.stdout.write(`${folder}\n`);
    return 0;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
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
