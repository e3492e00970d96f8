import { readGifHeader } from './gif/header.js';
import { readJpegHeader } from './jpeg/header.js';
import { readPngHeader } from './png/header.js';
import type { ImageFormat, ImageHeader } from './types.js';
import { readWebpHeader } from './webp/header.js';

/**
 * The header reader of each format. They are separate from the decoders, so that a page that
 * lets the browser decode bundles none of ours.
 */
export const HEADER_READERS: Readonly<Record<ImageFormat, (bytes: Uint8Array) => ImageHeader>> = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  webp: readWebpHeader,
  gif: readGifHeader,
};
