import { describe, expect, it } from 'vitest';
import { coverageOf } from './coverage.js';

/** The share of every sample in every cell, counted pixel by pixel. */
function counted(pixels: number, factor: number, factorMax: number, cellPixels: number): string[] {
  const shares = new Map<string, number>();
  for (let x = 0; x < pixels; x++) {
    const sample = Math.floor((x * factor) / factorMax);
    const cell = Math.floor(x / cellPixels);
    const inCell = Math.min(pixels, (cell + 1) * cellPixels) - cell * cellPixels;
    const key = `${sample} in ${cell}`;
    shares.set(key, (shares.get(key) ?? 0) + 1 / inCell);
  }
  return [...shares].map(([key, share]) => `${key}: ${share.toFixed(9)}`);
}

describe.each([
  [1, 1],
  [1, 2],
  [1, 3],
  [1, 4],
  [2, 3],
  [3, 4],
])('a sampling factor of %i in %i', (factor, factorMax) => {
  it.each([1, 2, 4, 8, 16, 32])('shares samples out to cells of %i pixels', (cellPixels) => {
    for (const pixels of [1, 2, 5, 8, 31, 64, 67]) {
      const { first, cells, shares } = coverageOf(pixels, factor, factorMax, cellPixels);
      const found: string[] = [];
      for (let i = 0; i + 1 < first.length; i++) {
        for (let j = first[i] as number; j < (first[i + 1] as number); j++) {
          found.push(`${i} in ${cells[j]}: ${(shares[j] as number).toFixed(9)}`);
        }
      }
      expect(found).toEqual(counted(pixels, factor, factorMax, cellPixels));
    }
  });
});
