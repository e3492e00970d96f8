import type { CoefficientStore } from './coefficient-store.js';
import type { EntropyWindow } from './entropy-window.js';
import type { Frame } from './frame.js';
import type { HuffmanTable } from './huffman.js';
import { BlockwiseDecoder } from './scan.js';
import type { ScanHeader } from './scan-header.js';
import { DAMAGE, decodeDc } from './sequential.js';

/*
 * Progressive coding (T.81, G.1) sends the coefficients of all blocks in several scans: first some of
 * them, without their lowest bits (spectral selection, successive approximation), then the rest. There
 * are four ways to code a scan: DC terms or a band of AC coefficients, for the first time or to refine
 * them by one bit.
 */

/** The first scan of DC terms (G.1.2.1): as in sequential files, except for the omitted bits. */
export class DcFirstDecoder extends BlockwiseDecoder {
  readonly #stores: readonly CoefficientStore[];
  readonly #tables: readonly HuffmanTable[];
  readonly #predictions: Int32Array;
  readonly #low: number;

  constructor(
    window: EntropyWindow,
    frame: Frame,
    scan: ScanHeader,
    stores: readonly CoefficientStore[],
    tables: readonly HuffmanTable[],
  ) {
    super(window, frame, scan);
    this.#stores = stores;
    this.#tables = tables;
    this.#predictions = new Int32Array(stores.length);
    this.#low = scan.low;
  }

  restart(): void {
    this.#predictions.fill(0);
  }

  protected decodeBlock(part: number, row: number, column: number): boolean {
    const { window } = this;
    const store = this.#stores[part];
    const difference = decodeDc(window, this.#tables[part]);
    if (difference === DAMAGE || window.bit > window.endBit) return false;
    const value = this.#predictions[part] + difference;
    this.#predictions[part] = value;
    if (row < store.blocksDown && column < store.blocksAcross) {
      store.values[(row * store.blocksAcross + column) * store.perBlock] = value << this.#low;
    }
    return true;
  }
}

/** A scan that gives one more bit of each DC term (G.1.2.1). */
export class DcRefineDecoder extends BlockwiseDecoder {
  readonly #stores: readonly CoefficientStore[];
  readonly #bit: number;

  constructor(
    window: EntropyWindow,
    frame: Frame,
    scan: ScanHeader,
    stores: readonly CoefficientStore[],
  ) {
    super(window, frame, scan);
    this.#stores = stores;
    this.#bit = 1 << scan.low;
  }

  restart(): void {}

  protected decodeBlock(part: number, row: number, column: number): boolean {
    const { window } = this;
    const store = this.#stores[part];
    const { bit } = window;
    if (bit >= window.endBit) return false;
    window.bit = bit + 1;
    const isSet = (window.bytes[bit >>> 3] >> (7 - (bit & 7))) & 1;
    if (isSet === 1 && row < store.blocksDown && column < store.blocksAcross) {
      const at = (row * store.blocksAcross + column) * store.perBlock;
      store.values[at] |= this.#bit;
    }
    return true;
  }
}
