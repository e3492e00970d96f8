import { describe, expect, it } from 'vitest';
import { type Random, seeded, whole } from '../../../test/jpeg/random.js';
import { flatLevel, writeWholeBlock } from './whole-block.js';

/** The factors of T.81, A.3.3, in one dimension: sample n takes so much of coefficient u. */
const BASIS = Float64Array.from({ length: 64 }, (_, i) => {
  const [n, u] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * n + 1) * u * Math.PI) / 16);
});
const basis = (n: number, u: number) => BASIS[n * 8 + u] as number;

/** 64 sums over the 64 values of a block, each weighted by where it goes and where it comes from. */
function transformed(
  values: ArrayLike<number>,
  weight: (toX: number, toY: number, x: number, y: number) => number,
): number[] {
  return Array.from({ length: 64 }, (_, to) =>
    Array.from(values).reduce(
      (sum, value, from) => sum + value * weight(to & 7, to >> 3, from & 7, from >> 3),
      0,
    ),
  );
}

/** Samples before coding, and the level by which they were shifted added: A.3.3 and A.3.1. */
const exactSamples = (coefficients: ArrayLike<number>) =>
  transformed(coefficients, (x, y, u, v) => basis(x, u) * basis(y, v)).map((value) => value + 128);

/** Coefficients as a file has them, of samples about 128, in whole steps. */
function coefficientsOf(samples: readonly number[], step: number): Float64Array {
  const shifted = samples.map((sample) => sample - 128);
  const exact = transformed(shifted, (u, v, x, y) => basis(x, u) * basis(y, v));
  return Float64Array.from(exact, (value) => Math.round(value / step) * step);
}

/** Samples that are not cut off at 0 and 255. */
function written(coefficients: Float64Array, columns = 8): Float32Array {
  const samples = new Float32Array(64);
  writeWholeBlock(coefficients, columns, samples, 0, 8);
  return samples;
}

function randomSamples(random: Random, low: number, high: number): number[] {
  return Array.from({ length: 64 }, () => whole(random, low, high));
}

describe('a whole block', () => {
  it.each([
    ['any levels', [0, 255], 1],
    ['any levels, in coarse steps', [0, 255], 40],
    ['levels that differ little', [123, 133], 1],
    ['levels far beyond those that can be shown', [-1000, 1255], 1],
  ] as const)('of %s is the inverse DCT, within rounding', (_, [low, high], step) => {
    const random = seeded(17);
    const differences = Array.from({ length: 200 }, () => {
      const coefficients = coefficientsOf(randomSamples(random, low, high), step);
      const exact = exactSamples(coefficients);
      const samples = Array.from(written(coefficients));
      expect(samples.every(Number.isInteger)).toBe(true);
      return samples.map((sample, i) => sample - (exact[i] as number));
    }).flat();
    // Half a level by rounding the samples, and what columns and factors were rounded by before.
    expect(Math.max(...differences.map(Math.abs))).toBeLessThan(0.7);
    // On the whole neither lighter nor darker.
    const mean = differences.reduce((sum, difference) => sum + difference) / differences.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
  });

  it('of a DC term alone is flat, at the level that flatLevel tells', () => {
    for (let dc = -1200; dc <= 1200; dc++) {
      const coefficients = new Float64Array(64);
      coefficients[0] = dc;
      const level = flatLevel(dc);
      expect(new Set(written(coefficients))).toEqual(new Set([level]));
      expect(new Set(written(coefficients, 1))).toEqual(new Set([level]));
      expect(Math.abs(level - (128 + dc / 8))).toBeLessThanOrEqual(0.5);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('is the same when columns from %i on, all 0, are skipped', (n) => {
    const random = seeded(n);
    for (let i = 0; i < 50; i++) {
      const coefficients = coefficientsOf(randomSamples(random, 0, 255), 1);
      for (let at = 0; at < 64; at++) if ((at & 7) >= n) coefficients[at] = 0;
      expect(written(coefficients, n)).toEqual(written(coefficients));
    }
  });

  it('is cut off at 0 and 255 by clamped samples', () => {
    const checks = Array.from({ length: 64 }, (_, i) => ((i ^ (i >> 3)) & 1) * 510 - 127);
    const samples = new Uint8ClampedArray(64);
    writeWholeBlock(coefficientsOf(checks, 1), 8, samples, 0, 8);
    expect(samples).toEqual(Uint8ClampedArray.from(checks));
  });

  it('goes to its place, writes nothing beside it, and leaves the coefficients be', () => {
    const coefficients = coefficientsOf(randomSamples(seeded(5), 0, 255), 1);
    const before = Float64Array.from(coefficients);
    const [to, stride] = [23, 20];
    const expected = new Float32Array(9 * stride).fill(-1);
    written(coefficients).forEach((sample, i) => {
      expected[to + (i >> 3) * stride + (i & 7)] = sample;
    });
    const plane = new Float32Array(9 * stride).fill(-1);
    writeWholeBlock(coefficients, 8, plane, to, stride);
    expect(plane).toEqual(expected);
    expect(coefficients).toEqual(before);
  });
});
