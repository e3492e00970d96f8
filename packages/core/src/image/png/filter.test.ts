import { describe, expect, it } from 'vitest';
import { noise } from '../../../test/image/pictures.js';
import { unfilter } from './filter.js';

/** Section 9.4 of the standard, as it is written there. */
function nearest(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

const predictors = [
  () => 0,
  (a: number) => a,
  (_: number, b: number) => b,
  (a: number, b: number) => (a + b) >> 1,
  nearest,
];

describe('unfilter', () => {
  const steps = [1, 2, 3, 4, 6, 8];
  const cases = predictors.flatMap((_, type) => steps.map((step) => ({ type, step })));

  it.each(cases)('filter $type with $step bytes a pixel', ({ type, step }) => {
    const length = step + step * 200;
    const above = noise(length, 1, 3).data.slice(0, length).fill(0, 0, step);
    const row = noise(length, 1, 8).data.slice(0, length).fill(0, 0, step);
    const expected = Uint8Array.from(row);
    for (let i = step; i < length; i++) {
      const [a = 0, b = 0, c = 0] = [expected[i - step], above[i], above[i - step]];
      expected[i] = (row[i] ?? 0) + (predictors[type]?.(a, b, c) ?? 0);
    }
    expect(unfilter(type, row, above, step)).toBe(true);
    expect(row).toEqual(expected);
  });

  it.each(cases)('filter $type with $step bytes a pixel, of any length at any place', (c) => {
    const { type, step } = c;
    for (const [offset, pixels] of [
      [1, 7],
      [2, 3],
      [4, 5],
      [0, 1],
    ] as const) {
      const length = step * (1 + pixels);
      const plain = (seed: number) => noise(length, 1, seed).data.slice(0, length).fill(0, 0, step);
      const moved = (bytes: Uint8Array) => {
        const view = new Uint8Array(offset + length + 3).subarray(offset, offset + length);
        view.set(bytes);
        return view;
      };
      const [expected, above, row] = [plain(8), plain(3), moved(plain(8))];
      for (let i = step; i < length; i++) {
        const [a = 0, b = 0, d = 0] = [expected[i - step], above[i], above[i - step]];
        expected[i] = (expected[i] ?? 0) + (predictors[type]?.(a, b, d) ?? 0);
      }
      unfilter(type, row, moved(above), step);
      expect(row).toEqual(expected);
      const around = new Uint8Array(row.buffer);
      expect([...around.subarray(0, offset), ...around.subarray(offset + length)]).toEqual(
        Array(offset + 3).fill(0),
      );
    }
  });

  it('Paeth, for every left, upper and upper left of a grid', () => {
    const values = [0, 1, 2, 3, 60, 61, 100, 127, 128, 129, 200, 253, 254, 255];
    for (const a of values) {
      for (const b of values) {
        for (const c of values) {
          // Two pixels: the first becomes a, the second shows the predictor.
          const row = Uint8Array.of(0, a - nearest(0, c, 0), 0);
          unfilter(4, row, Uint8Array.of(0, c, b), 1);
          expect([...row]).toEqual([0, a, nearest(a, b, c)]);
        }
      }
    }
  });

  it('knows five filters', () => {
    expect(unfilter(5, new Uint8Array(4), new Uint8Array(4), 1)).toBe(false);
  });
});
