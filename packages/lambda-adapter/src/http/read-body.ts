import { HttpError } from './problem.js';

/**
 * A request's body, whole, counted while it is read so that no more than `limit` bytes are held.
 *
 * @param tooLarge what to throw when the body is longer than `limit`
 * @param signal   stops the wait for a slow client
 */
export async function readBody(
  request: Request,
  limit: number,
  tooLarge: () => Error,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length')) > limit) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > limit) {
        stop();
        throw tooLarge();
      }
      chunks.push(next.value);
    }
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    signal.throwIfAborted();
    throw new HttpError('BAD_REQUEST', 'The body ended before it was complete.', { cause });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
}
