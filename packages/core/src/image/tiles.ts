import { normalise, type PreprocessSpec, photoBox, preprocess } from './preprocess.js';
import { type Box, resize } from './resize.js';
import type { Levels, RgbImage, Size } from './types.js';

/** A photo as the encoder takes it. */
export interface PixelValues {
  /** One picture after another, each as `preprocess` gives it. */
  readonly data: Float32Array;
  /** The tiles of a photo that was cut up, row by row; a view of the whole follows them. */
  readonly tiles?: { readonly rows: number; readonly columns: number; readonly pictures: number };
}

/** How a photo is cut into tiles of `width` × `height`, as transformers' Idefics3 processor does. */
export interface TileSpec {
  /** The photo's longer side is resized to this, then both sides to multiples of the tile's. */
  readonly longestEdge: number;
  /** False: resized so, and then once more to one picture of the tile's size. Default true. */
  readonly split?: boolean;
}

/** No side of a resized photo is longer than this (`MAX_IMAGE_SIZE` of the processor). */
const MOST_PIXELS = 4096;

/** The tensor of a photo, whole or in tiles. */
export function pixelValues(image: RgbImage<Levels>, spec: PreprocessSpec): PixelValues {
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

/** The longer side to `edge`, the shorter one to an even number; then neither above the limit. */
function scaledSize(photo: Size, edge: number): Size {
  const ratio = photo.width / photo.height;
  const even = (side: number) => Math.max(1, Math.trunc(side) + (Math.trunc(side) % 2));
  const [width, height] =
    photo.width >= photo.height ? [edge, even(edge / ratio)] : [even(edge * ratio), edge];
  const shape = width / height;
  if (width >= height && width > MOST_PIXELS) {
    return { width: MOST_PIXELS, height: Math.max(1, Math.trunc(MOST_PIXELS / shape)) };
  }
  if (height > width && height > MOST_PIXELS) {
    return { width: Math.max(1, Math.trunc(MOST_PIXELS * shape)), height: MOST_PIXELS };
  }
  return { width, height };
}

/** Both sides to multiples of a tile's, the shorter one by the shape of the photo. */
function tiledSize({ width, height }: Size, edge: number): Size {
  const ratio = width / height;
  const up = (side: number) => Math.ceil(side / edge) * edge;
  return width >= height
    ? { width: up(width), height: up(Math.trunc(up(width) / ratio)) }
    : { width: up(Math.trunc(up(height) * ratio)), height: up(height) };
}
