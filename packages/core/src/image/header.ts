import { readGifHeader } from './gif/header.js';
import { readJpegHeader } from './jpeg/header.js';
import { readPngHeader } from './png/header.js';
import type { ImageFormat, ImageHeader } from './types.js';
import { readWebpHeader } from './webp/header.js';

/**
 * Who reads the header of each kind of file. They stand apart from the decoders, so that a page that
 * lets the browser decode bundles none of ours.
 */
export const HEADER_READERS: Readonly<Record<ImageFormat, (bytes: Uint8Array) => ImageHeader>> = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  webp: readWebpHeader,
  gif: readGifHeader,
};
