import type { Samples } from './inverse-dct.js';

/**
 * The inverse DCT of a whole block, 8 × 8 samples, in whole numbers: C. Loeffler, A. Ligtenberg,
 * G. Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications" (ICASSP 1989).
 *
 * T.81 leaves it to decoders how exactly they transform, and they differ by a level in one of ten
 * pixels. libjpeg's way of rounding (its `islow`: factors of 13 bits, two more bits kept between the
 * passes) is that of browsers, Pillow and libvips; done alike, a photo has the pixels here that it has
 * everywhere.
 */

/** Bits after the point of the factors. */
const FACTOR_BITS = 13;
/** Bits after the point that are kept from columns to rows. */
const KEPT_BITS = 2;
/** Columns, and then rows, come out 8 times too large in all. */
const SCALE_BITS = 3;

const COLUMN_SHIFT = FACTOR_BITS - KEPT_BITS;
const ROW_SHIFT = FACTOR_BITS + KEPT_BITS + SCALE_BITS;
const FLAT_SHIFT = KEPT_BITS + SCALE_BITS;

/** Half the range of 8-bit samples, by which they are shifted before coding (T.81, A.3.1). */
export const LEVEL_SHIFT = 128;

const fixed = (factor: number) => Math.round(factor * (1 << FACTOR_BITS));
const cosine = (n: number) => Math.SQRT2 * Math.cos((n * Math.PI) / 16);

// √2·cos(nπ/16) of the figure in the paper, as sums and differences that rotations share.
const C6 = fixed(cosine(6));
const C2_LESS_C6 = fixed(cosine(2) - cosine(6));
const C2_PLUS_C6 = fixed(cosine(2) + cosine(6));
const C3 = fixed(cosine(3));
const C3_LESS_C5 = fixed(cosine(3) - cosine(5));
const C3_PLUS_C5 = fixed(cosine(3) + cosine(5));
const C3_LESS_C7 = fixed(cosine(3) - cosine(7));
const C3_PLUS_C1 = fixed(cosine(3) + cosine(1));
const ONLY_7 = fixed(-cosine(1) + cosine(3) + cosine(5) - cosine(7));
const ONLY_5 = fixed(cosine(1) + cosine(3) - cosine(5) + cosine(7));
const ONLY_3 = fixed(cosine(1) + cosine(3) + cosine(5) - cosine(7));
const ONLY_1 = fixed(cosine(1) + cosine(3) - cosine(5) - cosine(7));

/** Eight values that lie `step` apart, transformed in place and divided by 2^shift. */
function transform(x: Int32Array, at: number, step: number, shift: number): void {
  const half = 1 << (shift - 1);
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const x1 = x[i1];
  const x2 = x[i2];
  const x3 = x[i3];
  const x5 = x[i5];
  const x6 = x[i6];
  const x7 = x[i7];

  const turned = Math.imul(x2 + x6, C6);
  const even2 = turned - Math.imul(x6, C2_PLUS_C6);
  const even3 = turned + Math.imul(x2, C2_LESS_C6);
  const even0 = (x[at] + x[i4]) << FACTOR_BITS;
  const even1 = (x[at] - x[i4]) << FACTOR_BITS;
  const outer = even0 + even3 + half;
  const inner = even1 + even2 + half;
  const innerBack = even1 - even2 + half;
  const outerBack = even0 - even3 + half;

  const both = Math.imul(x1 + x3 + x5 + x7, C3);
  const sum17 = -Math.imul(x1 + x7, C3_LESS_C7);
  const sum35 = -Math.imul(x3 + x5, C3_PLUS_C1);
  const sum37 = both - Math.imul(x3 + x7, C3_PLUS_C5);
  const sum15 = both - Math.imul(x1 + x5, C3_LESS_C5);
  const odd0 = Math.imul(x1, ONLY_1) + sum17 + sum15;
  const odd1 = Math.imul(x3, ONLY_3) + sum35 + sum37;
  const odd2 = Math.imul(x5, ONLY_5) + sum35 + sum15;
  const odd3 = Math.imul(x7, ONLY_7) + sum17 + sum37;

  x[at] = (outer + odd0) >> shift;
  x[i7] = (outer - odd0) >> shift;
  x[i1] = (inner + odd1) >> shift;
  x[i6] = (inner - odd1) >> shift;
  x[i2] = (innerBack + odd2) >> shift;
  x[i5] = (innerBack - odd2) >> shift;
  x[i3] = (outerBack + odd3) >> shift;
  x[i4] = (outerBack - odd3) >> shift;
}

const block = new Int32Array(64);

/**
 * Writes 8 × 8 samples from dequantised coefficients, row by row, all of those past the first `columns`
 * of each row being 0.
 */
export function writeWholeBlock(
  coefficients: Float64Array,
  columns: number,
  samples: Samples,
  to: number,
  stride: number,
): void {
  for (let i = 0; i < 64; i++) block[i] = coefficients[i];
  for (let x = 0; x < columns; x++) transform(block, x, 8, COLUMN_SHIFT);
  for (let y = 0, from = 0, at = to; y < 8; y++, from += 8, at += stride) {
    transform(block, from, 1, ROW_SHIFT);
    for (let x = 0; x < 8; x++) samples[at + x] = block[from + x] + LEVEL_SHIFT;
  }
}

/** The level of a block that has nothing but a DC term, dequantised. */
export function flatLevel(dc: number): number {
  return (((dc << KEPT_BITS) + (1 << (FLAT_SHIFT - 1))) >> FLAT_SHIFT) + LEVEL_SHIFT;
}
