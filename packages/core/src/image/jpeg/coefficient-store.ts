import type { ComponentOutput } from './component-output.js';

/** Scans of AC coefficients were not read: there may be any. */
const LAST_UNKNOWN = 63;

/**
 * The quantised coefficients of a component, which progressive scans fill in bit by bit (T.81, G.1).
 * Only those that the output needs are stored; of the others it is remembered whether they are 0,
 * since the number of bits of a refining scan depends on that.
 */
export class CoefficientStore {
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** How many coefficients are stored of a block, and for each place in zigzag order which of them, or −1. */
  readonly perBlock: number;
  readonly indexOf: Int8Array;
  readonly values: Int16Array;
  /**
   * For each block two words with a bit for each coefficient of the zigzag order that is not 0, the
   * first 32 in the first; DC has none. Empty if only DC is stored.
   */
  readonly nonzero: Int32Array;
  /** Those bits of the two words whose coefficients are stored. */
  readonly #storedLow: number;
  readonly #storedHigh: number;

  /** @param needed the places in zigzag order that the output needs; DC, place 0, first */
  constructor(blocksAcross: number, blocksDown: number, needed: readonly number[]) {
    this.blocksAcross = blocksAcross;
    this.blocksDown = blocksDown;
    this.perBlock = needed.length;
    this.indexOf = new Int8Array(64).fill(-1);
    needed.forEach((k, index) => {
      this.indexOf[k] = index;
    });
    const blocks = blocksAcross * blocksDown;
    this.values = new Int16Array(blocks * needed.length);
    this.nonzero = new Int32Array(needed.length > 1 ? blocks * 2 : 0);
    this.#storedLow = bitsOf(needed.filter((k) => k < 32));
    this.#storedHigh = bitsOf(needed.filter((k) => k >= 32));
  }

  /** Turns all blocks into samples. */
  write(output: ComponentOutput): void {
    const { values, perBlock, nonzero, indexOf, blocksDown, blocksAcross } = this;
    let block = 0;
    for (let row = 0; row < blocksDown; row++) {
      for (let column = 0; column < blocksAcross; column++, block++) {
        const transform = output.transformAt(row, column);
        const { slots, weights, sums } = transform;
        const base = block * perBlock;
        sums[0] = values[base] * weights[0];
        if (perBlock === 1) {
          transform.write(row, column, LAST_UNKNOWN);
          continue;
        }
        let low = nonzero[2 * block];
        let high = nonzero[2 * block + 1];
        const last = high !== 0 ? 63 - Math.clz32(high) : low !== 0 ? 31 - Math.clz32(low) : 0;
        low &= this.#storedLow;
        high &= this.#storedHigh;
        for (; low !== 0; low &= low - 1) {
          const k = 31 - Math.clz32(low & -low);
          const slot = slots[k];
          const value = values[base + indexOf[k]];
          sums[slot] += value * weights[k];
        }
        for (; high !== 0; high &= high - 1) {
          const k = 63 - Math.clz32(high & -high);
          const slot = slots[k];
          const value = values[base + indexOf[k]];
          sums[slot] += value * weights[k];
        }
        transform.write(row, column, last);
      }
    }
  }
}

/** A word with these bits set; places count modulo 32. */
export function bitsOf(places: readonly number[]): number {
  return places.reduce((word, place) => word | (1 << (place & 31)), 0);
}
