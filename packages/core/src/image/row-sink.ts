import type { Levels, Reduction, RgbImage, Size } from './types.js';

/** What is not in the file is shown in this grey: it draws the least attention. */
const MISSING = 128;

/** 1,024 × 1,024 samples of 255 still fit in 32 bits. */
const MAX_FACTOR = 1024;

type Factors = Pick<Reduction, 'x' | 'y'>;

/**
 * Averaging stops at twice the size that is needed: a box and the resize's own filter after it blur
 * twice, and at this distance the box hardly counts (Pillow's `reducing_gap` of 2). Photos of less
 * than four times the size are resized from all of their pixels.
 */
const GAP = 2;

/** The largest whole factors that leave each side at least twice as long as asked. */
export function factorsFor(full: Size, atLeast: Size | undefined): Factors {
  if (!atLeast) return { x: 1, y: 1 };
  const factor = (side: number, needed: number) =>
    Math.max(1, Math.min(MAX_FACTOR, Math.floor(side / (GAP * Math.max(1, needed)))));
  return { x: factor(full.width, atLeast.width), y: factor(full.height, atLeast.height) };
}

/** What came of an interlaced picture. A gap is filled with what is to its left, or else above. */
export interface Gaps {
  /** Whether the pixel at x, y of the full picture was added. */
  readonly hasPixel: (x: number, y: number) => boolean;
  /** The row at which interlacing begins. Default 0. */
  readonly top?: number;
}

/** Sums over the x × y boxes of one row of the result. */
interface BoxRow {
  /** Three a box. */
  readonly sums: Uint16Array | Uint32Array;
  /** Pixels summed, one a box; only kept for rows with gaps. */
  readonly counts: Uint16Array | Uint32Array;
  /** Whole rows summed. */
  rows: number;
}

/**
 * Takes the rows of a picture as a decoder gets at them, in any order, and keeps only their
 * averages over boxes of `x` by `y` pixels. With factors of 1 it is just the picture.
 *
 * Memory is the result and the sums of those box rows that are not complete yet: one, when rows come
 * from top to bottom.
 */
export class RowSink {
  private readonly width: number;
  private readonly height: number;
  private readonly data: Levels;
  private readonly open = new Map<number, BoxRow>();
  private readonly closed: Uint8Array;
  private spare: BoxRow | undefined;
  private isSparse = false;

  constructor(
    private readonly full: Size,
    private readonly factors: Factors,
  ) {
    this.width = Math.ceil(full.width / factors.x);
    this.height = Math.ceil(full.height / factors.y);
    const isFull = factors.x === 1 && factors.y === 1;
    this.data = new (isFull ? Uint8Array : Float32Array)(this.width * this.height * 3);
    this.closed = new Uint8Array(this.height);
  }

  /** One whole row: `full.width` RGB pixels, for row `y` of the full picture; once a row. */
  add(y: number, rgb: Uint8Array | Uint8ClampedArray): void {
    const { x: factorX, y: factorY } = this.factors;
    const to = Math.floor(y / factorY);
    if (factorX === 1 && factorY === 1) {
      this.data.set(rgb.subarray(0, this.width * 3), y * this.width * 3);
      this.closed[y] = 1;
      return;
    }
    const box = this.boxRow(to);
    addBoxes(rgb, this.full.width, factorX, box.sums);
    box.rows++;
    if (box.rows === this.rowsIn(to)) this.close(to, box);
  }

  /** `count` pixels of row `y`, at x = `first`, `first + step`, …; each pixel once. */
  addSparse(y: number, first: number, step: number, count: number, rgb: Uint8Array): void {
    this.isSparse = true;
    const { x: factorX, y: factorY } = this.factors;
    if (factorX === 1 && factorY === 1) {
      let to = (y * this.width + first) * 3;
      for (let from = 0; from < count * 3; from += 3, to += step * 3) {
        this.data[to] = rgb[from];
        this.data[to + 1] = rgb[from + 1];
        this.data[to + 2] = rgb[from + 2];
      }
      return;
    }
    const { sums, counts } = this.boxRow(Math.floor(y / factorY));
    for (let i = 0, from = 0, x = first; i < count; i++, from += 3, x += step) {
      const box = Math.floor(x / factorX);
      counts[box] += 1;
      sums[box * 3] += rgb[from];
      sums[box * 3 + 1] += rgb[from + 1];
      sums[box * 3 + 2] += rgb[from + 2];
    }
  }

