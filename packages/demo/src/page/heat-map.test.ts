import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { heatColour, heatPixels } from './heat-map.js';

const map = (rows: number, columns: number, values: readonly number[]) => ({
  rows,
  columns,
  values,
});

describe('the heat map', () => {
  test('glows most over the cell with the most attention', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 48 }), (hot) => {
        const values = Array.from({ length: 49 }, (_, cell) => (cell === hot ? 1 : 0));
        const pixels = heatPixels(map(7, 7, values), 70, 70);
        let best = 0;
        for (let i = 0; i < pixels.length; i += 4) {
          const heat = (at: number) => (pixels[at] ?? 0) + (pixels[at + 1] ?? 0);
          if (heat(i) > heat(best)) best = i;
        }
        const x = ((best / 4) % 70) / 10;
        const y = Math.floor(best / 4 / 70) / 10;
        expect(Math.floor(y) * 7 + Math.floor(x)).toBe(hot);
      }),
    );
  });

  test('of even attention is even', () => {
    const pixels = heatPixels(map(7, 7, Array(49).fill(1 / 49)), 20, 10);
    const first = pixels.slice(0, 4);
    for (let i = 0; i < pixels.length; i += 4) expect(pixels.slice(i, i + 4)).toEqual(first);
  });

  test('has no edge between cells: a pixel differs little from the next', () => {
    const values = Array.from({ length: 49 }, (_, cell) => (cell % 2 === 0 ? 1 : 0));
    const pixels = heatPixels(map(7, 7, values), 140, 140);
    for (let i = 4; i < 140 * 4; i += 4) {
      expect(Math.abs((pixels[i] ?? 0) - (pixels[i - 4] ?? 0))).toBeLessThan(40);
    }
  });

  test('goes through its colours without a jump', () => {
    for (let heat = 0.01; heat <= 1; heat += 0.01) {
      const before = heatColour(heat - 0.01);
      heatColour(heat).forEach((value, i) => {
        expect(Math.abs(value - (before[i] ?? 0))).toBeLessThan(8);
      });
    }
  });
});
