import type { DecodedPixels, DecodeRequest } from '../types.js';
import { decodeWithLibwebp } from './codec.js';
import { decodeWebpWith, type WebpCodec } from './decode-with.js';

export { setWebpWasm, type WebpWasm } from './codec.js';

const LIBWEBP: WebpCodec = {
  // For larger ones libwebp needs 250 MB and more.
  mostLosslessPixels: 16e6,
  async decode(file) {
    const pixels = await decodeWithLibwebp(file);
    if (!pixels) return undefined;
    const { data, width, height } = pixels;
    return { width, height, row: (y) => data.subarray(y * width * 4, (y + 1) * width * 4) };
  },
};

/**
 * Decodes a WebP with libwebp.
 *
 * libwebp decodes the whole picture before it is averaged down: about 14 to 20 bytes a pixel while it
 * runs were measured, 33 for a lossless file; lossless ones of more than 16 megapixels are decoded row by row
 * instead.
 *
 * @throws CaptionError `DECODE_FAILED`
 */
export function decodeWebp(bytes: Uint8Array, request?: DecodeRequest): Promise<DecodedPixels> {
  return decodeWebpWith(LIBWEBP, bytes, request);
}
