import type { Size, WordAttention } from '../../index.js';

/** Heat over a picture, row-major, 0 (not looked at) to 1 (looked at most). */
export interface Heat extends Size {
  readonly values: Float32Array;
}

/**
 * Below this many times the even share the strongest place is not shown as fully hot: a map that
 * says "everywhere alike" must not look like a decision.
 */
const LEAST_PEAK = 3;

/**
 * A word's attention as a smooth picture. Cells are laid over the picture evenly, their values taken
 * to be at their centres, and joined by a uniform cubic B-spline: smooth, never below 0 or above the
 * highest value. Hot is relative to the word's own highest value.
 *
 * @param map  rows × columns, summing to 1
 * @param size of the picture wanted, in pixels
 */
export function heatOf(
  { rows, columns, values }: Pick<WordAttention, 'rows' | 'columns' | 'values'>,
  size: Size,
): Heat {
  const across = taps(columns, size.width);
  const down = taps(rows, size.height);
  const wide = new Float32Array(rows * size.width);
  for (let row = 0; row < rows; row++) {
    for (const [x, weights] of across.entries()) {
      let sum = 0;
      for (const { cell, weight } of weights) sum += weight * (values[row * columns + cell] ?? 0);
      wide[row * size.width + x] = sum;
    }
  }
  const heat = new Float32Array(size.width * size.height);
  let highest = 0;
  for (const [y, weights] of down.entries()) {
    for (let x = 0; x < size.width; x++) {
      let sum = 0;
      for (const { cell, weight } of weights) sum += weight * (wide[cell * size.width + x] ?? 0);
      heat[y * size.width + x] = sum;
      highest = Math.max(highest, sum);
    }
  }
  const scale = Math.max(highest, LEAST_PEAK / (rows * columns));
  return { ...size, values: heat.map((value) => value / scale) };
}

interface Tap {
  readonly cell: number;
  readonly weight: number;
}

/** For each pixel the four cells that it is made of. Beyond the rim the last cell goes on. */
function taps(cells: number, pixels: number): Tap[][] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const position = ((pixel + 0.5) * cells) / pixels - 0.5;
    const first = Math.floor(position);
    const t = position - first;
    // Uniform cubic B-spline basis (C. de Boor, A Practical Guide to Splines).
    const weights = [
      (1 - t) ** 3 / 6,
      (3 * t ** 3 - 6 * t ** 2 + 4) / 6,
      (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6,
      t ** 3 / 6,
    ];
    return weights.map((weight, index) => ({
      cell: Math.min(cells - 1, Math.max(0, first - 1 + index)),
      weight,
    }));
  });
}
