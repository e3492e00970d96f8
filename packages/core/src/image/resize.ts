import { FILTERS, type Filter, type Resample } from './filters.js';
import type { RgbImage, Size } from './types.js';

export type { Resample } from './filters.js';

/** A rectangle; its edges may lie between pixels. */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

export interface ResizeOptions {
  /** The part of the source that is stretched over the result. Default all of it. */
  readonly box?: Box;
  /** The part of the result that is wanted, in whole pixels. Default all of it. */
  readonly window?: Box;
}

/**
 * A picture resized as Pillow's `Image.resize(size, filter, box)` does it, to the bit: the filter's
 * support grows with the ratio when shrinking, so that every source pixel counts (no aliasing);
 * rows are resampled first, then columns, in 8.22 fixed-point, each rounded to 8 bits.
 *
 * With `window` only that part of the result is computed: resize and crop in one.
 *
 * @param size of the whole result, in pixels
 *
 * @example
 * resize(photo, { width: 224, height: 224 }, 'bicubic');
 */
export function resize(
  image: RgbImage,
  size: Size,
  filter: Resample,
  options: ResizeOptions = {},
): RgbImage {
  const box = options.box ?? { left: 0, top: 0, width: image.width, height: image.height };
  const window = options.window ?? { left: 0, top: 0, width: size.width, height: size.height };
  const { width, height } = window;
  if (filter === 'nearest') {
    return { width, height, data: nearest(image, size, box, window) };
  }

  const kernel = FILTERS[filter];
  const needsRows = size.width !== image.width || box.left !== 0 || box.width !== image.width;
  const needsColumns = size.height !== image.height || box.top !== 0 || box.height !== image.height;
  const columns = taps(kernel, image.width, box.left, box.width, size.width, window.left, width);
  const rows = taps(kernel, image.height, box.top, box.height, size.height, window.top, height);

  // Only the source rows that some wanted row of the result looks at go through the first pass.
  const firstRow = needsColumns ? (rows.first[0] ?? 0) : window.top;
  const lastRow = needsColumns
    ? (rows.first[height - 1] ?? 0) + (rows.count[height - 1] ?? 0)
    : window.top + height;
  const squeezed = needsRows
    ? resampleRows(image, columns, width, firstRow, lastRow)
    : cropRows(image, window.left, width, firstRow, lastRow);
  const data = needsColumns ? resampleColumns(squeezed, rows, width, firstRow) : squeezed;
  return { width, height, data };
}

