import { type DecodeOptions, type Decoders, decodeWith, SHARED_DECODERS } from './decode-with.js';
import type { DecodedImage } from './types.js';

export { type DecodeOptions, readHeader } from './decode-with.js';

const DECODERS: Decoders = {
  ...SHARED_DECODERS,
  webp: async (bytes, request) => (await import('./webp/decode.js')).decodeWebp(bytes, request),
};

/**
 * The pixels of a JPEG, PNG, WebP or GIF, as {@link decodeWith} gives them, with libwebp for WebP.
 *
 * @example
 * const photo = await decodeImage(bytes, {
 *   maxBytes: 32 * 2 ** 20, maxPixels: 100e6, orientation: true,
 *   minimumSize: () => ({ width: 224, height: 224 }),
 * });
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  return decodeWith(DECODERS, bytes, options);
}
