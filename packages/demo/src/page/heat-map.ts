import type { WordMap } from '../caption.js';

/**
 * A word's map as a picture to lay over the photo, RGBA.
 *
 * The map is a handful of cells a side; it is enlarged with uniform cubic B-splines, which are smooth
 * and never overshoot (Unser, "Splines: a perfect fit for signal and image processing", 1999), then
 * stretched to run from 0 to 1. Where the model looked the photo shines through in the accent's warmth;
 * where it did not, the photo is veiled.
 */
export function heatPixels(
  { rows, columns, values }: Pick<WordMap, 'rows' | 'columns' | 'values'>,
  width: number,
  height: number,
): Uint8ClampedArray<ArrayBuffer> {
  const heat = enlarge(values, rows, columns, width, height);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of heat) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high - low || 1;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < heat.length; i++) {
    const [red, green, blue, alpha] = heatColour(((heat[i] as number) - low) / range);
    pixels[i * 4] = red;
    pixels[i * 4 + 1] = green;
    pixels[i * 4 + 2] = blue;
    pixels[i * 4 + 3] = alpha * 255;
  }
  return pixels;
}

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** From a cool dark veil over a thin one to the accent's glow. */
const STOPS: readonly (readonly [at: number, colour: Colour])[] = [
  [0, [16, 14, 30, 0.68]],
  [0.35, [52, 22, 48, 0.52]],
  [0.65, [205, 62, 24, 0.42]],
  [1, [255, 168, 64, 0.5]],
];

/** @param heat 0–1 */
export function heatColour(heat: number): Colour {
  const upper = STOPS.findIndex(([at]) => at >= heat);
  const [to, above] = STOPS[upper] ?? (STOPS.at(-1) as (typeof STOPS)[number]);
  const [from, below] = STOPS[upper - 1] ?? [to, above];
  const share = to === from ? 0 : (heat - from) / (to - from);
  const mix = (a: number, b: number) => a + (b - a) * share;
  return [
    mix(below[0], above[0]),
    mix(below[1], above[1]),
    mix(below[2], above[2]),
    mix(below[3], above[3]),
  ];
}

/** Separable B-spline interpolation: along the rows first, then down the columns. */
function enlarge(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  width: number,
  height: number,
): Float32Array {
  const across = taps(columns, width);
  const down = taps(rows, height);
  const wide = new Float32Array(rows * width);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [cell, weight] of across[x] ?? [])
        sum += weight * (values[y * columns + cell] ?? 0);
      wide[y * width + x] = sum;
    }
  }
  const result = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (const [cell, weight] of down[y] ?? []) {
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        result[at] = (result[at] ?? 0) + weight * (wide[cell * width + x] ?? 0);
      }
    }
  }
  return result;
}

/** For each of `size` positions, the cells it is made of and their weights, which sum to 1. */
function taps(cells: number, size: number): (readonly [cell: number, weight: number])[][] {
  return Array.from({ length: size }, (_, position) => {
    const at = ((position + 0.5) / size) * cells - 0.5;
    const first = Math.floor(at);
    const t = at - first;
    const weights = [
      (1 - t) ** 3 / 6,
      (3 * t ** 3 - 6 * t ** 2 + 4) / 6,
      (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6,
      t ** 3 / 6,
    ];
    return weights.map((weight, tap) => {
      const cell = Math.min(cells - 1, Math.max(0, first - 1 + tap));
      return [cell, weight] as const;
    });
  });
}
