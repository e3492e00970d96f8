import { bitsOf, type CoefficientStore } from './coefficient-store.js';
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
import type { ScanDecoder } from './scan.js';
import type { ScanHeader } from './scan-header.js';

/** The first scan of a band of AC coefficients (G.1.2.2). */
export class AcFirstDecoder implements ScanDecoder {
  readonly #window: EntropyWindow;
  readonly #scan: ScanHeader;
  readonly #store: CoefficientStore;
  readonly #table: HuffmanTable;
  /** Blocks still to come whose band is all 0 (EOBRUN). */
  #emptyBands = 0;

  constructor(
    window: EntropyWindow,
    scan: ScanHeader,
    store: CoefficientStore,
    table: HuffmanTable,
  ) {
    this.#window = window;
    this.#scan = scan;
    this.#store = store;
    this.#table = table;
  }

  restart(): void {
    this.#emptyBands = 0;
  }

  decode(from: number, to: number): number {
    const window = this.#window;
    for (let block = from; block < to; block++) {
      if (this.#emptyBands > 0) {
        const passed = Math.min(this.#emptyBands, to - block);
        this.#emptyBands -= passed;
        block += passed - 1;
        continue;
      }
      if (window.bit >= window.refillBit) window.refill();
      if (!this.#decodeBand(block) || window.bit > window.endBit) return block;
    }
    return to;
  }

  #decodeBand(block: number): boolean {
    const window = this.#window;
    const { view } = window;
    const { from, to, low } = this.#scan;
    const { values, nonzero, indexOf, perBlock } = this.#store;
    const lookup = this.#table.lookup;
    const base = block * perBlock;
    let bit = window.bit;
    for (let k = from - 1; k < to; ) {
      const bits = view.getInt32(bit >>> 3) << (bit & 7);
      let entry = lookup[bits >>> (32 - LOOKUP_BITS)];
      let value = entry >> ENTRY_VALUE_SHIFT;
      if (value === 0) {
        if (entry === 0) entry = this.#table.decode(bits >>> 16);
        if (entry === 0) return false;
        const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
        const at = bit + (entry & ENTRY_LENGTH);
        const extra = size > 0 ? (view.getInt32(at >>> 3) << (at & 7)) >>> (32 - size) : 0;
        bit += size;
        if (((entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE) === END_OF_BLOCK) {
          bit += entry & ENTRY_LENGTH;
          this.#emptyBands = (1 << size) + extra - 1;
          break;
        }
        if (size > 0) value = extend(extra, size);
      }
      bit += entry & ENTRY_LENGTH;
      k += (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
      if (k > to) return false;
      if (value === 0) continue;
      const word = 2 * block + (k >> 5);
      nonzero[word] |= 1 << (k & 31);
      const index = indexOf[k];
      if (index >= 0) values[base + index] = value << low;
    }
    window.bit = bit;
    return true;
  }
}

/**
 * A scan that gives one more bit of each AC coefficient of a band (G.1.2.3). Those that are not 0 yet
 * grow by it or not; among the zeros, runs lead to the ones that it makes 1 or −1.
 */
export class AcRefineDecoder implements ScanDecoder {
  readonly #window: EntropyWindow;
  readonly #scan: ScanHeader;
  readonly #store: CoefficientStore;
  readonly #table: HuffmanTable;
  /** The bits of the band in the two words of {@link CoefficientStore.nonzero}. */
  readonly #bandLow: number;
  readonly #bandHigh: number;
  #emptyBands = 0;

  constructor(
    window: EntropyWindow,
    scan: ScanHeader,
    store: CoefficientStore,
    table: HuffmanTable,
  ) {
    this.#window = window;
    this.#scan = scan;
    this.#store = store;
    this.#table = table;
    const band = Array.from({ length: scan.to - scan.from + 1 }, (_, i) => scan.from + i);
    this.#bandLow = bitsOf(band.filter((k) => k < 32));
    this.#bandHigh = bitsOf(band.filter((k) => k >= 32));
  }

  restart(): void {
    this.#emptyBands = 0;
  }

  decode(from: number, to: number): number {
    const window = this.#window;
    const { nonzero } = this.#store;
    for (let block = from; block < to; block++) {
      if (this.#emptyBands > 0) {
        this.#emptyBands--;
        const low = nonzero[2 * block] & this.#bandLow;
        const high = nonzero[2 * block + 1] & this.#bandHigh;
        if ((low | high) === 0) continue;
        if (window.bit >= window.refillBit) window.refill();
        this.#refineAll(block, low, high);
      } else {
        if (window.bit >= window.refillBit) window.refill();
        if (!this.#decodeBand(block)) return block;
      }
      if (window.bit > window.endBit) return block;
    }
    return to;
  }

  #decodeBand(block: number): boolean {
    const window = this.#window;
    const { view } = window;
    const { from, to, low } = this.#scan;
    const { values, nonzero, indexOf, perBlock } = this.#store;
    const table = this.#table;
    const lookup = table.lookup;
    const base = block * perBlock;
    let knownLow = nonzero[2 * block];
    let knownHigh = nonzero[2 * block + 1];
    // After the end of a band, the coefficients in the rest of it are still refined.
    let restLow = 0;
    let restHigh = 0;
    let bit = window.bit;
    for (let k = from; k <= to; k++) {
      const bits = view.getInt32(bit >>> 3) << (bit & 7);
      let entry = lookup[bits >>> (32 - LOOKUP_BITS)];
      if (entry === 0) entry = table.decode(bits >>> 16);
      if (entry === 0) return false;
      bit += entry & ENTRY_LENGTH;
      const advance = (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
      const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
      if (advance === END_OF_BLOCK) {
        const extra = size > 0 ? (view.getInt32(bit >>> 3) << (bit & 7)) >>> (32 - size) : 0;
        this.#emptyBands = (1 << size) + extra - 1;
        bit += size;
        restLow = knownLow & this.#bandLow & bitsFrom(k);
        restHigh = knownHigh & this.#bandHigh & bitsFrom(k - 32);
        break;
      }
      // A coefficient that becomes other than 0 is 1 or −1 times the bit of this scan.
      let sign = entry >> ENTRY_VALUE_SHIFT;
      if (sign === 0 && size > 0) {
        if (size > 1) return false;
        sign = view.getInt32(bit >>> 3) << (bit & 7) < 0 ? 1 : -1;
        bit++;
      }
      if (sign < -1 || sign > 1) return false;

      // Pass over as many zeros as the run says; the others on the way are refined.
      for (let zeros = advance - 1; k <= to; k++) {
        if ((((k < 32 ? knownLow : knownHigh) >> (k & 31)) & 1) === 0) {
          if (zeros-- === 0) break;
          continue;
        }
        const grows = view.getInt32(bit >>> 3) << (bit & 7) < 0;
        bit++;
        const index = indexOf[k];
        if (grows && index >= 0) grow(values, base + index, low);
      }
      if (sign === 0) continue;
      if (k > to) return false;
      if (k < 32) knownLow |= 1 << k;
      else knownHigh |= 1 << (k & 31);
      const index = indexOf[k];
      if (index >= 0) values[base + index] = sign << low;
    }
    window.bit = bit;
    nonzero[2 * block] = knownLow;
    nonzero[2 * block + 1] = knownHigh;
    this.#refineAll(block, restLow, restHigh);
    return true;
  }

  /** Refines the coefficients whose bits are set in two words, none of which is 0. */
  #refineAll(block: number, low: number, high: number): void {
    const { values, indexOf, perBlock } = this.#store;
    const { bytes } = this.#window;
    const base = block * perBlock;
    let bit = this.#window.bit;
    for (let offset = 0, rest = low; offset < 64; offset += 32, rest = high) {
      for (; rest !== 0; rest &= rest - 1, bit++) {
        if (((bytes[bit >>> 3] >> (7 - (bit & 7))) & 1) === 0) continue;
        const index = indexOf[offset + 31 - Math.clz32(rest & -rest)];
        if (index >= 0) grow(values, base + index, this.#scan.low);
      }
    }
    this.#window.bit = bit;
  }
}

/** Adds a bit to a coefficient's magnitude. */
function grow(values: Int16Array, at: number, low: number): void {
  const value = values[at];
  values[at] = value + (value < 0 ? -1 << low : 1 << low);
}

/** A word with all bits from a place on set. */
function bitsFrom(place: number): number {
  if (place <= 0) return -1;
  return place > 31 ? 0 : -1 << place;
}
