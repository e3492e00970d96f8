import { CaptionError } from '../index.js';
import { collect } from './collect.js';

export interface OpenLimits {
  readonly maxBytes: number;
  /** For a download, whole. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A photo's bytes from an `http(s)` address; redirects are followed as `fetch` does (at most 20).
 *
 * @throws CaptionError `FILE_NOT_FOUND` (404, 410), `IMAGE_TOO_LARGE`, `NETWORK_FAILED`, `ABORTED`
 */
export async function downloadPhoto(
  url: URL,
  { maxBytes, timeoutMs, signal }: OpenLimits,
): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    // Credentials in an address are no part of fetch's; it would refuse them with a riddle.
    const { target, headers } = withoutCredentials(url);
    const response = await fetch(target, { headers, signal: AbortSignal.any([signal, timeout]) });
    if (!response.ok) throw await refused(response);
    const announced = Number(response.headers.get('content-length') ?? 0);
    if (announced > maxBytes) {
      await response.body?.cancel();
      throw new CaptionError(
        'IMAGE_TOO_LARGE',
        `The server announces ${announced} bytes; ${maxBytes} are the most that is taken (--max-bytes).`,
      );
    }
    const bytes = await collect(response.body ?? emptyStream(), maxBytes, 'The download');
    if (bytes.length === 0) {
      throw new CaptionError('NETWORK_FAILED', 'The server sent an empty answer, no photo.');
    }
    return bytes;
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    if (signal.aborted) throw new CaptionError('ABORTED', 'Stopped while downloading.', { cause });
    if (timeout.aborted) {
      throw new CaptionError(
        'NETWORK_FAILED',
        `The download took longer than ${timeoutMs / 1000} s (--timeout).`,
        { cause },
      );
    }
    throw new CaptionError('NETWORK_FAILED', `The download failed: ${reason(cause)}.`, { cause });
  }
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

function withoutCredentials(url: URL): { target: URL; headers: Record<string, string> } {
  const headers: Record<string, string> = { accept: 'image/*' };
  if (url.username === '' && url.password === '') return { target: url, headers };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  const target = new URL(url);
  target.username = '';
  target.password = '';
  return { target, headers };
}

async function refused(response: Response): Promise<CaptionError> {
  await response.body?.cancel();
  const status = `${response.status} ${response.statusText}`.trim();
  if (response.status === 404 || response.status === 410) {
    return new CaptionError(
      'FILE_NOT_FOUND',
      `Nothing is at this address (the server says ${status}).`,
    );
  }
  return new CaptionError('NETWORK_FAILED', `The server refused: ${status}.`);
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch says only "fetch failed"; what happened is one level down, and where several
  // addresses were tried it has a code but no message.
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  if (inner.message) return inner.message;
  return 'code' in inner ? String(inner.code) : inner.name;
}
