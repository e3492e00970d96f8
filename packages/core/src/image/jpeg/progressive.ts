import type { ComponentOutput } from './component-output.js';
import type { EntropyWindow } from './entropy-window.js';
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
} from './huffman.js';
import type { BlockDecoder } from './scan.js';
import { DAMAGE, decodeDc } from './sequential.js';

/**
 * The quantised coefficients of a component, which progressive scans fill in bit by bit (T.81, G.1).
 * Only those that the output needs are stored; of the others it is remembered whether they are 0,
 * since the number of bits of a refining scan depends on that.
 */
export class CoefficientStore {
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** The places in zigzag order that are stored, DC first, and for all 64 the index among them or −1. */
  readonly stored: Uint8Array;
  readonly indexOf: Int8Array;
  readonly values: Int16Array;
  /** Two words a block, a bit for each AC coefficient that is not 0; absent if only DC is stored. */
  readonly history: Int32Array | undefined;

  /** @param needed the places in zigzag order that the output needs; 0 among them */
  constructor(blocksAcross: number, blocksDown: number, needed: readonly number[]) {
    this.blocksAcross = blocksAcross;
    this.blocksDown = blocksDown;
    this.stored = Uint8Array.from(needed);
    this.indexOf = new Int8Array(64).fill(-1);
    needed.forEach((k, index) => {
      this.indexOf[k] = index;
    });
    const blocks = blocksAcross * blocksDown;
    this.values = new Int16Array(blocks * needed.length);
    this.history = needed.length > 1 ? new Int32Array(blocks * 2) : undefined;
  }

  /** Turns all blocks into samples. */
  write(output: ComponentOutput): void {
    const { values, stored, history } = this;
    const count = stored.length;
    let block = 0;
    for (let row = 0; row < this.blocksDown; row++) {
      for (let column = 0; column < this.blocksAcross; column++, block++) {
        const transform = output.transformAt(row, column);
        const { slots, weights, sums } = transform;
        const base = block * count;
        sums[0] = (values[base] as number) * (weights[0] as number);
        const flat =
          history === undefined ||
          ((history[2 * block] as number) | (history[2 * block + 1] as number)) === 0;
        if (!flat) {
          for (let i = 1; i < count; i++) {
            const k = stored[i] as number;
            const slot = slots[k] as number;
            sums[slot] =
              (sums[slot] as number) + (values[base + i] as number) * (weights[k] as number);
          }
        }
        transform.write(row, column, flat);
      }
    }
  }
}

/** What the first scan of DC terms needs to know of a component. */
export interface DcPart {
  readonly table: HuffmanTable;
  readonly store: CoefficientStore;
}

/** The first scan of DC terms, without their lowest `low` bits (G.1.2.1). */
export class DcFirstDecoder implements BlockDecoder {
  readonly #predictions: Int32Array;

  constructor(
    private readonly window: EntropyWindow,
    private readonly parts: readonly DcPart[],
    private readonly low: number,
  ) {
    this.#predictions = new Int32Array(parts.length);
  }

  restart(): void {
    this.#predictions.fill(0);
  }

  decodeBlock(index: number, row: number, column: number): boolean {
    const { table, store } = this.parts[index] as DcPart;
    const difference = decodeDc(this.window, table);
    if (difference === DAMAGE || this.window.bit > this.window.endBit) return false;
    const value = (this.#predictions[index] as number) + difference;
    this.#predictions[index] = value;
    if (row < store.blocksDown && column < store.blocksAcross) {
      store.values[(row * store.blocksAcross + column) * store.stored.length] = value << this.low;
    }
    return true;
  }
}

/** A scan that gives one more bit of each DC term (G.1.2.1). */
export class DcRefineDecoder implements BlockDecoder {
  constructor(
    private readonly window: EntropyWindow,
    private readonly stores: readonly CoefficientStore[],
    private readonly low: number,
  ) {}

  restart(): void {}

  decodeBlock(index: number, row: number, column: number): boolean {
    const store = this.stores[index] as CoefficientStore;
    const bit = this.window.readBits(1);
    if (this.window.bit > this.window.endBit) return false;
    if (bit === 1 && row < store.blocksDown && column < store.blocksAcross) {
      const at = (row * store.blocksAcross + column) * store.stored.length;
      store.values[at] = (store.values[at] as number) | (1 << this.low);
    }
    return true;
  }
}

/** The first scan of a band of AC coefficients, without their lowest `low` bits (G.1.2.2). */
export class AcFirstDecoder implements BlockDecoder {
  /** Blocks still to come whose band is all 0 (EOBRUN). */
  #emptyBands = 0;

  constructor(
    private readonly window: EntropyWindow,
    private readonly table: HuffmanTable,
    private readonly store: CoefficientStore,
    private readonly from: number,
    private readonly to: number,
    private readonly low: number,
  ) {}

  restart(): void {
    this.#emptyBands = 0;
  }

