import type { Size } from '../image/types.js';

/**
 * Makes RGBA pixels `factor` times smaller along both sides, as RGB: each result is the mean of a
 * block; at the right and lower edge of what the block still covers.
 *
 * @param rgba   rows top down, four bytes a pixel, opaque
 * @param result ⌈width / factor⌉ × ⌈height / factor⌉ pixels of three bytes are written to its start
 */
export function averagePixels(
  rgba: Uint8ClampedArray,
  { width, height }: Size,
  factor: number,
  result: Uint8Array,
): void {
  const columns = Math.ceil(width / factor);
  const sums = new Uint32Array(columns * 3);
  let to = 0;
  for (let top = 0; top < height; top += factor) {
    const lines = Math.min(factor, height - top);
    sums.fill(0);
    for (let y = top; y < top + lines; y++) addRow(rgba, y * width * 4, width, factor, sums);
    for (let column = 0; column < columns; column++) {
      const count = lines * Math.min(factor, width - column * factor);
      for (let channel = 0; channel < 3; channel++) {
        result[to] = ((sums[column * 3 + channel] as number) + count / 2) / count;
        to++;
      }
    }
  }
}

function addRow(
  rgba: Uint8ClampedArray,
  start: number,
  width: number,
  factor: number,
  sums: Uint32Array,
): void {
  let from = start;
  for (let x = 0, column = 0; x < width; column += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = Math.min(width, x + factor); x < end; x++, from += 4) {
      red += rgba[from] as number;
      green += rgba[from + 1] as number;
      blue += rgba[from + 2] as number;
    }
    sums[column] = (sums[column] as number) + red;
    sums[column + 1] = (sums[column + 1] as number) + green;
    sums[column + 2] = (sums[column + 2] as number) + blue;
  }
}
