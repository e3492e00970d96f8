import { CaptionError } from '../../errors.js';
import { dataUrlBytes } from '../../input/data-url.js';
import { DEFAULT_MAX_BYTES } from '../../limits.js';
import { readPhoto } from '../../node/files.js';
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
      return dataUrlBytes(located.url, maxBytes);
    case 'remote':
      if (!download)
        throw new CaptionError('NETWORK_FAILED', 'Images on other servers are not downloaded.');
      return download(new URL(located.url));
    case 'none':
      throw new CaptionError('FILE_NOT_FOUND', located.reason);
  }
}
