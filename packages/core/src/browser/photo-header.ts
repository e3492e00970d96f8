import { readGifHeader } from '../image/gif/header.js';
import { readJpegHeader } from '../image/jpeg/header.js';
import { readPngHeader } from '../image/png/header.js';
import { sniff } from '../image/sniff.js';
import type { ImageFormat, ImageHeader } from '../image/types.js';
import { readWebpHeader } from '../image/webp/header.js';

/*
 * Headers without decoders: those of the browser are used, and ours stay out of the bundle.
 */

const READERS: Readonly<Record<ImageFormat, (bytes: Uint8Array) => ImageHeader>> = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  webp: readWebpHeader,
  gif: readGifHeader,
};

/** A file's header where it is of a kind that we know and sound; the browser may read more. */
export function tryHeader(bytes: Uint8Array): ImageHeader | undefined {
  const { format } = sniff(bytes);
  if (!format) return undefined;
  try {
    return READERS[format](bytes);
  } catch {
    return undefined;
  }
}
