import { constants } from 'node:os';

/** One press of Ctrl-C can arrive several times: from the terminal, and from the parent script. */
const SAME_PRESS_MS = 500;

/**
 * Ctrl-C or a termination signal: stops the work; finished photos stay printed. A second one ends
 * at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #signal: 'SIGINT' | 'SIGTERM' | undefined;
  #at = 0;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => this.#received(signal));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 128 + the signal's number, as in shells; undefined without a signal. */
  get exitCode(): number | undefined {
    return this.#signal && 128 + constants.signals[this.#signal];
  }

  /** Stops the work because the reader closed the output. */
  stop(): void {
    this.#controller.abort();
  }

  #received(signal: 'SIGINT' | 'SIGTERM'): void {
    const now = performance.now();
    if (this.#signal === undefined) {
      this.#signal = signal;
      this.#at = now;
      this.#controller.abort();
    } else if (now - this.#at > SAME_PRESS_MS) process.exit(this.exitCode);
  }
}