/** Which source positions each result position sums, and with what weights. */
interface Taps {
  /** First source position. */
  readonly first: Int32Array;
  /** Number of source positions. */
  readonly count: Int32Array;
  /** `stride` weights a result position, in 1/2²². */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** 32 bits less 8 for the sample and 2 for filters whose weights add up to more than 1 on the way. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow's Resample.c. */
function taps(
  filter: Filter,
  sourceLength: number,
  boxStart: number,
  boxLength: number,
  resultLength: number,
  wantedStart: number,
  wanted: number,
): Taps {
  const scale = boxLength / resultLength;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(wanted);
  const count = new Int32Array(wanted);
  const weights = new Int32Array(wanted * stride);
  const inverse = 1 / filterScale;
  const exact = new Float64Array(stride);
  for (let i = 0; i < wanted; i++) {
    const centre = boxStart + (wantedStart + i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const to = Math.min(sourceLength, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let j = 0; j < to - from; j++) {
      const weight = filter.weight((j + from - centre + 0.5) * inverse);
      exact[j] = weight;
      sum += weight;
    }
    for (let j = 0; j < to - from; j++) {
      const weight = ((exact[j] as number) / (sum === 0 ? 1 : sum)) * (1 << PRECISION);
      weights[i * stride + j] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    first[i] = from;
    count[i] = to - from;
  }
  return { first, count, weights, stride };
}

/** The horizontal pass over source rows `firstRow` to `lastRow`. */
function resampleRows(
  image: RgbImage,
  taps: Taps,
  width: number,
  firstRow: number,
  lastRow: number,
): Uint8Array {
  const { data } = image;
  const { first, count, weights, stride } = taps;
  const result = new Uint8Array((lastRow - firstRow) * width * 3);
  let to = 0;
  for (let y = firstRow; y < lastRow; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < width; x++, to += 3) {
      let at = row + (first[x] as number) * 3;
      let r = HALF;
      let g = HALF;
      let b = HALF;
      const tapsFrom = x * stride;
      const tapsTo = tapsFrom + (count[x] as number);
      for (let k = tapsFrom; k < tapsTo; k++, at += 3) {
        const weight = weights[k] as number;
        r = (r + Math.imul(data[at] as number, weight)) | 0;
        g = (g + Math.imul(data[at + 1] as number, weight)) | 0;
        b = (b + Math.imul(data[at + 2] as number, weight)) | 0;
      }
      result[to] = clip8(r);
      result[to + 1] = clip8(g);
      result[to + 2] = clip8(b);
    }
  }
  return result;
}

/** The vertical pass; `source` has rows of `width` pixels, the first being source row `firstRow`. */
function resampleColumns(
  source: Uint8Array,
  taps: Taps,
  width: number,
  firstRow: number,
): Uint8Array {
  const { first, count, weights, stride } = taps;
  const height = first.length;
  const rowBytes = width * 3;
  const result = new Uint8Array(height * rowBytes);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let j = 0; j < (count[y] as number); j++) {
      const weight = weights[y * stride + j] as number;
      let from = ((first[y] as number) - firstRow + j) * rowBytes;
      for (let i = 0; i < rowBytes; i++, from++) {
        sums[i] = ((sums[i] as number) + Math.imul(source[from] as number, weight)) | 0;
      }
    }
    const to = y * rowBytes;
    for (let i = 0; i < rowBytes; i++) result[to + i] = clip8(sums[i] as number);
  }
  return result;
}

function clip8(sum: number): number {
  return Math.max(0, Math.min(255, sum >> PRECISION));
}

function cropRows(
  image: RgbImage,
  left: number,
  width: number,
  firstRow: number,
  lastRow: number,
): Uint8Array {
  const result = new Uint8Array((lastRow - firstRow) * width * 3);
  for (let y = firstRow; y < lastRow; y++) {
    const from = (y * image.width + left) * 3;
    result.set(image.data.subarray(from, from + width * 3), (y - firstRow) * width * 3);
  }
  return result;
}

/**
 * Each result pixel is the source pixel that its centre falls on. Positions are added up step by
 * step, as `ImagingScaleAffine` of Pillow's Geometry.c does, to round at the same places.
 */
function nearest(image: RgbImage, size: Size, box: Box, window: Box): Uint8Array {
  const columns = nearestPositions(box.left, box.width, size.width, window.left, window.width);
  const rows = nearestPositions(box.top, box.height, size.height, window.top, window.height);
  const result = new Uint8Array(window.width * window.height * 3);
  let to = 0;
  for (const y of rows) {
    const row = Math.min(y, image.height - 1) * image.width;
    for (const x of columns) {
      const from = (row + Math.min(x, image.width - 1)) * 3;
      result[to] = image.data[from] as number;
      result[to + 1] = image.data[from + 1] as number;
      result[to + 2] = image.data[from + 2] as number;
      to += 3;
    }
  }
  return result;
}

function nearestPositions(
  boxStart: number,
  boxLength: number,
  resultLength: number,
  wantedStart: number,
  wanted: number,
): Int32Array {
  const scale = boxLength / resultLength;
  const positions = new Int32Array(wanted);
  let at = boxStart + scale * 0.5;
  for (let i = 0; i < wantedStart + wanted; i++, at += scale) {
    if (i >= wantedStart) positions[i - wantedStart] = Math.trunc(at);
  }
  return positions;
}
