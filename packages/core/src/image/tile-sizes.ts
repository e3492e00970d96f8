import type { Size } from './types.js';

/** How a photo is cut into tiles of `width` × `height`, as transformers' Idefics3 processor does. */
export interface TileSpec {
  /** The photo's longer side is resized to this, then both sides to multiples of the tile's. */
  readonly longestEdge: number;
  /** False: resized so, and then once more to one picture of the tile's size. Default true. */
  readonly split?: boolean;
}

/** No side of a resized photo is longer than this (`MAX_IMAGE_SIZE` of the processor). */
const LONGEST_SIDE = 4096;

/** The longer side to `edge`, the shorter one to an even number; then neither above the limit. */
export function scaledSize(photo: Size, edge: number): Size {
  const ratio = photo.width / photo.height;
  const even = (side: number) => Math.max(1, Math.trunc(side) + (Math.trunc(side) % 2));
  const [width, height] =
    photo.width >= photo.height ? [edge, even(edge / ratio)] : [even(edge * ratio), edge];
  const shape = width / height;
  if (width >= height && width > LONGEST_SIDE) {
    return { width: LONGEST_SIDE, height: Math.max(1, Math.trunc(LONGEST_SIDE / shape)) };
  }
  if (height > width && height > LONGEST_SIDE) {
    return { width: Math.max(1, Math.trunc(LONGEST_SIDE * shape)), height: LONGEST_SIDE };
  }
  return { width, height };
}

/** Both sides to multiples of a tile's, the shorter one by the shape of the photo. */
export function tiledSize({ width, height }: Size, edge: number): Size {
  const ratio = width / height;
  const up = (side: number) => Math.ceil(side / edge) * edge;
  return width >= height
    ? { width: up(width), height: up(Math.trunc(up(width) / ratio)) }
    : { width: up(Math.trunc(up(height) * ratio)), height: up(height) };
}
