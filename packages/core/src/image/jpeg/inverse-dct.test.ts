import { describe, expect, it } from 'vitest';
import { seeded } from '../../../test/jpeg/random.js';
import { foldingOf, inverseDct, type Points } from './inverse-dct.js';

/** Sample n of a row of eight with coefficients S: T.81, A.3.3, in one dimension. */
function sampleAt(n: number, coefficients: readonly number[]): number {
  return coefficients.reduce(
    (sum, s, u) =>
      sum + (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * s * Math.cos(((2 * n + 1) * u * Math.PI) / 16),
    0,
  );
}

describe.each([1, 2, 4, 8] as const)('an inverse DCT of %i points', (points: Points) => {
  const random = seeded(points);
  const coefficients = Array.from({ length: 8 }, () => (random() - 0.5) * 200);
  const perPoint = 8 / points;
  const means = Array.from({ length: points }, (_, i) => {
    let sum = 0;
    for (let n = i * perPoint; n < (i + 1) * perPoint; n++) sum += sampleAt(n, coefficients);
    return sum / perPoint;
  });

  /** The coefficients folded to as many as there are points, laid out `step` apart. */
  function folded(step: number): Float64Array {
    const { target, weight } = foldingOf(points);
    const sums = new Float64Array(8 * step);
    coefficients.forEach((value, u) => {
      const at = (target[u] as number) * step;
      sums[at] = (sums[at] as number) + value * (weight[u] as number);
    });
    return sums;
  }

  it('gives the means of the samples that each point stands for, down a column', () => {
    const sums = folded(3);
    inverseDct[points].column(sums, 0, 3);
    means.forEach((mean, i) => {
      expect(sums[i * 3]).toBeCloseTo(mean, 10);
    });
  });

  it('and along a row', () => {
    const samples = new Float32Array(10);
    inverseDct[points].row(folded(1), 0, samples, 2);
    means.forEach((mean, i) => {
      expect(samples[i + 2]).toBeCloseTo(mean, 3);
    });
  });

  it('uses as many coefficients as have a part in the means', () => {
    const used = foldingOf(points).weight.filter((weight) => weight !== 0).length;
    expect(used).toBe({ 1: 1, 2: 5, 4: 7, 8: 8 }[points]);
  });
});
