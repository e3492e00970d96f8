import fc from 'fast-check';
import { expect, test } from 'vitest';
import { averagePixels } from './reduce.js';

/** The definition, pixel by pixel. */
function meanOfBlock(
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
  factor: number,
  column: number,
  row: number,
  channel: number,
): number {
  const values: number[] = [];
  for (let y = row * factor; y < Math.min(height, (row + 1) * factor); y++) {
    for (let x = column * factor; x < Math.min(width, (column + 1) * factor); x++) {
      values.push(rgba[(y * width + x) * 4 + channel] ?? 0);
    }
  }
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

test('every pixel is the rounded mean of its block, at the edges of what there is of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 19 }),
      fc.integer({ min: 1, max: 19 }),
      fc.constantFrom(1, 2, 4, 8),
      fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
      (width, height, factor, bytes) => {
        const rgba = Uint8ClampedArray.from({ length: width * height * 4 }, () =>
          Number(bytes.next().value),
        );
        const columns = Math.ceil(width / factor);
        const rows = Math.ceil(height / factor);
        const result = new Uint8Array(columns * rows * 3);
        averagePixels(rgba, { width, height }, factor, result);
        const expected = Array.from(result, (_, i) => {
          const pixel = Math.floor(i / 3);
          const row = Math.floor(pixel / columns);
          return meanOfBlock(rgba, width, height, factor, pixel % columns, row, i % 3);
        });
        expect([...result]).toEqual(expected);
      },
    ),
  );
});
