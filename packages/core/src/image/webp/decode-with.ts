import { CaptionError } from '../../errors.js';
import { refuseFragment } from '../limits.js';
import { onWhite } from '../raw.js';
import { factorsFor, RowSink } from '../row-sink.js';
import type { DecodedPixels, DecodeRequest, Size } from '../types.js';
import { losslessSize, notDecodable, readWebp, type WebpHeader } from './header.js';
import { repaired, riffChunks, stillOf } from './riff.js';

/** A decoded picture, row by row. */
export interface WebpPicture extends Size {
  /** RGBA with straight alpha of row y; asked for once each, from top to bottom. */
  row(y: number): Uint8ClampedArray;
  /** Called once all rows were read. */
  readonly close?: () => void;
}

/** What decodes a whole still file. */
export interface WebpCodec {
  /** Nothing where it finds the data damaged or cut short. */
  decode(file: Uint8Array): Promise<WebpPicture | undefined>;
  /** Lossless pictures of more pixels than this are decoded row by row, by code of ours. */
  readonly mostLosslessPixels: number;
}

/**
 * Decodes a WebP: lossy, lossless, with alpha (laid on white); of an animation its first picture. A file
 * that is cut short gives what came before and a warning.
 *
 * @throws CaptionError `DECODE_FAILED`
 */
export async function decodeWebpWith(
  codec: WebpCodec,
  bytes: Uint8Array,
  request: DecodeRequest = {},
): Promise<DecodedPixels> {
  const header = readWebp(bytes);
  const { firstFrame } = header;
  const still = firstFrame ? stillOf(firstFrame.chunks, firstFrame) : bytes;
  const expected: Size = firstFrame ?? header;
  const lossless = [...riffChunks(still, 12)].find(({ type }) => type === 'VP8L');
  if (lossless && expected.width * expected.height > codec.mostLosslessPixels) {
    return decodeLossless(lossless.data, expected, header, request);
  }
  const { file, missing } = repaired(still);
  const picture = await codec.decode(file);
  // Other codecs give a lossless picture whole or not at all.
  if (!picture && lossless) return decodeLossless(lossless.data, expected, header, request);
  if (!picture) throw notDecodable('its data are damaged or end early');
  try {
    if (picture.width !== expected.width || picture.height !== expected.height) {
      throw notDecodable(OTHER_SIZE);
    }
    const copyRow = header.isOpaque ? dropAlpha : layOnWhite;
    const rowInto = (y: number, rgb: Uint8Array, to: number, count: number) => {
      copyRow(picture.row(y), rgb, to, count);
      return true;
    };
    const warnings =
      missing > 0
        ? [`The WebP ends early: ${Math.ceil(missing * 100)} % of its data are missing.`]
        : [];
    return { ...layOnCanvas(rowInto, picture, header, request), warnings };
  } finally {
    picture.close?.();
  }
}

const OTHER_SIZE = 'its data have another size than its header says';

async function decodeLossless(
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
  let done = 0;
  let fault: unknown;
  const rowInto = (_: number, rgb: Uint8Array, to: number, count: number) => {
    if (fault) return false;
    try {
      const { value } = rows.next();
      if (!value) throw notDecodable('its data end early');
      argbToRgba(value, rgba);
    } catch (error) {
      if (!(error instanceof CaptionError)) throw error;
      fault = error;
      return false;
    }
    copyRow(rgba, rgb, to, count);
    done++;
    return true;
  };
  const image = layOnCanvas(rowInto, expected, header, request);
  if (!fault) return { ...image, warnings: [] };
  if (done === 0) throw fault;
  const missing = 1 - done / expected.height;
  refuseFragment('WebP', missing);
  const percent = Math.ceil(missing * 100);
  const warning = `The WebP ends early or is damaged: the lower ${percent} % of it is grey.`;
  return { ...image, warnings: [warning] };
}

/**
 * Writes the first `count` pixels of the picture's row y as RGB; called once for each row, in order.
 * False where there is none.
 */
type RowInto = (y: number, rgb: Uint8Array, to: number, count: number) => boolean;

function layOnCanvas(rowInto: RowInto, picture: Size, header: WebpHeader, request: DecodeRequest) {
  const { left, top } = header.firstFrame ?? { left: 0, top: 0 };
  const size = { width: header.width, height: header.height };
  const sink = new RowSink(size, factorsFor(size, request.atLeast));
  const row = new Uint8Array(size.width * 3).fill(255);
  const columns = Math.min(picture.width, size.width - left);
  for (let y = 0; y < size.height; y++) {
    const isInFrame = y >= top && y < top + picture.height;
    if (!isInFrame) row.fill(255);
    if (!isInFrame || rowInto(y - top, row, left * 3, columns)) sink.add(y, row);
  }
  return sink.finish();
}

function argbToRgba(argb: Int32Array, rgba: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < rgba.length; x++, to += 4) {
    const pixel = argb[x];
    rgba[to] = (pixel >> 16) & 255;
    rgba[to + 1] = (pixel >> 8) & 255;
    rgba[to + 2] = pixel & 255;
    rgba[to + 3] = pixel >>> 24;
  }
}

function dropAlpha(rgba: Uint8ClampedArray, rgb: Uint8Array, toStart: number, count: number): void {
  for (let i = 0, from = 0, to = toStart; i < count; i++, from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
}

function layOnWhite(
  rgba: Uint8ClampedArray,
  rgb: Uint8Array,
  toStart: number,
  count: number,
): void {
  for (let i = 0, from = 0, to = toStart; i < count; i++, from += 4, to += 3) {
    const alpha = rgba[from + 3];
    if (alpha === 255) {
      rgb[to] = rgba[from];
      rgb[to + 1] = rgba[from + 1];
      rgb[to + 2] = rgba[from + 2];
    } else {
      rgb[to] = onWhite(rgba[from], alpha);
      rgb[to + 1] = onWhite(rgba[from + 1], alpha);
      rgb[to + 2] = onWhite(rgba[from + 2], alpha);
    }
  }
}
