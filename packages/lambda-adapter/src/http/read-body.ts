import type { BodyLease } from './body-budget.js';
import { otherEvents, SLICE } from './event-loop.js';
import { HttpError } from './problem.js';

export interface UploadRules {
  /** Bytes; no more are read. */
  readonly limit: number;
  /** What to throw when the body is longer than `limit`. */
  readonly tooLarge: () => Error;
  /** Counts the bytes against those of all requests. */
  readonly lease: BodyLease;
  /** Milliseconds that the body may take in all. */
  readonly timeout: number;
  /** Bytes a second that must have come on average, once the first seconds are over. */
  readonly leastRate: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** Milliseconds in which any rate will do: a connection starts slowly. */
const PATIENCE = 5_000;
const CHECK_EVERY = 250;

/**
 * A request's body, whole, counted while it is read.
 *
 * @throws HttpError `BAD_REQUEST`, `REQUEST_TIMEOUT`, `OVERLOADED`, whatever `tooLarge` gives, and the
 *   signal's reason
 */
export async function readBody(request: Request, rules: UploadRules): Promise<Uint8Array> {
  const { limit, tooLarge, lease, signal } = rules;
  if (Number(request.headers.get('content-length')) > limit) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const slow = new AbortController();
  const stop = AbortSignal.any([signal, slow.signal]);
  const cancel = () => void reader.cancel(stop.reason).catch(() => undefined);
  stop.addEventListener('abort', cancel, { once: true });
  const started = performance.now();
  const timer = setInterval(() => {
    const why = tooSlow(performance.now() - started, size, rules);
    if (why) slow.abort(why);
  }, CHECK_EVERY);
  timer.unref();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > limit) throw tooLarge();
      lease.grow(next.value.length);
      chunks.push(next.value);
    }
  } catch (cause) {
    cancel();
    stop.throwIfAborted();
    if (cause instanceof HttpError) throw cause;
    throw new HttpError('BAD_REQUEST', 'The body ended before it was complete.', { cause });
  } finally {
    clearInterval(timer);
    stop.removeEventListener('abort', cancel);
  }
  stop.throwIfAborted();
  return chunks.length === 1 && chunks[0] ? chunks[0] : joined(chunks, size);
}

/** One after the other, so that copying a large body holds nobody up. */
async function joined(chunks: Uint8Array[], size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  let pause = SLICE;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
    if (at < pause) continue;
    pause = at + SLICE;
    await otherEvents();
  }
  return bytes;
}

function tooSlow(
  elapsed: number,
  size: number,
  { timeout, leastRate }: UploadRules,
): HttpError | undefined {
  const late = elapsed > timeout;
  const least = ((elapsed - PATIENCE) / 1000) * leastRate;
  if (!late && size >= least) return undefined;
  const expected = late ? `within ${timeout / 1000} s` : `at ${leastRate} bytes a second or more`;
  return new HttpError(
    'REQUEST_TIMEOUT',
    `The body came too slowly: ${size} bytes in ${(elapsed / 1000).toFixed(1)} s. It must come whole ${expected}.`,
    { headers: { connection: 'close' } },
  );
}
