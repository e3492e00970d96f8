import type { Size } from '../../index.js';

/** Width of a picture in pixels, and what is left free around it. */
export const PICTURE_WIDTH = 1280;
export const MARGIN = 48;
export const CONTENT_WIDTH = PICTURE_WIDTH - 2 * MARGIN;
const PHOTO_HEIGHT = 560;
const GAP = 24;
/** Area of a tile in square pixels, from which its width follows for a photo of any shape. */
const TILE_AREA = 270 * 200;
const LEAST_CELL = 130;
const MOST_TILE_HEIGHT = 360;

/** The size of a photo fitted into a box; at least one pixel a side. */
export function fitInto({ width, height }: Size, box: Size): Size {
  const scale = Math.min(box.width / width, box.height / height);
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** The size of the large photo at the top. */
export function headSize(photo: Size): Size {
  return fitInto(photo, { width: CONTENT_WIDTH, height: PHOTO_HEIGHT });
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** A photo in the grid. */
  readonly tile: Size;
  /** A tile with the room beside it. */
  readonly cellWidth: number;
}

/** A grid of `count` photos with even rows. */
export function gridOf(count: number, photo: Size): Grid {
  const ideal = Math.sqrt((TILE_AREA * photo.width) / photo.height);
  const most = Math.max(1, Math.floor((CONTENT_WIDTH + GAP) / (LEAST_CELL + GAP)));
  const wanted = Math.round((CONTENT_WIDTH + GAP) / (ideal + GAP));
  const fitting = Math.min(most, Math.max(2, wanted), Math.max(1, count));
  const rows = Math.ceil(count / fitting);
  const columns = Math.ceil(count / Math.max(1, rows));
  const cell = Math.floor((CONTENT_WIDTH + GAP) / Math.max(1, columns));
  // A row of few words gets larger tiles, but not beyond what reads as a grid of them.
  const width = Math.min(cell - GAP, Math.max(LEAST_CELL, Math.round(1.3 * ideal)));
  const tile = fitInto(photo, { width, height: MOST_TILE_HEIGHT });
  return { columns, rows, tile, cellWidth: Math.max(tile.width, LEAST_CELL) + GAP };
}

/** Left edge of the cell of a word, rows centred. */
export function cellLeft(index: number, count: number, { columns, cellWidth }: Grid): number {
  const row = Math.floor(index / columns);
  const inRow = Math.min(columns, count - row * columns);
  return Math.round((PICTURE_WIDTH - inRow * cellWidth) / 2 + (index % columns) * cellWidth);
}
