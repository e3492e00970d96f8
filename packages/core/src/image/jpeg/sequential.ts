import type { BlockTransform } from './block-transform.js';
import type { ComponentOutput } from './component-output.js';
import type { EntropyWindow } from './entropy-window.js';
import type { Frame } from './frame.js';
import {
  END_OF_BLOCK,
  ENTRY_ADVANCE,
  ENTRY_ADVANCE_SHIFT,
  ENTRY_LENGTH,
  ENTRY_SIZE,
  ENTRY_SIZE_SHIFT,
  ENTRY_VALUE_SHIFT,
  extend,
  type HuffmanTable,
  LOOKUP_BITS,
  SKIP_ADVANCE,
  SKIP_ADVANCE_SHIFT,
  SKIP_BITS,
  SKIP_ENDS,
  SKIP_LENGTH,
} from './huffman.js';
import { BlockwiseDecoder } from './scan.js';
import type { ScanHeader } from './scan-header.js';

/** What a sequential scan needs to know of a component. */
export interface SequentialPart {
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  readonly output: ComponentOutput;
}

/** The result of {@link decodeDc} and {@link decodeAc} for bits that are not a code. */
export const DAMAGE = Number.MIN_SAFE_INTEGER;

/**
 * Decodes the blocks of a baseline or extended sequential scan (T.81, F.2). A block is turned into
 * samples as soon as it is read; no coefficient is kept.
 */
export class SequentialDecoder extends BlockwiseDecoder {
  readonly #parts: readonly SequentialPart[];
  /** The DC term of the last block of each component (F.1.1.5.1, PRED). */
  readonly #predictions: Int32Array;

  constructor(
    window: EntropyWindow,
    frame: Frame,
    scan: ScanHeader,
    parts: readonly SequentialPart[],
  ) {
    super(window, frame, scan);
    this.#parts = parts;
    this.#predictions = new Int32Array(parts.length);
  }

  restart(): void {
    this.#predictions.fill(0);
  }

  protected decodeBlock(index: number, row: number, column: number): boolean {
    const window = this.window;
    const part = this.#parts[index];
    const { output } = part;
    const difference = decodeDc(window, part.dc);
    if (difference === DAMAGE) return false;
    const dc = this.#predictions[index] + difference;

    // MCUs at the right and lower edge may hold blocks of which nothing is in the picture (A.2.4).
    const inPicture = row < output.blocksDown && column < output.blocksAcross;
    const transform = output.transformAt(row, column);
    const last =
      inPicture && transform.needsAc
        ? decodeAc(window, part.ac, transform)
        : skipAc(window, part.ac);
    const { sums, weights } = transform;
    if (last === DAMAGE || window.bit > window.endBit) {
      sums.fill(0);
      return false;
    }
    this.#predictions[index] = dc;
    if (inPicture) {
      sums[0] += dc * weights[0];
      transform.write(row, column, last);
    }
    return true;
  }
}

/** Reads a DC difference (F.2.2.1). */
export function decodeDc(window: EntropyWindow, table: HuffmanTable): number {
  const bit = window.bit;
  const word = window.view.getInt32(bit >>> 3) << (bit & 7);
  const found = table.lookup[word >>> (32 - LOOKUP_BITS)];
  const entry = found !== 0 ? found : table.decode(word >>> 16);
  window.bit = bit + (entry & ENTRY_LENGTH);
  const value = entry >> ENTRY_VALUE_SHIFT;
  if (value !== 0) return value;
  if (entry === 0) return DAMAGE;
  const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
  return size === 0 ? 0 : extend(window.readBits(size), size);
}

/**
 * Reads the AC coefficients of a block (F.2.2.2) and sums them up in a transform.
 *
 * @returns the place in zigzag order up to which there may be coefficients other than 0, or `DAMAGE`
 */
function decodeAc(window: EntropyWindow, table: HuffmanTable, transform: BlockTransform): number {
  const view = window.view;
  const lookup = table.lookup;
  const { slots, weights, sums } = transform;
  let bit = window.bit;
  let k = 0;
  while (k < 63) {
    const word = view.getInt32(bit >>> 3) << (bit & 7);
    let entry = lookup[word >>> (32 - LOOKUP_BITS)];
    let value = entry >> ENTRY_VALUE_SHIFT;
    if (value === 0) {
      // The end, a run of sixteen zeros, a value beyond the look-up's bits, or a long code.
      if (entry === 0) entry = table.decode(word >>> 16);
      if (entry === 0) return DAMAGE;
      const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
      if (((entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE) === END_OF_BLOCK) {
        bit += entry & ENTRY_LENGTH;
        break;
      }
      if (size > 0) {
        const at = bit + (entry & ENTRY_LENGTH);
        value = extend((view.getInt32(at >>> 3) << (at & 7)) >>> (32 - size), size);
        bit += size;
      }
    }
    bit += entry & ENTRY_LENGTH;
    k += (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
    const slot = slots[k];
    sums[slot] += value * weights[k];
  }
  window.bit = bit;
  return k > 63 ? DAMAGE : k;
}

/**
 * Reads over the AC coefficients of a block, several at a time.
 *
 * @returns as {@link decodeAc}
 */
function skipAc(window: EntropyWindow, table: HuffmanTable): number {
  const view = window.view;
  const skips = table.skips;
  let bit = window.bit;
  let k = 0;
  while (k < 63) {
    const word = view.getInt32(bit >>> 3) << (bit & 7);
    const several = skips[word >>> (32 - SKIP_BITS)];
    const next = k + ((several >> SKIP_ADVANCE_SHIFT) & SKIP_ADVANCE);
    if (next < 63) {
      bit += several & SKIP_LENGTH;
      k = next;
      if (several & SKIP_ENDS) break;
    } else {
      // Too near the end of the block to take several at once, or a code longer than the index.
      const entry = table.decode(word >>> 16);
      if (entry === 0) return DAMAGE;
      const advance = (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
      bit += entry & ENTRY_LENGTH;
      if (advance === END_OF_BLOCK) break;
      bit += (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
      k += advance;
    }
  }
  window.bit = bit;
  return k > 63 ? DAMAGE : k;
}
