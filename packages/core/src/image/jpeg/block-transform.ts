import type { Coverage } from './coverage.js';
import { type Folding, foldingOf, inverseDct, type Points, type Samples } from './inverse-dct.js';
import type { QuantTable } from './tables.js';
import { flatLevel, LEVEL_SHIFT, writeWholeBlock } from './whole-block.js';
import { ZIGZAG } from './zigzag.js';

/**
 * What becomes of a block's coefficients: they are dequantised and summed up (T.81, A.3.4), then
 * turned into samples. A decoder does, for each coefficient but those that are 0,
 *
 *     sums[slots[k]] += value * weights[k]
 *
 * and then calls `write` once, which leaves `sums` all 0 for the next block.
 */
export interface BlockTransform {
  /** By k, the place in the zigzag order. Long enough that a damaged run past 63 stays inside. */
  readonly slots: Uint8Array;
  readonly weights: Float64Array;
  readonly sums: Float64Array;
  /** Whether coefficients other than DC have any part in it. */
  readonly needsAc: boolean;
  /**
   * @param last the largest k of a coefficient that may not be 0, needed or not; 0 if the block is one
   * level throughout
   */
  write(row: number, column: number, last: number): void;
}

/** Samples of one component, rows top down. */
export interface Plane {
  readonly data: Samples;
  readonly stride: number;
}

/** One more than the furthest that k can go: from 62 on by a run of 15 and one. */
const REACH = 79;

/** By k, one more than the largest u of all coefficients up to it: how many columns are not all 0. */
const COLUMNS_UP_TO: Uint8Array = ZIGZAG.map((_, k) =>
  ZIGZAG.subarray(0, k + 1).reduce((most, place) => Math.max(most, (place & 7) + 1), 0),
);

/** How samples are made of a block's coefficients. */
interface Shape {
  readonly across: Points;
  readonly down: Points;
  readonly horizontal: Folding;
  readonly vertical: Folding;
  /** The level of a block that has but a DC term, by what that term makes `sums[0]`. */
  flat(sum: number): number;
  /** Writes the samples; coefficients past the first `columns` of each row are 0. May change them. */
  write(
    coefficients: Float64Array,
    columns: number,
    samples: Samples,
    to: number,
    stride: number,
  ): void;
}

/** Nothing is left out of a whole block, and its transform brings its own factors. */
const UNFOLDED: Folding = {
  target: Uint8Array.from({ length: 8 }, (_, u) => u),
  weight: new Float64Array(8).fill(1),
};

const WHOLE: Shape = {
  across: 8,
  down: 8,
  horizontal: UNFOLDED,
  vertical: UNFOLDED,
  flat: flatLevel,
  write: writeWholeBlock,
};

function shapeOf(across: Points, down: Points): Shape {
  if (across === 8 && down === 8) return WHOLE;
  const { column } = inverseDct[down];
  const { row } = inverseDct[across];
  return {
    across,
    down,
    horizontal: foldingOf(across),
    vertical: foldingOf(down),
    // What all pixels of the block are when it is decoded whole. A DC term is 8 times the mean.
    flat: (mean) => clampedLevel(Math.round(8 * mean)),
    write(sums, columns, samples, to, stride) {
      sums[0] += LEVEL_SHIFT;
      for (let x = 0; x < columns; x++) column(sums, x, across);
      for (let y = 0, at = to; y < down; y++, at += stride) row(sums, y * across, samples, at);
    },
  };
}

/** {@link flatLevel}, cut off as bytes are, for planes of means. */
function clampedLevel(dc: number): number {
  return Math.max(0, Math.min(255, flatLevel(dc)));
}

function weighted(
  quant: QuantTable,
  { across, down, horizontal, vertical }: Shape,
): Pick<BlockTransform, 'slots' | 'weights' | 'sums'> {
  const unused = across * down;
  const slots = new Uint8Array(REACH).fill(unused);
  const weights = new Float64Array(REACH);
  for (let k = 0; k < 64; k++) {
    const place = ZIGZAG[k];
    const u = place & 7;
    const v = place >> 3;
    const weight = horizontal.weight[u] * vertical.weight[v];
    if (weight === 0) continue;
    slots[k] = vertical.target[v] * across + horizontal.target[u];
    weights[k] = weight * quant[k];
  }
  return { slots, weights, sums: new Float64Array(unused + 1) };
}

/** Whether the k-th coefficient has any part in a block of so many samples. */
export function isNeeded(k: number, across: Points, down: Points): boolean {
  const place = ZIGZAG[k];
  return foldingOf(across).weight[place & 7] !== 0 && foldingOf(down).weight[place >> 3] !== 0;
}

/** Writes blocks side by side into a plane, `across` × `down` samples each. */
export class TilingTransform implements BlockTransform {
  readonly slots: Uint8Array;
  readonly weights: Float64Array;
  readonly sums: Float64Array;
  readonly needsAc: boolean;
  readonly #plane: Plane;
  readonly #shape: Shape;

  constructor(quant: QuantTable, plane: Plane, across: Points, down: Points) {
    const shape = shapeOf(across, down);
    ({ slots: this.slots, weights: this.weights, sums: this.sums } = weighted(quant, shape));
    this.needsAc = across * down > 1;
    this.#plane = plane;
    this.#shape = shape;
  }

