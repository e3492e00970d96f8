import { FILTERS, type Resample } from './filters.js';
import { clampLevels, likeArray } from './levels.js';
import { resampleKernel } from './resample-kernel.js';
import { meansAcross, meansDown } from './resize-means.js';
import { type Taps, taps } from './taps.js';
import type { Levels, RgbImage, Size } from './types.js';

export type { Resample } from './filters.js';

/** A rectangle; its edges may lie between pixels. */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/**
 * How a filter's weights are rounded: to 22 bits as Pillow does, or to the 15 that torchvision has for
 * 8-bit pictures on processors with AVX2.
 */
export type Arithmetic = 'pillow' | 'torchvision';

export interface ResizeOptions {
  /** The part of the source that is stretched over the result. Default all of it. */
  readonly box?: Box;
  /** The part of the result that is wanted, in whole pixels. Default all of it. */
  readonly window?: Box;
  /** Default `'pillow'`. */
  readonly arithmetic?: Arithmetic;
}

/**
 * A picture resized as Pillow's `Image.resize(size, filter, box)` does it, to the bit: the filter's
 * support grows with the ratio when shrinking, so that every source pixel counts (no aliasing);
 * rows are resampled first, then columns, in 8.22 fixed-point, each rounded to 8 bits.
 *
 * With `window` only that part of the result is computed: resize and crop in one.
 *
 * Averages with fractions (see {@link Levels}) are resampled by the same weights and not rounded.
 *
 * @param size of the whole result, in pixels
 *
 * @example
 * resize(photo, { width: 224, height: 224 }, 'bicubic');
 */
export function resize<Data extends Levels>(
  image: RgbImage<Data>,
  size: Size,
  filter: Resample,
  options?: ResizeOptions,
): RgbImage<Data>;
export function resize(
  image: RgbImage<Levels>,
  size: Size,
  filter: Resample,
  options: ResizeOptions = {},
): RgbImage<Levels> {
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

  // Precision follows from the weights of the whole result, of whatever part of it is wanted.
  const bits = (length: number, start: number, stretched: number, result: number): number =>
    options.arithmetic === 'torchvision'
      ? torchPrecision(taps(kernel, length, start, stretched, result, 0, result).weights)
      : PRECISION;
  // Only the source rows that some wanted row of the result looks at go through the first pass.
  const firstRow = needsColumns ? (rows.first[0] ?? 0) : window.top;
  const lastRow = needsColumns ? (rows.first[height - 1] ?? 0) + rows.count : window.top + height;
  const squeezed = needsRows
    ? resampleRows(
        image,
        columns,
        width,
        [firstRow, lastRow],
        bits(image.width, box.left, box.width, size.width),
      )
    : cropRows(image, window.left, width, firstRow, lastRow);
  const data = needsColumns
    ? resampleColumns(
        squeezed,
        rows,
        width,
        firstRow,
        bits(image.height, box.top, box.height, size.height),
      )
    : squeezed;
  // Whole levels are clamped on the way; filters with negative weights go beyond.
  if (data instanceof Float32Array) clampLevels(data);
  return { width, height, data };
}

/** Weights in 1/2²². */
type FixedTaps = Taps<Int32Array>;

/** 32 bits less 8 for the sample and 2 for filters whose weights add up to more than 1 on the way. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** `normalize_coeffs_8bpc` of Pillow's Resample.c. @param bits of a weight after the point */
export function inFixedPoint({ first, count, weights }: Taps, bits = PRECISION): FixedTaps {
  // A loop: `Int32Array.from` with a function takes forty times as long.
  const fixed = new Int32Array(weights.length);
  for (let i = 0; i < fixed.length; i++) {
    const weight = weights[i] * (1 << bits);
    fixed[i] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5) << (PRECISION - bits);
  }
  return { first, count, weights: fixed };
}

/** Bits after the point so that the largest weight fits into 16 (`UpSampleKernel.cpp` of PyTorch). */
function torchPrecision(weights: Float64Array): number {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  let bits = 0;
  while (bits < PRECISION && Math.trunc(0.5 + largest * (1 << (bits + 1))) < 1 << 15) bits++;
  return bits;
}

