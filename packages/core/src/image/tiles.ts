import { cutTiles } from './cut-tiles.js';
import { patchValues } from './patches.js';
import {
  normalise,
  type PixelValues,
  type PreprocessSpec,
  photoBox,
  preprocess,
} from './preprocess.js';
import { resize } from './resize.js';
import { scaledSize, tiledSize } from './tile-sizes.js';
import type { Levels, RgbImage } from './types.js';

/** The tensor of a photo, whole, in tiles or in patches. */
export function pixelValues(image: RgbImage<Levels>, spec: PreprocessSpec): PixelValues {
  if (spec.patches) return patchValues(image, spec, spec.patches);
  if (!spec.tiles) return { data: preprocess(image, spec) };
  const edge = spec.width;
  const full = image.reduction?.full ?? image;
  // Three times, each rounded to whole levels, because the processor does so.
  const scaled = resize(image, scaledSize(full, spec.tiles.longestEdge), spec.resample, {
    box: photoBox(image),
  });
  const { split = true } = spec.tiles;
  const size = split ? tiledSize(scaled, edge) : { width: edge, height: edge };
  const tiled = resize(scaled, size, spec.resample);
  const [rows, columns] = [size.height / edge, size.width / edge];
  if (rows * columns === 1) {
    return { data: normalise(tiled, spec), tiles: { rows, columns, pictures: 1 } };
  }
  const pictures = cutTiles(tiled, edge, spec.resample);
  pictures.push(resize(tiled, { width: edge, height: edge }, spec.resample));
  const data = new Float32Array(pictures.length * edge * edge * 3);
  pictures.forEach((picture, i) => {
    data.set(normalise(picture, spec), i * edge * edge * 3);
  });
  return { data, tiles: { rows, columns, pictures: pictures.length } };
}
