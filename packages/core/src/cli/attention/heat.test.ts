import { describe, expect, it } from 'vitest';
import { heatOf } from './heat.js';

/** The cubic B-spline by the Cox–de Boor recursion, knots at the whole numbers, centred on 0. */
function bspline(x: number, degree = 3, knot = -2): number {
  if (degree === 0) return x >= knot && x < knot + 1 ? 1 : 0;
  return (
    ((x - knot) / degree) * bspline(x, degree - 1, knot) +
    ((knot + degree + 1 - x) / degree) * bspline(x, degree - 1, knot + 1)
  );
}

/** The spline surface of a map whose rim goes on for ever, at one place, straight from its definition. */
function surface(rows: number, columns: number, values: Float32Array, u: number, v: number) {
  let sum = 0;
  for (let row = -3; row < rows + 3; row++) {
    for (let column = -3; column < columns + 3; column++) {
      const inside =
        Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column));
      sum += (values[inside] ?? 0) * bspline(v - row) * bspline(u - column);
    }
  }
  return sum;
}

describe('heatOf', () => {
  it('is the B-spline surface of the cells, its highest value 1', () => {
    const [rows, columns] = [3, 4];
    const values = Float32Array.of(0, 0, 0.05, 0, 0, 0.6, 0.1, 0, 0.05, 0.1, 0, 0.1);
    const size = { width: 23, height: 17 };
    const heat = heatOf({ rows, columns, values }, size);
    const expected = Array.from({ length: size.width * size.height }, (_, pixel) => {
      const x = pixel % size.width;
      const y = Math.floor(pixel / size.width);
      return surface(
        ...([rows, columns, values] as const),
        ((x + 0.5) * columns) / size.width - 0.5,
        ((y + 0.5) * rows) / size.height - 0.5,
      );
    });
    const highest = Math.max(...expected);
    expect(highest).toBeGreaterThan(3 / 12);
    for (const [pixel, value] of expected.entries()) {
      expect(heat.values[pixel]).toBeCloseTo(value / highest, 5);
    }
  });

  it('is hottest over the hottest cell', () => {
    const values = new Float32Array(49);
    values[2 * 7 + 5] = 1;
    const { values: heat } = heatOf({ rows: 7, columns: 7, values }, { width: 70, height: 140 });
    const hottest = heat.indexOf(Math.max(...heat));
    expect(Math.floor((hottest % 70) / 10)).toBe(5);
    expect(Math.floor(hottest / 70 / 20)).toBe(2);
  });

  it('shows an even map as lukewarm, not as hot', () => {
    const values = new Float32Array(49).fill(1 / 49);
    const heat = heatOf({ rows: 7, columns: 7, values }, { width: 20, height: 10 });
    for (const value of heat.values) expect(value).toBeCloseTo(1 / 3, 5);
  });

  it('shows a map of one cell, and an empty one', () => {
    const one = { rows: 1, columns: 1, values: Float32Array.of(1) };
    expect(heatOf(one, { width: 2, height: 1 }).values).toEqual(Float32Array.of(1 / 3, 1 / 3));
    const none = { rows: 2, columns: 2, values: new Float32Array(4) };
    expect(heatOf(none, { width: 2, height: 1 }).values).toEqual(Float32Array.of(0, 0));
  });
});
