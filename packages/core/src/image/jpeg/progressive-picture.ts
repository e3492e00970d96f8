import { CoefficientStore } from './coefficient-store.js';
import { type ComponentOutput, type ComponentPlane, componentOutput } from './component-output.js';
import type { EntropyWindow } from './entropy-window.js';
import type { Component, Frame } from './frame.js';
import { missingTable, type Picture, quantTableOf } from './picture.js';
import { AcFirstDecoder, AcRefineDecoder } from './progressive-ac.js';
import { DcFirstDecoder, DcRefineDecoder } from './progressive-dc.js';
import type { Scales } from './scale.js';
import type { ScanDecoder, ScanOutcome } from './scan.js';
import type { ScanHeader } from './scan-header.js';
import { shareMissing } from './sequential-picture.js';
import type { Tables } from './tables.js';

/**
 * Pictures up to this size have the means of cells at their edges made exact, for which the scans of AC
 * coefficients must be read even if only DC is kept of all other blocks. In larger ones the cut cells
 * are too small a part to wait for that.
 */
const EXACT_EDGE_PIXELS = 1 << 20;

/** A component while it is put together from scans. */
interface Growing {
  readonly output: ComponentOutput;
  readonly store: CoefficientStore;
  /** How many low bits of each coefficient, in zigzag order, are not read yet. */
  readonly bitsLeft: Uint8Array;
  /** The share of its blocks whose DC term was read. */
  read: number;
}

const NOTHING_READ = 255;

/** The picture of a progressive file: coefficients are kept until all scans are read (T.81, G.1). */
export class ProgressivePicture implements Picture {
  readonly #frame: Frame;
  readonly #scales: Scales;
  readonly #components: (Growing | undefined)[];
  #damaged = false;

  constructor(frame: Frame, scales: Scales) {
    this.#frame = frame;
    this.#scales = scales;
    this.#components = frame.components.map(() => undefined);
  }

  get complete(): boolean {
    return this.#components.every((growing) => growing !== undefined && isComplete(growing));
  }

  wants({ parts, from }: ScanHeader): boolean {
    return parts.some(({ index }) => {
      const growing = this.#components[index];
      return growing === undefined || from === 0 || growing.store.perBlock > 1;
    });
  }

  begin(scan: ScanHeader, tables: Tables, window: EntropyWindow): ScanDecoder {
    const { parts, from, high } = scan;
    const growing = parts.map(({ index, component }) => this.#grow(index, component, tables));
    const frame = this.#frame;
    if (from === 0) {
      const stores = growing.map(({ store }) => store);
      if (high > 0) return new DcRefineDecoder(window, frame, scan, stores);
      const dcTables = parts.map(({ dcTable }) => {
        const table = tables.dc[dcTable];
        if (table === undefined) throw missingTable('DC Huffman', dcTable);
        return table;
      });
      return new DcFirstDecoder(window, frame, scan, stores, dcTables);
    }
    // A scan of AC coefficients has one component (G.1.1.1.1).
    const [{ store }] = growing as [Growing];
    const slot = parts[0].acTable;
    const table = tables.ac[slot];
    if (table === undefined) throw missingTable('AC Huffman', slot);
    const Decoder = high > 0 ? AcRefineDecoder : AcFirstDecoder;
    return new Decoder(window, scan, store, table);
  }

  #grow(index: number, component: Component, tables: Tables): Growing {
    const known = this.#components[index];
    if (known !== undefined) return known;
    const { width, height } = this.#frame;
    const quant = quantTableOf(component, tables);
    const exactEdges = width * height <= EXACT_EDGE_PIXELS;
    const output = componentOutput(this.#frame, component, this.#scales, quant, exactEdges);
    const { blocksAcross, blocksDown, needed } = output;
    const growing: Growing = {
      output,
      store: new CoefficientStore(blocksAcross, blocksDown, needed),
      bitsLeft: new Uint8Array(64).fill(NOTHING_READ),
      read: 0,
    };
    this.#components[index] = growing;
    return growing;
  }

  end({ parts, from, to, high, low }: ScanHeader, { decoded, total }: ScanOutcome): void {
    for (const { index } of parts) {
      const growing = this.#components[index];
      if (growing === undefined) continue;
      // A first scan comes once, and each refinement after the one that left its bit out.
      const before = high === 0 ? NOTHING_READ : high;
      this.#damaged ||= growing.bitsLeft.subarray(from, to + 1).some((bits) => bits !== before);
      growing.bitsLeft.fill(low, from, to + 1);
      if (from === 0 && high === 0) growing.read = Math.max(growing.read, decoded / total);
      else this.#damaged ||= decoded < total;
    }
  }

  get missing(): number {
    return shareMissing(
      this.#frame,
      this.#components.map((growing) => growing?.read ?? 0),
    );
  }

  get coarse(): boolean {
    return this.#damaged || !this.complete;
  }

  finish(): ComponentPlane[] {
    return this.#frame.components.map((component, index) => {
      const growing = this.#components[index];
      if (growing === undefined) {
        const blank = new Uint16Array(64);
        return componentOutput(this.#frame, component, this.#scales, blank, false).finish();
      }
      growing.store.write(growing.output);
      this.#components[index] = undefined;
      return growing.output.finish();
    });
  }
}

function isComplete({ store, bitsLeft }: Growing): boolean {
  return bitsLeft.every((bits, k) => bits === 0 || store.indexOf[k] < 0);
}