  write(row: number, column: number, last: number): void {
    const { data, stride } = this.#plane;
    const shape = this.#shape;
    const to = row * shape.down * stride + column * shape.across;
    if (last === 0) writeFlat(shape, this.sums, data, to, stride);
    else if (!this.needsAc) this.#writeMean(to);
    else writeBlock(shape, this.sums, last, data, to, stride);
  }

  /** Of a block that becomes one sample, the DC term is all that counts. */
  #writeMean(to: number): void {
    this.#plane.data[to] = this.sums[0] + LEVEL_SHIFT;
    this.sums[0] = 0;
  }
}

/** Writes a block that has but a DC term, and leaves 0 in its place. */
function writeFlat(
  { across, down, flat }: Pick<Shape, 'across' | 'down' | 'flat'>,
  sums: Float64Array,
  samples: Samples,
  to: number,
  stride: number,
): void {
  const level = flat(sums[0]);
  sums[0] = 0;
  for (let y = 0, at = to; y < down; y++, at += stride) {
    for (let x = 0; x < across; x++) samples[at + x] = level;
  }
}

/** Turns the coefficients of a block into samples, and leaves zeros in their place. */
function writeBlock(
  shape: Shape,
  sums: Float64Array,
  last: number,
  samples: Samples,
  to: number,
  stride: number,
): void {
  const columns = Math.min(shape.across, COLUMNS_UP_TO[last]);
  shape.write(sums, columns, samples, to, stride);
  for (let i = sums.length - 1; i >= 0; i--) sums[i] = 0;
}

/**
 * Decodes blocks whole and averages what of them is in the picture: for the last blocks of rows and
 * columns, where a cell may be cut by the picture's edge. The folding of {@link TilingTransform} would
 * count the samples beyond it, which an encoder fills as it likes.
 */
export class EdgeTransform implements BlockTransform {
  readonly slots: Uint8Array;
  readonly weights: Float64Array;
  readonly sums: Float64Array;
  readonly needsAc = true;
  readonly #samples = new Uint8ClampedArray(64);
  readonly #cells: Float32Array;

  constructor(
    quant: QuantTable,
    private readonly plane: Plane,
    private readonly across: Points,
    private readonly down: Points,
    private readonly horizontal: Coverage,
    private readonly vertical: Coverage,
  ) {
    ({ slots: this.slots, weights: this.weights, sums: this.sums } = weighted(quant, WHOLE));
    this.#cells = new Float32Array(across * down);
  }

  write(row: number, column: number, last: number): void {
    const { across, down } = this;
    const { data, stride } = this.plane;
    const left = column * across;
    const top = row * down;
    if (last === 0) {
      // Whatever is cut off of it, the mean of one level is that level.
      const shape = { across, down, flat: clampedLevel };
      writeFlat(shape, this.sums, data, top * stride + left, stride);
      return;
    }
    const cells = { data: this.#cells, stride: across };
    writeBlock(WHOLE, this.sums, 63, this.#samples, 0, 8);
    cells.data.fill(LEVEL_SHIFT);
    spread(this.#samples, row, column, this.horizontal, this.vertical, cells, left, top);
    for (let y = 0; y < down; y++) {
      const to = (top + y) * stride + left;
      for (let x = 0; x < across; x++) data[to + x] = cells.data[y * across + x];
    }
  }
}

/**
 * Decodes blocks whole and adds their samples to the cells that they have a share in: for components
 * whose sampling factor is such that cells begin and end within blocks, such as 2 of 3.
 */
export class SpreadingTransform implements BlockTransform {
  readonly slots: Uint8Array;
  readonly weights: Float64Array;
  readonly sums: Float64Array;
  readonly needsAc = true;
  readonly #samples = new Uint8ClampedArray(64);

  constructor(
    quant: QuantTable,
    private readonly plane: Plane,
    private readonly horizontal: Coverage,
    private readonly vertical: Coverage,
  ) {
    ({ slots: this.slots, weights: this.weights, sums: this.sums } = weighted(quant, WHOLE));
  }

  write(row: number, column: number): void {
    writeBlock(WHOLE, this.sums, 63, this.#samples, 0, 8);
    spread(this.#samples, row, column, this.horizontal, this.vertical, this.plane, 0, 0);
  }
}

/**
 * Adds a block's samples, as they differ from grey, to cells counted from (`left`, `top`), which were grey
 * (128) at first. At the full size a cell takes a single sample whole.
 */
function spread(
  samples: Uint8ClampedArray,
  row: number,
  column: number,
  horizontal: Coverage,
  vertical: Coverage,
  cells: Plane,
  left: number,
  top: number,
): void {
  const x0 = column * 8;
  const y0 = row * 8;
  const xEnd = Math.min(x0 + 8, horizontal.first.length - 1);
  const yEnd = Math.min(y0 + 8, vertical.first.length - 1);
  for (let y = y0; y < yEnd; y++) {
    const jEnd = vertical.first[y + 1];
    for (let j = vertical.first[y]; j < jEnd; j++) {
      const rowShare = vertical.shares[j];
      const to = (vertical.cells[j] - top) * cells.stride - left;
      for (let x = x0; x < xEnd; x++) {
        const sample = samples[(y - y0) * 8 + x - x0];
        const part = (sample - LEVEL_SHIFT) * rowShare;
        const iEnd = horizontal.first[x + 1];
        for (let i = horizontal.first[x]; i < iEnd; i++) {
          const cell = to + horizontal.cells[i];
          cells.data[cell] += part * horizontal.shares[i];
        }
      }
    }
  }
}
