import { onWhite } from '../raw.js';
import { factorsFor, RowSink } from '../row-sink.js';
import type { DecodedPixels, DecodeRequest, Size } from '../types.js';
import { decodeWithLibwebp, type WebpPixels } from './codec.js';
import { notDecodable, readWebp, type WebpHeader } from './header.js';
import { repaired, stillOf } from './riff.js';

export { setWebpWasm, type WebpWasm } from './codec.js';

/**
 * Decodes a WebP: lossy, lossless, with alpha (laid on white); of an animation its first picture.
 *
 * The whole picture is decoded before it is averaged down: about 14 to 20 bytes a pixel while it
 * runs were measured, 33 for a lossless file. A lossy file that is cut short gives what came before and a warning.
 *
 * @throws CaptionError `DECODE_FAILED`
 */
export async function decodeWebp(
  bytes: Uint8Array,
  request: DecodeRequest = {},
): Promise<DecodedPixels> {
  const header = readWebp(bytes);
  const { firstFrame } = header;
  const still = firstFrame ? stillOf(firstFrame.chunks, firstFrame) : bytes;
  const { file, missing } = repaired(still);
  const pixels = await decodeWithLibwebp(file);
  const expected: Size = firstFrame ?? header;
  if (!pixels) throw notDecodable('its data are damaged or end early');
  if (pixels.width !== expected.width || pixels.height !== expected.height) {
    throw notDecodable('its data have another size than its header says');
  }
  const warnings =
    missing > 0
      ? [`The WebP ends early: ${Math.ceil(missing * 100)} % of its data are missing.`]
      : [];
  return { ...layOnCanvas(pixels, header, request), warnings };
}

function layOnCanvas(pixels: WebpPixels, header: WebpHeader, request: DecodeRequest) {
  const { left, top } = header.firstFrame ?? { left: 0, top: 0 };
  const size = { width: header.width, height: header.height };
  const sink = new RowSink(size, factorsFor(size, request.atLeast));
  const row = new Uint8Array(size.width * 3).fill(255);
  const copyRow = header.isOpaque ? dropAlpha : layOnWhite;
  const columns = Math.min(pixels.width, size.width - left);
  for (let y = 0; y < size.height; y++) {
    const isInFrame = y >= top && y < top + pixels.height;
    if (isInFrame) copyRow(pixels.data, (y - top) * pixels.width * 4, row, left * 3, columns);
    else row.fill(255);
    sink.add(y, row);
  }
  return sink.finish();
}

function dropAlpha(
  rgba: Uint8ClampedArray,
  start: number,
  rgb: Uint8Array,
  toStart: number,
  count: number,
): void {
  for (let i = 0, from = start, to = toStart; i < count; i++, from += 4, to += 3) {
    rgb[to] = rgba[from] as number;
    rgb[to + 1] = rgba[from + 1] as number;
    rgb[to + 2] = rgba[from + 2] as number;
  }
}

function layOnWhite(
  rgba: Uint8ClampedArray,
  start: number,
  rgb: Uint8Array,
  toStart: number,
  count: number,
): void {
  for (let i = 0, from = start, to = toStart; i < count; i++, from += 4, to += 3) {
    const alpha = rgba[from + 3] as number;
    if (alpha === 255) {
      rgb[to] = rgba[from] as number;
      rgb[to + 1] = rgba[from + 1] as number;
      rgb[to + 2] = rgba[from + 2] as number;
    } else {
      rgb[to] = onWhite(rgba[from] as number, alpha);
      rgb[to + 1] = onWhite(rgba[from + 1] as number, alpha);
      rgb[to + 2] = onWhite(rgba[from + 2] as number, alpha);
    }
  }
}
