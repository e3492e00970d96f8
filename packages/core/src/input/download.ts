import { abortError, linkedController } from '../abort.js';
import { CaptionError } from '../errors.js';
import { type ByteStream, readStream } from './stream.js';

/** What is used of `fetch`: give one of your own to choose which addresses are asked, and how. */
export type FetchPhoto = (
  url: URL,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>;

export interface DownloadLimits {
  readonly maxBytes: number;
  /** Milliseconds for the download as a whole. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A photo's bytes from an `http(s)` address; redirects are followed as `fetch` does (at most 20).
 *
 * @throws CaptionError `FILE_NOT_FOUND` (404, 410), `IMAGE_TOO_LARGE`, `NETWORK_FAILED`, `ABORTED`
 */
export async function downloadPhoto(
  url: URL,
  fetchPhoto: FetchPhoto,
  { maxBytes, timeout, signal }: DownloadLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const { controller, unlink } = linkedController(signal);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, timeout);
  try {
    // fetch refuses addresses with credentials, so they are sent as a header.
    const { target, headers } = withoutCredentials(url);
    const response = await fetchPhoto(target, { headers, signal: controller.signal });
    return await responseBytes(response, maxBytes, controller.signal);
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    if (isLate) {
      throw new CaptionError(
        'NETWORK_FAILED',
        `The download took longer than ${timeout / 1000} s, the limit set by the option "fetchTimeout".`,
        { cause },
      );
    }
    if (cause instanceof CaptionError) throw cause;
    throw new CaptionError('NETWORK_FAILED', `The download failed: ${reason(cause)}.`, { cause });
  } finally {
    clearTimeout(timer);
    unlink();
  }
}

/** What a `Response` has, or a `Request` with a body, of whichever realm or package. */
export type BodyHolder = Pick<Response, 'body' | 'bodyUsed' | 'arrayBuffer' | 'headers'> & {
  readonly status?: number;
  readonly statusText?: string;
  readonly ok?: boolean;
};

export function hasBody(input: unknown): input is BodyHolder {
  return (
    typeof input === 'object' &&
    input !== null &&
    'body' in input &&
    'bodyUsed' in input &&
    'headers' in input
  );
}

/**
 * A photo's bytes from an answer to `fetch`, or from a request that carries one.
 *
 * @throws CaptionError `FILE_NOT_FOUND` (404, 410), `NETWORK_FAILED` for other failures and for no
 *   bytes at all, `IMAGE_TOO_LARGE`, `INVALID_INPUT` where the body was read already, `ABORTED`
 */
export async function responseBytes(
  response: BodyHolder,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { body, status = 200 } = response;
  const giveUp = (error: CaptionError): CaptionError => {
    if (body && !body.locked) void body.cancel?.().catch(() => undefined);
    return error;
  };
  if (status < 200 || status > 299) {
    const said = `${status} ${response.statusText ?? ''}`.trim();
    throw giveUp(
      status === 404 || status === 410
        ? new CaptionError('FILE_NOT_FOUND', `There is no photo at this address (status ${said}).`)
        : new CaptionError('NETWORK_FAILED', `The server did not send the photo: status ${said}.`),
    );
  }
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (announced > maxBytes) {
    throw giveUp(
      new CaptionError(
        'IMAGE_TOO_LARGE',
        `The photo has ${announced} bytes; the option "maxBytes" allows ${maxBytes}. Send a smaller file or raise the limit.`,
      ),
    );
  }
  const what = 'The body of this answer';
  const stream = body ?? (emptyStream() as ByteStream);
  const bytes = await readStream(stream, { maxBytes, signal, what }).catch((error: unknown) => {
    const isBroken = error instanceof CaptionError && error.code === 'FILE_NOT_FOUND';
    throw isBroken
      ? new CaptionError('NETWORK_FAILED', error.message, { cause: error.cause })
      : error;
  });
  if (bytes.length === 0) {
    throw new CaptionError('NETWORK_FAILED', 'The server sent an empty response.');
  }
  return bytes;
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

function withoutCredentials(url: URL): { target: URL; headers: Record<string, string> } {
  const headers: Record<string, string> = { accept: 'image/*' };
  if (url.username === '' && url.password === '') return { target: url, headers };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const binary = String.fromCharCode(...new TextEncoder().encode(pair));
  headers.authorization = `Basic ${btoa(binary)}`;
  const target = new URL(url);
  target.username = '';
  target.password = '';
  return { target, headers };
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch says only "fetch failed"; what happened is one level down, and where several
  // addresses were tried it has a code but no message.
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  if (inner.message) return inner.message;
  return 'code' in inner ? String(inner.code) : inner.name;
}
