import { setTimeout as sleep } from 'node:timers/promises';
import { CaptionError } from '../../errors.js';

/** Answers of a server that is too busy, or is being started anew. */
const BUSY: readonly number[] = [429, 500, 502, 503, 504];
/** How often a busy server is asked again. */
const MOST_RETRIES = 4;
/** The first pause; each further one is twice as long. */
const PAUSE_MS = 500;
/** The longest pause that a server may ask for. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Asks again while the server is busy, after the pause that it asks for (`Retry-After`) or after growing ones.
 *
 * @returns its answer, the last one if it is still busy
 * @throws CaptionError `ABORTED`, and what `ask` throws
 */
export async function patiently(
  signal: AbortSignal | undefined,
  ask: () => Promise<Response>,
): Promise<Response> {
  for (let retry = 0; ; retry++) {
    const response = await ask();
    if (!BUSY.includes(response.status) || retry === MOST_RETRIES) return response;
    await response.body?.cancel().catch(() => undefined);
    await pause(askedPause(response) ?? PAUSE_MS * 2 ** retry, signal);
  }
}

/** @throws CaptionError `ABORTED` */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal && { signal }).catch((cause: unknown) => {
    throw new CaptionError('ABORTED', 'The download was stopped.', { cause });
  });
}

/** `Retry-After`: seconds, or a date. */
function askedPause({ headers }: Response): number | undefined {
  const asked = headers.get('retry-after');
  if (!asked) return undefined;
  const seconds = Number(asked);
  const ms = Number.isNaN(seconds) ? Date.parse(asked) - Date.now() : 1000 * seconds;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_PAUSE_MS, Math.max(0, ms));
}
