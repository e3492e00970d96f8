import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTENT_WIDTH, cellLeft, fitInto, gridOf, MARGIN, PICTURE_WIDTH } from './layout.js';

const side = fc.integer({ min: 1, max: 20_000 });
const photo = fc.record({ width: side, height: side });

describe('gridOf', () => {
  it('has a cell for each word, inside the margins, whatever the shape of the photo', () => {
    fc.assert(
      fc.property(photo, fc.integer({ min: 1, max: 60 }), (size, count) => {
        const grid = gridOf(count, size);
        expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
        expect(grid.columns * (grid.rows - 1)).toBeLessThan(count);
        expect(grid.tile.width).toBeLessThanOrEqual(grid.cellWidth);
        for (let index = 0; index < count; index++) {
          const left = cellLeft(index, count, grid);
          expect(left).toBeGreaterThanOrEqual(MARGIN - 24);
          expect(left + grid.cellWidth).toBeLessThanOrEqual(PICTURE_WIDTH - MARGIN + 24);
        }
      }),
    );
  });

  it('shows an ordinary photo in rows of four', () => {
    expect(gridOf(8, { width: 640, height: 480 })).toMatchObject({ columns: 4, rows: 2 });
    expect(gridOf(12, { width: 480, height: 640 })).toMatchObject({ columns: 4, rows: 3 });
  });

  it('is empty without words', () => {
    expect(gridOf(0, { width: 640, height: 480 })).toMatchObject({ rows: 0 });
  });
});

describe('fitInto', () => {
  it('keeps the shape and touches the box', () => {
    const box = { width: CONTENT_WIDTH, height: 560 };
    expect(fitInto({ width: 4000, height: 3000 }, box)).toEqual({ width: 747, height: 560 });
    expect(fitInto({ width: 4000, height: 1 }, box)).toEqual({ width: CONTENT_WIDTH, height: 1 });
  });
});
