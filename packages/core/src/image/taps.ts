import type { Filter } from './filters.js';

/** Which source positions each result position sums, and with what weights. */
export interface Taps<Weights = Float64Array> {
  /** First source position of each result position; never falls. */
  readonly first: Int32Array;
  /** Source positions that each result position sums; all of them exist. */
  readonly count: number;
  /** `count` weights a result position, with a sum of 1. */
  readonly weights: Weights;
}

/** `precompute_coeffs` of Pillow's Resample.c. */
export function taps(
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
  const inverse = 1 / filterScale;
  // Room for the filter wherever it lies.
  const count = Math.min(Math.floor(2 * support) + 1, sourceLength);
  const first = new Int32Array(wanted);
  const weights = new Float64Array(wanted * count);
  for (let i = 0; i < wanted; i++) {
    const centre = boxStart + (wantedStart + i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const to = Math.min(sourceLength, Math.trunc(centre + support + 0.5));
    // Weights of 0 fill up to `count`, before the others where nothing is left after them.
    const start = Math.min(from, sourceLength - count);
    first[i] = start;
    const own = weights.subarray(i * count + from - start, i * count + to - start);
    let sum = 0;
    for (let j = 0; j < own.length; j++) {
      const weight = filter.weight((j + from - centre + 0.5) * inverse);
      own[j] = weight;
      sum += weight;
    }
    if (sum !== 0) for (let j = 0; j < own.length; j++) own[j] = own[j] / sum;
  }
  return { first, count, weights };
}
