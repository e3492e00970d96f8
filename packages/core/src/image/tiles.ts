import { patchValues } from './patches.js';
import { normalise, type PreprocessSpec, photoBox, preprocess } from './preprocess.js';
import { type Box, resize } from './resize.js';
import { scaledSize, tiledSize } from './tile-sizes.js';
import type { Levels, RgbImage } from './types.js';

/** A photo as the encoder takes it. */
export interface PixelValues {
  /** One picture after another, each as `preprocess` gives it, or in patches. */
  readonly data: Float32Array;
  /** The tiles of a photo that was cut up, row by row; a view of the whole follows them. */
  readonly tiles?: { readonly rows: number; readonly columns: number; readonly pictures: number };
  /** Of each picture in patches, how many rows and columns of them it has; the rest is padding. */
  readonly patches?: readonly (readonly [rows: number, columns: number])[];
}

/** How a photo is cut into tiles of `width` × `height`, as transformers' Idefics3 processor does. */
export interface TileSpec {
  /** The photo's longer side is resized to this, then both sides to multiples of the tile's. */
  readonly longestEdge: number;
  /** False: resized so, and then once more to one picture of the tile's size. Default true. */
  readonly split?: boolean;
}

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
  const pictures: RgbImage<Levels>[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const window: Box = { left: column * edge, top: row * edge, width: edge, height: edge };
      pictures.push(resize(tiled, size, spec.resample, { window }));
    }
  }
  pictures.push(resize(tiled, { width: edge, height: edge }, spec.resample));
  const data = new Float32Array(pictures.length * edge * edge * 3);
  pictures.forEach((picture, i) => {
    data.set(normalise(picture, spec), i * edge * edge * 3);
  });
  return { data, tiles: { rows, columns, pictures: pictures.length } };
}
