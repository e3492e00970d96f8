import { TransientError } from './transient-error.js';

/** Milliseconds for the answer itself. */
const RESERVE = 500;

/** Learns how long a photo takes, over all invocations of a process. */
export class Pace {
  #expected = 0;

  /** Milliseconds that the next photo may take: the slowest of late. */
  get expected(): number {
    return this.#expected;
  }

  note(milliseconds: number): void {
    this.#expected = Math.max(milliseconds, 0.8 * this.#expected);
  }
}

/** The end of one invocation, which must have answered before Lambda stops it. */
export class Deadline {
  /** Aborted shortly before the end: what is under way is given up and tried again later. */
  readonly signal: AbortSignal;
  readonly #timeLeft: () => number;
  readonly #pace: Pace;
  readonly #timer: NodeJS.Timeout;
  #started = false;

  /** @param timeLeft milliseconds until Lambda stops the invocation */
  constructor(timeLeft: () => number, pace: Pace) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#timeLeft = timeLeft;
    this.#pace = pace;
    const end = () =>
      controller.abort(
        new TransientError('TIME_TOO_SHORT', 'The time of the invocation ended before its photos.'),
      );
    this.#timer = setTimeout(end, Math.min(Math.max(0, timeLeft() - RESERVE), 2 ** 31 - 1));
  }

  /** False if another photo would hardly be finished. The first one is always tried. */
  hasTime(): boolean {
    if (this.signal.aborted) return false;
    const enough = this.#timeLeft() - RESERVE > 1.5 * this.#pace.expected;
    if (!enough && this.#started) return false;
    this.#started = true;
    return true;
  }

  /** Runs the work of one photo and learns from it. */
  async time<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#pace.note(performance.now() - started);
    }
  }

  /** To be called when the invocation is over. */
  end(): void {
    clearTimeout(this.#timer);
  }
}
