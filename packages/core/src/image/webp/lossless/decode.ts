import type { Size } from '../../types.js';
import { BitReader } from './codes.js';
import { pixelRows } from './pixels.js';
import { readTransforms } from './transforms.js';

/** The signature, both sides, the alpha hint and the version: 40 bits. */
const HEADER_BYTES = 5;

/**
 * The rows of a lossless WebP picture (RFC 9649, section 3), as ARGB. Slower than libwebp, which holds the
 * whole picture twice; for those that are too large for that.
 *
 * @param data of the VP8L chunk
 * @returns rows; each may be overwritten by the next
 * @throws CaptionError `DECODE_FAILED` from the iterator
 */
export function* losslessRows(
  data: Uint8Array,
  { width, height }: Size,
): Generator<Int32Array, void, void> {
  const bits = new BitReader(data, HEADER_BYTES);
  const { undo, codedWidth } = readTransforms(bits, width, height);
  let y = 0;
  for (let row of pixelRows(bits, codedWidth, height, true)) {
    for (const transform of undo) row = transform(row, y);
    y++;
    yield row;
  }
}
