import { constants } from 'node:os';

/** One press of Ctrl-C can arrive several times: from the terminal, and from the parent script. */
const SAME_PRESS_MS = 500;

/**
 * Ctrl-C or a termination signal: stops the work; finished photos stay printed. A second one ends
 * at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #stopping = new AbortController();
  #finishes = false;
  #signal: 'SIGINT' | 'SIGTERM' | undefined;
  #at = 0;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => this.#received(signal));
    }
  }

  /** What is under way has to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Nothing more is to be begun. Fires with `signal`, or in its place after `finishUnderWay`. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** From now on the first request lets what is under way come to its end: only `stopping` fires. */
  finishUnderWay(): void {
    this.#finishes = true;
  }

  /** 128 + the signal's number, as in shells; undefined without a signal. */
  get exitCode(): number | undefined {
    return this.#signal && 128 + constants.signals[this.#signal];
  }

  /** Stops the work because the reader closed the output. */
  stop(): void {
    this.#stopping.abort();
    if (!this.#finishes) this.#controller.abort();
  }

  #received(signal: 'SIGINT' | 'SIGTERM'): void {
    const now = performance.now();
    if (this.#signal === undefined) {
      this.#signal = signal;
      this.#at = now;
      this.stop();
    } else if (now - this.#at > SAME_PRESS_MS) process.exit(this.exitCode);
  }
}
