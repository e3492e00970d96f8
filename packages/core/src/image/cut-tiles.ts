import { type Resample, resize } from './resize.js';
import type { Levels, RgbImage } from './types.js';

/** A picture's tiles of `edge` × `edge` pixels, row by row; its sides are multiples of that. */
export function cutTiles(
  image: RgbImage<Levels>,
  edge: number,
  resample: Resample,
): RgbImage<Levels>[] {
  const tiles: RgbImage<Levels>[] = [];
  for (let top = 0; top < image.height; top += edge) {
    for (let left = 0; left < image.width; left += edge) {
      const window = { left, top, width: edge, height: edge };
      tiles.push(resize(image, image, resample, { window }));
    }
  }
  return tiles;
}
