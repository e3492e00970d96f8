import { HttpError } from './problem.js';

/** So many requests in so many seconds. */
export interface Rate {
  readonly requests: number;
  readonly seconds: number;
}

/** Clients remembered; of more, those that were longest away start again with a full bucket. */
const MOST_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  /** Milliseconds on `now`'s clock. */
  filled: number;
}

/**
 * A token bucket for each client: as many requests at once as the rate names, then as they trickle in.
 * A window that restarts each second would let twice as many pass around its edge.
 */
export class RateLimit {
  readonly #rate: Rate;
  readonly #now: () => number;
  /** The one used last stands last. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /**
   * Takes one token.
   *
   * @returns the headers that tell the client what is left (draft-ietf-httpapi-ratelimit-headers-10)
   * @throws HttpError `RATE_LIMITED`
   */
  take(client: string): Record<string, string> {
    const { requests, seconds } = this.#rate;
    const bucket = this.#bucket(client);
    const perToken = seconds / requests;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens--;
    const headers = {
      'ratelimit-policy': `"default";q=${requests};w=${seconds}`,
      ratelimit: `"default";r=${Math.floor(bucket.tokens)};t=${Math.ceil((requests - bucket.tokens) * perToken)}`,
    };
    if (allowed) return headers;
    const wait = Math.max(1, Math.ceil((1 - bucket.tokens) * perToken));
    throw new HttpError(
      'RATE_LIMITED',
      `You may send ${requests} requests in ${seconds} s. Try again in ${wait} s.`,
      { headers: { ...headers, 'retry-after': String(wait) } },
    );
  }

  #bucket(client: string): Bucket {
    const { requests, seconds } = this.#rate;
    const now = this.#now();
    const known = this.#buckets.get(client);
    const bucket = known ?? { tokens: requests, filled: now };
    const earned = ((now - bucket.filled) / 1000) * (requests / seconds);
    bucket.tokens = Math.min(requests, bucket.tokens + earned);
    bucket.filled = now;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > MOST_CLIENTS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
