import { CaptionError } from '../../errors.js';
import { refuseTooManyBytes } from '../../input/memory.js';
import { readPhoto } from '../../node/files.js';
import { DEFAULT_MAX_BYTES } from '../../options.js';
import type { Located } from './locate.js';

export interface ReadOptions {
  /** Largest file. Default 32 MiB. */
  readonly maxBytes?: number;
  /** Gets an image from another server; images there are left out without it. */
  readonly download?: (url: URL) => Promise<Uint8Array>;
}

/** @throws CaptionError why there are no bytes */
export async function readImage(
  located: Located,
  { maxBytes = DEFAULT_MAX_BYTES, download }: ReadOptions,
): Promise<Uint8Array> {
  switch (located.type) {
    case 'file':
      return readPhoto(located.path, maxBytes);
    case 'data':
      return dataOf(located.url, maxBytes);
    case 'remote':
      if (!download)
        throw new CaptionError('NETWORK_FAILED', 'Images elsewhere are not asked for.');
      return download(new URL(located.url));
    case 'none':
      throw new CaptionError('FILE_NOT_FOUND', located.reason);
  }
}

/** The bytes of a `data:` URL, by the rules of the Fetch standard. */
async function dataOf(url: string, maxBytes: number): Promise<Uint8Array> {
  // A character of base64 is six bits, so that this many cannot be too few.
  refuseTooManyBytes(Math.floor((url.length * 6) / 8) - url.indexOf(','), maxBytes);
  try {
    return new Uint8Array(await (await fetch(url)).arrayBuffer());
  } catch (cause) {
    throw new CaptionError('INVALID_INPUT', 'The data URL is not a valid one.', { cause });
  }
}
