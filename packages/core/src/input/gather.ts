import { CaptionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { ImageInput } from '../types.js';
import { dataUrlBytes, isDataUrl } from './data-url.js';
import { downloadPhoto, hasBody, responseBytes } from './download.js';
import { excerpt } from './excerpt.js';
import { type ByteStream, readStream } from './stream.js';

type GatherOptions = Pick<ResolvedOptions, 'maxBytes' | 'fetch' | 'fetchTimeout' | 'signal'>;

/** An input that a stage further on can open at once, and pass to another thread. */
export interface GatheredInput {
  readonly input: ImageInput;
  /** True if the bytes were allocated here, so they may be transferred. */
  readonly isOurs: boolean;
}

/**
 * Reads what has to be waited for: streams, bodies of answers, `http(s)` addresses; and `data:` URLs
 * along with them. Everything else is given back as it is.
 *
 * @throws CaptionError `INVALID_INPUT`, `FILE_NOT_FOUND`, `NETWORK_FAILED`, `IMAGE_TOO_LARGE`, `ABORTED`
 */
export async function gather(input: ImageInput, options: GatherOptions): Promise<GatheredInput> {
  const bytes = await bytesToWaitFor(input, options);
  return bytes ? { input: bytes, isOurs: true } : { input, isOurs: false };
}

async function bytesToWaitFor(
  input: ImageInput,
  { maxBytes, fetch: allowed, fetchTimeout, signal }: GatherOptions,
): Promise<Uint8Array | undefined> {
  if (typeof input === 'string' || input instanceof URL) {
    const text = typeof input === 'string' ? input : input.href;
    if (isDataUrl(text)) return dataUrlBytes(text, maxBytes);
    if (!/^(https?:\/\/|blob:)/i.test(text)) return undefined;
    if (!allowed) {
      throw new CaptionError(
        'INVALID_INPUT',
        `${excerpt(text)} is a web address. To allow the download, set the option "fetch" to true or to a function that fetches it; or pass the photo's bytes.`,
      );
    }
    const fetchPhoto = allowed === true ? fetch : allowed;
    return downloadPhoto(parse(text), fetchPhoto, { maxBytes, timeout: fetchTimeout, signal });
  }
  if (typeof input !== 'object' || input === null) return undefined;
  if (hasBody(input)) return responseBytes(input, maxBytes, signal);
  if (isStream(input)) return readStream(input, { maxBytes, signal, what: 'The stream' });
  return undefined;
}

function isStream(input: object): input is ByteStream {
  return 'getReader' in input || Symbol.asyncIterator in input;
}

function parse(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new CaptionError('INVALID_INPUT', `${excerpt(text)} is not a valid address.`, { cause });
  }
}