  decodeBlock(_: number, row: number, column: number): boolean {
    if (this.#emptyBands > 0) {
      this.#emptyBands--;
      return true;
    }
    const { window, store, to, low } = this;
    const { view } = window;
    const { values, indexOf } = store;
    const history = store.history as Int32Array;
    const lookup = this.table.lookup;
    const block = row * store.blocksAcross + column;
    const base = block * store.stored.length;
    let bit = window.bit;
    let k = this.from - 1;
    while (k < to) {
      const bits32 = view.getInt32(bit >>> 3) << (bit & 7);
      const found = lookup[bits32 >>> (32 - LOOKUP_BITS)] as number;
      const entry = found !== 0 ? found : this.table.decode(bits32 >>> 16);
      if (entry === 0) return false;
      bit += entry & ENTRY_LENGTH;
      const advance = (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
      const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
      let value = entry >> ENTRY_VALUE_SHIFT;
      if (value === 0 && size > 0) {
        const bits = (view.getInt32(bit >>> 3) << (bit & 7)) >>> (32 - size);
        bit += size;
        if (advance === END_OF_BLOCK) {
          this.#emptyBands = (1 << size) + bits - 1;
          break;
        }
        value = extend(bits, size);
      } else if (advance === END_OF_BLOCK) break;
      k += advance;
      if (k > to) return false;
      if (value !== 0) {
        const word = 2 * block + (k >> 5);
        history[word] = (history[word] as number) | (1 << (k & 31));
        const index = indexOf[k] as number;
        if (index >= 0) values[base + index] = value << low;
      }
    }
    window.bit = bit;
    return bit <= window.endBit;
  }
}

/** A scan that gives one more bit of each AC coefficient of a band (G.1.2.3). */
export class AcRefineDecoder implements BlockDecoder {
  #emptyBands = 0;
  /** The bits of the band in the two words of a block's history. */
  readonly #bandLow: number;
  readonly #bandHigh: number;

  constructor(
    private readonly window: EntropyWindow,
    private readonly table: HuffmanTable,
    private readonly store: CoefficientStore,
    private readonly from: number,
    private readonly to: number,
    private readonly low: number,
  ) {
    this.#bandLow = bitsBetween(from, Math.min(to, 31));
    this.#bandHigh = bitsBetween(Math.max(from, 32) - 32, to - 32);
  }

  restart(): void {
    this.#emptyBands = 0;
  }

  decodeBlock(_: number, row: number, column: number): boolean {
    const { window, store, from, to } = this;
    const history = store.history as Int32Array;
    const block = row * store.blocksAcross + column;
    let k = from;
    if (this.#emptyBands === 0) {
      for (; k <= to; k++) {
        const entry = this.#readSymbol();
        if (entry === 0) return false;
        const advance = (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
        const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
        if (advance === END_OF_BLOCK) {
          this.#emptyBands = (1 << size) + window.readBits(size);
          break;
        }
        // A coefficient that is new has one bit yet, which gives its sign.
        let fresh = entry >> ENTRY_VALUE_SHIFT;
        if (fresh === 0 && size === 1) fresh = extend(window.readBits(1), 1);
        if (fresh < -1 || fresh > 1 || size > 1) return false;
        k = this.#refine(block, k, advance - 1);
        if (fresh !== 0) {
          if (k > to) return false;
          this.#place(block, k, fresh);
        }
      }
    }
    if (this.#emptyBands > 0) {
      this.#emptyBands--;
      const known =
        ((history[2 * block] as number) & this.#bandLow) |
        ((history[2 * block + 1] as number) & this.#bandHigh);
      if (known !== 0) this.#refine(block, k, NO_RUN);
    }
    return window.bit <= window.endBit;
  }

  #readSymbol(): number {
    const window = this.window;
    const bits = window.peek16();
    const found = this.table.lookup[bits >> (16 - LOOKUP_BITS)] as number;
    const entry = found !== 0 ? found : this.table.decode(bits);
    window.bit += entry & ENTRY_LENGTH;
    return entry;
  }

  /**
   * Reads a bit for each coefficient that is not 0, and passes over `zeros` that are.
   *
   * @returns the place of the 0 after those, or one past the band
   */
  #refine(block: number, start: number, zeros: number): number {
    const { window, to, low } = this;
    const { values, indexOf, stored, history } = this.store;
    const { bytes } = window;
    const base = block * stored.length;
    const known = history as Int32Array;
    let bit = window.bit;
    let left = zeros;
    let k = start;
    for (; k <= to; k++) {
      if ((((known[2 * block + (k >> 5)] as number) >> (k & 31)) & 1) === 0) {
        if (left-- === 0) break;
        continue;
      }
      const grows = ((bytes[bit >>> 3] as number) >> (7 - (bit & 7))) & 1;
      bit++;
      const index = indexOf[k] as number;
      if (grows === 1 && index >= 0) {
        const value = values[base + index] as number;
        values[base + index] = value + (value > 0 ? 1 << low : -1 << low);
      }
    }
    window.bit = bit;
    return k;
  }

  #place(block: number, k: number, sign: number): void {
    const { history, indexOf, values, stored } = this.store;
    const known = history as Int32Array;
    const word = 2 * block + (k >> 5);
    known[word] = (known[word] as number) | (1 << (k & 31));
    const index = indexOf[k] as number;
    if (index >= 0) values[block * stored.length + index] = sign << this.low;
  }
}

/** A run of zeros that no band holds. */
const NO_RUN = 64;

/** A word with the bits from one place to another set, places 0 to 31; none if there are none. */
function bitsBetween(from: number, to: number): number {
  let word = 0;
  for (let place = from; place <= to; place++) word |= 1 << place;
  return word;
}