/** The horizontal pass over source rows `firstRow` to `lastRow`. */
function resampleRows(
  image: RgbImage<Levels>,
  columns: Taps,
  width: number,
  [firstRow, lastRow]: readonly [number, number],
  bits: number,
): Levels {
  const stride = image.width * 3;
  const source = image.data.subarray(firstRow * stride, lastRow * stride);
  if (source instanceof Float32Array) return meansAcross(source, stride, columns);
  const result = new Uint8Array((lastRow - firstRow) * width * 3);
  const fixed = inFixedPoint(columns, bits);
  const kernel = resampleKernel();
  if (kernel) kernel.across(source, stride, fixed, result);
  else sumAcross(source, stride, fixed, result);
  return result;
}

/** What the kernel does, where there is none: ten times slower. */
export function sumAcross(
  source: Uint8Array,
  stride: number,
  columns: FixedTaps,
  result: Uint8Array,
): void {
  const { first, count, weights } = columns;
  for (let row = 0, to = 0; to < result.length; row += stride) {
    for (let x = 0, tap = 0; x < first.length; x++, to += 3) {
      let at = row + first[x] * 3;
      let r = HALF;
      let g = HALF;
      let b = HALF;
      for (const end = tap + count; tap < end; tap++, at += 3) {
        const weight = weights[tap];
        r = (r + Math.imul(source[at], weight)) | 0;
        g = (g + Math.imul(source[at + 1], weight)) | 0;
        b = (b + Math.imul(source[at + 2], weight)) | 0;
      }
      result[to] = clip8(r);
      result[to + 1] = clip8(g);
      result[to + 2] = clip8(b);
    }
  }
}

/** The vertical pass; `source` has rows of `width` pixels, the first being source row `firstRow`. */
function resampleColumns(
  source: Levels,
  rows: Taps,
  width: number,
  firstRow: number,
  bits: number,
): Levels {
  const stride = width * 3;
  if (source instanceof Float32Array) return meansDown(source, stride, rows, firstRow);
  const result = new Uint8Array(rows.first.length * stride);
  const fixed = inFixedPoint(rows, bits);
  const kernel = resampleKernel();
  if (kernel) kernel.down(source, stride, fixed, firstRow, result);
  else sumDown(source, stride, fixed, firstRow, result);
  return result;
}

/** What the kernel does, where there is none. */
export function sumDown(
  source: Uint8Array,
  stride: number,
  { first, count, weights }: FixedTaps,
  firstRow: number,
  result: Uint8Array,
): void {
  const sums = new Int32Array(stride);
  for (let y = 0; y < first.length; y++) {
    let at = (first[y] - firstRow) * stride;
    sums.fill(HALF);
    for (let tap = y * count; tap < (y + 1) * count; tap++) {
      const weight = weights[tap];
      for (let i = 0; i < stride; i++, at++) {
        sums[i] = (sums[i] + Math.imul(source[at], weight)) | 0;
      }
    }
    for (let i = 0; i < stride; i++) result[y * stride + i] = clip8(sums[i]);
  }
}

function clip8(sum: number): number {
  return Math.max(0, Math.min(255, sum >> PRECISION));
}

function cropRows(
  image: RgbImage<Levels>,
  left: number,
  width: number,
  firstRow: number,
  lastRow: number,
): Levels {
  const result = likeArray(image.data, (lastRow - firstRow) * width * 3);
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
function nearest(image: RgbImage<Levels>, size: Size, box: Box, window: Box): Levels {
  const columns = nearestPositions(box.left, box.width, size.width, window.left, window.width);
  const rows = nearestPositions(box.top, box.height, size.height, window.top, window.height);
  const result = likeArray(image.data, window.width * window.height * 3);
  let to = 0;
  for (const y of rows) {
    const row = Math.min(y, image.height - 1) * image.width;
    for (const x of columns) {
      const from = (row + Math.min(x, image.width - 1)) * 3;
      result[to] = image.data[from];
      result[to + 1] = image.data[from + 1];
      result[to + 2] = image.data[from + 2];
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
