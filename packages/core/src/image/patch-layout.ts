import type { Size } from './types.js';

/** How a photo of any shape becomes square patches, as transformers' LFM2-VL processor does it. */
export interface PatchSpec {
  /** Side of a patch in pixels. */
  readonly side: number;
  /** The encoder makes one feature of a square of so many patches a side. */
  readonly merge: number;
  /** A photo in one piece is resized to so many features, its shape kept as far as patches allow. */
  readonly minFeatures: number;
  readonly maxFeatures: number;
  /** Larger photos are cut into tiles of the spec's `width` × `height`; without it, none is. */
  readonly split?: PatchSplit;
}

export interface PatchSplit {
  /** Photos with more than this times the pixels of `maxFeatures` are cut. */
  readonly above: number;
  readonly minTiles: number;
  readonly maxTiles: number;
  /** True: a view of the whole photo follows the tiles. */
  readonly overview: boolean;
}

/** Pixels of all pictures of a photo together. */
const MOST_PIXELS = 4096 ** 2;

/**
 * What is wrong with numbers each of which may be right.
 *
 * @returns what is expected, or undefined if all is well
 */
export function patchFault(spec: PatchSpec, tile: number): string | undefined {
  const { side, merge, minFeatures, maxFeatures, split } = spec;
  if (minFeatures > maxFeatures) return 'no fewer features at most than at least';
  if (split && split.minTiles > split.maxTiles) return 'no fewer tiles at most than at least';
  if (tile % (side * merge) !== 0)
    return `tiles whose side is a multiple of ${side * merge} pixels`;
  const pixels = patchesEach(spec, tile) * side ** 2 * ((split?.maxTiles ?? 0) + 1);
  if (pixels > MOST_PIXELS) return `at most ${MOST_PIXELS} pixels in all pictures of a photo`;
  return undefined;
}

/** What the pictures of a photo are. */
export interface PatchLayout {
  /** Tiles; one row and one column where the photo is not cut. */
  readonly rows: number;
  readonly columns: number;
  /** Size of the photo in one piece. */
  readonly whole: Size;
}

/** The number of patches that each picture is padded to. */
export function patchesEach({ side, merge, maxFeatures, split }: PatchSpec, tile: number): number {
  return Math.max(maxFeatures * merge ** 2, split ? Math.floor(tile / side) ** 2 : 0);
}

/** @param tile side of a tile in pixels */
export function patchLayout(photo: Size, tile: number, spec: PatchSpec): PatchLayout {
  const whole = wholeSize(photo, spec);
  if (!spec.split || !isLarge(photo, spec, spec.split)) return { rows: 1, columns: 1, whole };
  return { ...closestGrid(photo, tile, spec.split), whole };
}

/** `smart_resize` of the processor. */
function wholeSize({ width, height }: Size, spec: PatchSpec): Size {
  const unit = spec.side * spec.merge;
  const [least, most] = [spec.minFeatures * unit ** 2, spec.maxFeatures * unit ** 2];
  const near = (length: number) => Math.max(unit, roundHalfEven(length / unit) * unit);
  const area = near(width) * near(height);
  if (area > most) {
    const shrink = Math.sqrt((height * width) / most);
    const below = (length: number) => Math.max(unit, Math.floor(length / shrink / unit) * unit);
    return withinPatches({ width: below(width), height: below(height) }, spec);
  }
  if (area < least) {
    const grow = Math.sqrt(least / (height * width));
    const above = (length: number) => Math.ceil((length * grow) / unit) * unit;
    return withinPatches({ width: above(width), height: above(height) }, spec);
  }
  return { width: near(width), height: near(height) };
}

/**
 * Of strips that are hundreds of times as long as wide, the processor makes more patches than there is
 * room for, without a bound. Here their ends are squeezed.
 */
function withinPatches({ width, height }: Size, { side, merge, maxFeatures }: PatchSpec): Size {
  const unit = side * merge;
  const most = (across: number) => Math.max(1, Math.floor(maxFeatures / (across / unit))) * unit;
  return width >= height
    ? { width: Math.min(width, most(height)), height }
    : { width, height: Math.min(height, most(width)) };
}

function isLarge({ width, height }: Size, spec: PatchSpec, { above }: PatchSplit): boolean {
  const unit = spec.side * spec.merge;
  const near = (length: number) => Math.max(spec.side, roundHalfEven(length / unit) * unit);
  return near(width) * near(height) > spec.maxFeatures * unit ** 2 * above;
}

/** The grid whose shape is closest to the photo's; of two as close, the larger one for a large photo. */
function closestGrid(
  { width, height }: Size,
  tile: number,
  { minTiles, maxTiles }: PatchSplit,
): { rows: number; columns: number } {
  const grids: { rows: number; columns: number }[] = [];
  for (let columns = 1; columns <= maxTiles; columns++) {
    for (let rows = 1; rows * columns <= maxTiles; rows++) {
      if (rows * columns >= minTiles) grids.push({ rows, columns });
    }
  }
  grids.sort((a, b) => a.rows * a.columns - b.rows * b.columns);
  let closest = { rows: 1, columns: 1 };
  let least = Number.POSITIVE_INFINITY;
  for (const grid of grids) {
    const difference = Math.abs(width / height - grid.columns / grid.rows);
    const target = tile ** 2 * grid.rows * grid.columns;
    if (difference < least) {
      least = difference;
      closest = grid;
    } else if (difference === least && width * height > target / 2) closest = grid;
  }
  return closest;
}

/** Python's `round`. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const half = value - below;
  if (half === 0.5) return below + (below % 2);
  return half < 0.5 ? below : below + 1;
}
