import type { Taps } from './taps.js';

/** The horizontal pass over rows of `stride` averages; every row of the result has three a tap. */
export function meansAcross(
  source: Float32Array,
  stride: number,
  { first, count, weights }: Taps,
): Float32Array {
  const result = new Float32Array((source.length / stride) * first.length * 3);
  for (let row = 0, to = 0; row < source.length; row += stride) {
    for (let x = 0, tap = 0; x < first.length; x++, to += 3) {
      let at = row + first[x] * 3;
      let r = 0;
      let g = 0;
      let b = 0;
      for (const end = tap + count; tap < end; tap++, at += 3) {
        const weight = weights[tap];
        r += source[at] * weight;
        g += source[at + 1] * weight;
        b += source[at + 2] * weight;
      }
      result[to] = r;
      result[to + 1] = g;
      result[to + 2] = b;
    }
  }
  return result;
}

/** The vertical pass; the first row of `source` is row `firstRow` of what the taps count. */
export function meansDown(
  source: Float32Array,
  stride: number,
  { first, count, weights }: Taps,
  firstRow: number,
): Float32Array {
  const result = new Float32Array(first.length * stride);
  const sums = new Float64Array(stride);
  for (let y = 0; y < first.length; y++) {
    let at = (first[y] - firstRow) * stride;
    sums.fill(0);
    for (let tap = y * count; tap < (y + 1) * count; tap++) {
      const weight = weights[tap];
      for (let i = 0; i < stride; i++, at++) {
        sums[i] += source[at] * weight;
      }
    }
    result.set(sums, y * stride);
  }
  return result;
}
