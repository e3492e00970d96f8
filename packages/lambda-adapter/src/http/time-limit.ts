import { setMaxListeners } from 'node:events';
import { CaptionError } from 'zipcaption';
import { HttpError } from './problem.js';

/** Time that is kept for writing the answer, in milliseconds. */
export const RESERVE = 250;

export interface TimeLimit {
  /** Fires when the time is up or the client is gone. */
  readonly signal: AbortSignal;
  /** The failure as it should be told: an `ABORTED` of the core is ours or the client's doing. */
  explain(error: unknown): unknown;
  /** Frees the timer. */
  end(): void;
}

/**
 * @param milliseconds how long the request may take, the answer included
 * @param client       fires when the client went away
 */
export function timeLimit(milliseconds: number, client: AbortSignal): TimeLimit {
  const clock = new AbortController();
  const tooShort = () =>
    new HttpError(
      'TIME_TOO_SHORT',
      `The work on the photo was not finished within the ${Math.max(0, Math.round(milliseconds))} ms that were left. Try again, with a smaller photo or fewer beams, or give the service more time.`,
      { headers: { 'retry-after': '1' } },
    );
  const usable = milliseconds - RESERVE;
  if (usable <= 0) clock.abort(tooShort());
  // Node warns of a timer that is set to less than 1 ms, and has one of more than 2^31 ms fire at once.
  const wait = Math.max(1, Math.min(usable, 2 ** 31 - 1));
  const timer = setTimeout(() => clock.abort(tooShort()), wait);
  timer.unref();
  const signal = AbortSignal.any([clock.signal, client]);
  // Each photo of a form listens.
  setMaxListeners(0, signal);
  return {
    signal,
    explain(error) {
      const aborted = error instanceof CaptionError && error.code === 'ABORTED';
      if (clock.signal.aborted && (aborted || error === clock.signal.reason)) return tooShort();
      if (client.aborted && (aborted || error === client.reason)) {
        return new HttpError('CLIENT_CLOSED', 'The client disconnected.', { cause: error });
      }
      return error;
    },
    end: () => clearTimeout(timer),
  };
}
