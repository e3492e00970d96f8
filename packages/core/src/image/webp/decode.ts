import { onWhite } from '../raw.js';
import { factorsFor, RowSink } from '../row-sink.js';
import type { DecodedPixels, DecodeRequest, Size } from '../types.js';
import { decodeWithLibwebp } from './codec.js';
import { losslessSize, notDecodable, readWebp, type WebpHeader } from './header.js';
import { repaired, riffChunks, stillOf } from './riff.js';

export { setWebpWasm, type WebpWasm } from './codec.js';

/**
 * Decodes a WebP: lossy, lossless, with alpha (laid on white); of an animation its first picture.
 *
 * libwebp decodes the whole picture before it is averaged down: about 14 to 20 bytes a pixel while it
 * runs were measured, 33 for a lossless file; lossless ones of more than 16 megapixels are decoded row by row
 * instead. A lossy file that is cut short gives what came before and a warning.
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
  const expected: Size = firstFrame ?? header;
  if (expected.width * expected.height > LARGE_PIXELS) {
    const lossless = [...riffChunks(still, 12)].find(({ type }) => type === 'VP8L');
    if (lossless) return decodeLargeLossless(lossless.data, expected, header, request);
  }
  const { file, missing } = repaired(still);
  const pixels = await decodeWithLibwebp(file);
  if (!pixels) throw notDecodable('its data are damaged or end early');
  if (pixels.width !== expected.width || pixels.height !== expected.height) {
    throw notDecodable(OTHER_SIZE);
  }
  const copyRow = header.isOpaque ? dropAlpha : layOnWhite;
  const rowInto = (y: number, rgb: Uint8Array, to: number, count: number) =>
    copyRow(pixels.data, y * pixels.width * 4, rgb, to, count);
  const warnings =
    missing > 0
      ? [`The WebP ends early: ${Math.ceil(missing * 100)} % of its data are missing.`]
      : [];
  return { ...layOnCanvas(rowInto, pixels, header, request), warnings };
}

/** For lossless pictures beyond this libwebp needs 250 MB and more; rows of ours come one by one. */
const LARGE_PIXELS = 16e6;

const OTHER_SIZE = 'its data have another size than its header says';

async function decodeLargeLossless(
  data: Uint8Array,
  expected: Size,
  header: WebpHeader,
  request: DecodeRequest,
): Promise<DecodedPixels> {
  const size = losslessSize(data);
  if (size?.width !== expected.width || size.height !== expected.height) {
    throw notDecodable(OTHER_SIZE);
  }
  const { losslessRows } = await import('./lossless/decode.js');
  const rows = losslessRows(data, expected);
  const rgba = new Uint8ClampedArray(expected.width * 4);
  const copyRow = header.isOpaque ? dropAlpha : layOnWhite;
  const rowInto = (_: number, rgb: Uint8Array, to: number, count: number) => {
    const { value } = rows.next();
    if (!value) throw notDecodable('its data end early');
    argbToRgba(value, rgba);
    copyRow(rgba, 0, rgb, to, count);
  };
  return { ...layOnCanvas(rowInto, expected, header, request), warnings: [] };
}

/** Writes the first `count` pixels of the picture's row y as RGB; called once for each row, in order. */
type RowInto = (y: number, rgb: Uint8Array, to: number, count: number) => void;

function layOnCanvas(rowInto: RowInto, picture: Size, header: WebpHeader, request: DecodeRequest) {
  const { left, top } = header.firstFrame ?? { left: 0, top: 0 };
  const size = { width: header.width, height: header.height };
  const sink = new RowSink(size, factorsFor(size, request.atLeast));
  const row = new Uint8Array(size.width * 3).fill(255);
  const columns = Math.min(picture.width, size.width - left);
  for (let y = 0; y < size.height; y++) {
    const isInFrame = y >= top && y < top + picture.height;
    if (isInFrame) rowInto(y - top, row, left * 3, columns);
    else row.fill(255);
    sink.add(y, row);
  }
  return sink.finish();
}

function argbToRgba(argb: Int32Array, rgba: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < rgba.length; x++, to += 4) {
    const pixel = argb[x] as number;
    rgba[to] = (pixel >> 16) & 255;
    rgba[to + 1] = (pixel >> 8) & 255;
    rgba[to + 2] = pixel & 255;
    rgba[to + 3] = pixel >>> 24;
  }
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
