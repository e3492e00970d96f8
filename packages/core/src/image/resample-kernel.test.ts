import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILTERS } from './filters.js';
import { ResampleKernel, resampleKernel } from './resample-kernel.js';
import { inFixedPoint, sumAcross, sumDown } from './resize.js';
import { taps } from './taps.js';

/* The kernel beside the same sums in JavaScript, which are Pillow's (resize.test.ts): equal to the bit. */

const filter = fc.constantFrom(...Object.values(FILTERS));
const side = fc.integer({ min: 1, max: 150 });

function samples(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    const level = (state >>> 16) & 0xff;
    // Black and white beside each other take a sum furthest beyond the levels.
    return level < 64 ? 0 : level > 192 ? 255 : level;
  });
}

test('is there', () => {
  expect(resampleKernel()).toBeInstanceOf(ResampleKernel);
});

describe('sums of whole levels', () => {
  const kernel = new ResampleKernel();

  function across(source: Uint8Array, width: number, columns: ReturnType<typeof inFixedPoint>) {
    const rows = source.length / (width * 3);
    const results = [0, 1].map(() => new Uint8Array(rows * columns.first.length * 3));
    const [ours = new Uint8Array(), theirs = new Uint8Array()] = results;
    kernel.across(source, width * 3, columns, ours);
    sumAcross(source, width * 3, columns, theirs);
    return Buffer.compare(ours, theirs) === 0;
  }

  function down(source: Uint8Array, width: number, rows: ReturnType<typeof inFixedPoint>) {
    const results = [0, 1].map(() => new Uint8Array(rows.first.length * width * 3));
    const [ours = new Uint8Array(), theirs = new Uint8Array()] = results;
    const firstRow = rows.first[0] ?? 0;
    const part = source.subarray(firstRow * width * 3);
    kernel.down(part, width * 3, rows, firstRow, ours);
    sumDown(part, width * 3, rows, firstRow, theirs);
    return Buffer.compare(ours, theirs) === 0;
  }

  test('of pictures of any size, and parts of the result', () => {
    fc.assert(
      fc.property(filter, side, side, side, fc.nat(), (kind, width, height, result, seed) => {
        const source = samples(width * height * 3, seed);
        const [start, wanted] = [Math.floor(result / 3), Math.ceil(result / 2)];
        const of = (length: number) =>
          inFixedPoint(taps(kind, length, 0, length, result, start, wanted));
        expect(across(source, width, of(width))).toBe(true);
        expect(down(source, width, of(height))).toBe(true);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  test.each([
    ['many bands of rows', 900, 700, 30],
    ['rows longer than a band', 190_000, 3, 7],
    ['columns longer than a band', 20, 30_000, 2],
  ])('of %s', (_, width, height, result) => {
    const source = samples(width * height * 3, width);
    const of = (length: number) =>
      inFixedPoint(taps(FILTERS.lanczos, length, 0, length, result, 0, result));
    expect(across(source, width, of(width))).toBe(true);
    expect(down(source, width, of(height))).toBe(true);
  });
});