  /**
   * The picture. Rows that never came are grey.
   *
   * @param gaps for interlaced pictures that did not come to their end
   */
  finish(gaps?: Gaps): RgbImage<Levels> {
    const { width, height, data, full, factors } = this;
    for (let row = 0; row < height; row++) {
      if (this.closed[row]) continue;
      const box = this.open.get(row);
      if (box) this.average(row, box);
      if (gaps) {
        const isThere = (column: number) =>
          box ? box.rows > 0 || box.counts[column] > 0 : gaps.hasPixel(column, row);
        this.fillGaps(row, isThere, gaps);
      } else if (!box && !this.isSparse) {
        data.fill(MISSING, row * width * 3, (row + 1) * width * 3);
      }
    }
    const isFull = factors.x === 1 && factors.y === 1;
    const size = { width: full.width, height: full.height };
    const reduction = { full: size, x: factors.x, y: factors.y, left: 0, top: 0 };
    return isFull ? { width, height, data } : { width, height, data, reduction };
  }

  private boxRow(row: number): BoxRow {
    let box = this.open.get(row);
    if (!box) {
      box = this.spare ?? this.emptyBoxRow();
      this.spare = undefined;
      this.open.set(row, box);
    }
    return box;
  }

  private emptyBoxRow(): BoxRow {
    const largest = this.factors.x * this.factors.y * 255;
    const Sums = largest < 65_536 ? Uint16Array : Uint32Array;
    return { sums: new Sums(this.width * 3), counts: new Sums(this.width), rows: 0 };
  }

  private close(row: number, box: BoxRow): void {
    this.average(row, box);
    this.closed[row] = 1;
    this.open.delete(row);
    box.sums.fill(0);
    box.rows = 0;
    this.spare = box;
  }

  /** Divides the sums by the number of pixels that went into them. */
  private average(row: number, { sums, counts, rows }: BoxRow): void {
    const { width, data } = this;
    let to = row * width * 3;
    for (let column = 0, from = 0; column < width; column++, from += 3, to += 3) {
      const pixels = counts[column] + rows * this.columnsIn(column);
      if (pixels === 0) continue;
      data[to] = sums[from] / pixels;
      data[to + 1] = sums[from + 1] / pixels;
      data[to + 2] = sums[from + 2] / pixels;
    }
  }

  private fillGaps(
    row: number,
    isThere: (column: number) => boolean,
    { hasPixel, top = 0 }: Gaps,
  ): void {
    const { data, width } = this;
    const start = row * width * 3;
    const end = start + width * 3;
    if (isThere(0)) {
      for (let column = 1; column < width; column++) {
        const at = start + column * 3;
        if (!isThere(column)) data.copyWithin(at, at - 3, at);
      }
      return;
    }
    // Interlacing sends every eighth row first; below the last of those, nothing came at all.
    const bandTop = Math.floor((row * this.factors.y - top) / 8) * 8 + top;
    if (row > 0 && hasPixel(0, bandTop)) data.copyWithin(start, start - width * 3, start);
    else data.fill(MISSING, start, end);
  }

  private columnsIn(column: number): number {
    return Math.min(this.factors.x, this.full.width - column * this.factors.x);
  }

  private rowsIn(row: number): number {
    return Math.min(this.factors.y, this.full.height - row * this.factors.y);
  }
}

/** Adds a row of RGB pixels to the sums of its boxes, `factor` pixels wide, the last maybe less. */
function addBoxes(
  rgb: Uint8Array | Uint8ClampedArray,
  width: number,
  factor: number,
  sums: Uint16Array | Uint32Array,
): void {
  const whole = Math.floor(width / factor);
  let at = 0;
  for (let box = 0, to = 0; at < width * 3; box++, to += 3) {
    const end = box < whole ? at + factor * 3 : width * 3;
    let r = 0;
    let g = 0;
    let b = 0;
    for (; at < end; at += 3) {
      r += rgb[at];
      g += rgb[at + 1];
      b += rgb[at + 2];
    }
    sums[to] += r;
    sums[to + 1] += g;
    sums[to + 2] += b;
  }
}
