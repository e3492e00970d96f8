import { describe, expect, test } from 'vitest';
import { seededRandom, splitMix64, xoshiro128 } from './random.js';

describe('random numbers', () => {
  test('are those of the authors’ xoshiro128**', () => {
    // Output of the authors' C program for the state 1, 2, 3, 4.
    const next = xoshiro128([1, 2, 3, 4]);
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849];
    expect(expected.map(() => next())).toEqual(expected);
  });

  test('are seeded by SplitMix64', () => {
    // Output of the authors' C program for the seed 1234567.
    expect([0n, 1n, 2n].map((i) => splitMix64(1234567n, i))).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
    ]);
  });

  test('repeat with the same seed and stream only', () => {
    const numbers = (seed: number, stream: number) => {
      const random = seededRandom(seed, stream);
      return Array.from({ length: 5 }, () => random());
    };
    expect(numbers(7, 0)).toEqual(numbers(7, 0));
    expect(numbers(7, 0)).not.toEqual(numbers(8, 0));
    expect(numbers(7, 0)).not.toEqual(numbers(7, 1));
    expect(numbers(2 ** 32 - 1, 63).every((x) => x >= 0 && x < 1)).toBe(true);
  });

  test('are spread evenly over 0 to 1', () => {
    const random = seededRandom(1);
    const bins = new Array<number>(16).fill(0);
    const draws = 32_000;
    for (let i = 0; i < draws; i++) {
      const bin = Math.floor(random() * bins.length);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    // Chi-squared with 15 degrees of freedom is above 44.3 once in 10,000 seeds.
    const expected = draws / bins.length;
    const chiSquared = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(44.3);
  });
});
