import type { RgbImage } from '../../src/image/types.js';

const SIZES = [
  [40, 30],
  [64, 48],
  [25, 57],
] as const;

/** The photos of scripts/fixtures/models/photos.py, sample by sample. */
export function photo(index: number): RgbImage & { readonly channels: 3 } {
  const [width, height] = SIZES[index] ?? [1, 1];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const waves = x * (3 + index) + y * (5 - index) + c * 70 + 40 * index;
        data[(y * width + x) * 3 + c] = (waves + Math.floor((x * y * (c + 1)) / 7)) % 256;
      }
    }
  }
  return { width, height, data, channels: 3 };
}
