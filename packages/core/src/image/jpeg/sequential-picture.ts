import { type ComponentOutput, type ComponentPlane, componentOutput } from './component-output.js';
import type { EntropyWindow } from './entropy-window.js';
import type { Frame } from './frame.js';
import { missingTable, type Picture, quantTableOf } from './picture.js';
import type { Scales } from './scale.js';
import type { ScanOutcome } from './scan.js';
import type { ScanHeader } from './scan-header.js';
import { SequentialDecoder } from './sequential.js';
import type { Tables } from './tables.js';

/**
 * The picture of a baseline or extended sequential file: each component comes in one scan, alone or
 * with others, and its blocks go straight into the output.
 */
export class SequentialPicture implements Picture {
  readonly #frame: Frame;
  readonly #scales: Scales;
  readonly #outputs: (ComponentOutput | undefined)[];
  /** The share of each component that was read. */
  readonly #read: number[];

  constructor(frame: Frame, scales: Scales) {
    this.#frame = frame;
    this.#scales = scales;
    this.#outputs = frame.components.map(() => undefined);
    this.#read = frame.components.map(() => 0);
  }

  get complete(): boolean {
    return this.#outputs.every((output) => output !== undefined);
  }

  /** Each component has one scan (B.2.3): one that comes again could only undo or repeat it. */
  wants({ parts }: ScanHeader): boolean {
    return parts.every(({ index }) => this.#outputs[index] === undefined);
  }

  begin(scan: ScanHeader, tables: Tables, window: EntropyWindow): SequentialDecoder {
    const coded = scan.parts.map(({ index, component, dcTable, acTable }) => {
      const quant = quantTableOf(component, tables);
      const dc = tables.dc[dcTable];
      const ac = tables.ac[acTable];
      if (dc === undefined) throw missingTable('DC Huffman', dcTable);
      if (ac === undefined) throw missingTable('AC Huffman', acTable);
      return { index, component, quant, dc, ac };
    });
    // Only now, when nothing can be missing any more, is memory taken.
    const parts = coded.map(({ index, component, quant, dc, ac }) => {
      const output = componentOutput(this.#frame, component, this.#scales, quant, true);
      this.#outputs[index] = output;
      return { dc, ac, output };
    });
    return new SequentialDecoder(window, this.#frame, scan, parts);
  }

  end({ parts }: ScanHeader, { decoded, total }: ScanOutcome): void {
    for (const { index } of parts) this.#read[index] = decoded / total;
  }

  get missing(): number {
    return shareMissing(this.#frame, this.#read);
  }

  readonly coarse = false;

  finish(): ComponentPlane[] {
    return this.#frame.components.map((component, index) => {
      const output =
        this.#outputs[index] ??
        componentOutput(this.#frame, component, this.#scales, new Uint16Array(64), false);
      return output.finish();
    });
  }
}

/** The missing share of a picture by the shares of its components that were read, weighed by their blocks. */
export function shareMissing({ components }: Frame, read: readonly number[]): number {
  let blocks = 0;
  let missing = 0;
  components.forEach(({ blocksAcross, blocksDown }, index) => {
    blocks += blocksAcross * blocksDown;
    missing += blocksAcross * blocksDown * (1 - (read[index] ?? 0));
  });
  return missing / blocks;
}
