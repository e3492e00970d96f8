import { HttpError } from './problem.js';

/** What one request holds of the budget. */
export interface BodyLease {
  /** @throws HttpError `OVERLOADED` if there is not room for so many bytes more */
  grow(bytes: number): void;
  /** Gives all back; further calls do nothing. */
  release(): void;
}

/**
 * Bounds the bytes of all request bodies together, from their arrival until their photos are captioned.
 *
 * A body may grow only while it is smaller than what is still free (Choudhury and Hahne, "Dynamic queue
 * length thresholds", 1998). So a few large or stuck uploads never fill the budget: each newcomer finds
 * room for a photo of the size that the others have.
 */
export class BodyBudget {
  readonly limit: number;
  readonly #retryAfter: () => number;
  #used = 0;

  /**
   * @param limit      bytes; at least twice the largest body, or that one cannot be taken
   * @param retryAfter seconds until it makes sense to try again
   */
  constructor(limit: number, retryAfter: () => number) {
    this.limit = limit;
    this.#retryAfter = retryAfter;
  }

  /** Bytes held now. */
  get used(): number {
    return this.#used;
  }

  lease(): BodyLease {
    let held = 0;
    let open = true;
    return {
      grow: (bytes) => {
        if (!open) return;
        if (held + bytes > this.limit - this.#used - bytes) {
          throw new HttpError(
            'OVERLOADED',
            'The service has no memory left for this photo. Try again in a moment, or send a smaller copy.',
            { headers: { 'retry-after': String(this.#retryAfter()), connection: 'close' } },
          );
        }
        held += bytes;
        this.#used += bytes;
      },
      release: () => {
        if (!open) return;
        open = false;
        this.#used -= held;
      },
    };
  }
}
