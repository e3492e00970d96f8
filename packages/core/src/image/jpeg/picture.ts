import { CaptionError } from '../../errors.js';
import type { ComponentPlane } from './component-output.js';
import type { EntropyWindow } from './entropy-window.js';
import type { Component } from './frame.js';
import type { ScanDecoder, ScanOutcome } from './scan.js';
import type { ScanHeader } from './scan-header.js';
import type { QuantTable, Tables } from './tables.js';

/** A picture that takes shape while the scans of a file are read, sequential or progressive. */
export interface Picture {
  /** All data for the output were read; the rest of the file is ignored. */
  readonly complete: boolean;
  /** Whether a scan has anything that the output needs. */
  wants(scan: ScanHeader): boolean;
  /**
   * Prepares for a scan.
   *
   * @throws CaptionError `DECODE_FAILED` when a table that the scan uses was not defined
   */
  begin(scan: ScanHeader, tables: Tables, window: EntropyWindow): ScanDecoder;
  /** Takes note of how a scan went. */
  end(scan: ScanHeader, outcome: ScanOutcome): void;
  /** The share of the picture, 0 to 1, of which nothing was read. */
  readonly missing: number;
  /** Something is there everywhere, but less exact than the file meant it. */
  readonly coarse: boolean;
  /** One plane for each component. */
  finish(): ComponentPlane[];
}

/** The quantisation table that a component uses, as it is when its first scan begins (B.2.4.1). */
export function quantTableOf(component: Component, tables: Tables): QuantTable {
  const table = tables.quant[component.quantTable];
  if (table === undefined) throw missingTable('quantisation', component.quantTable);
  return table;
}

/** The error for a table that a scan uses and the file does not define, or not soundly. */
export function missingTable(kind: string, slot: number): CaptionError {
  return new CaptionError(
    'DECODE_FAILED',
    `The JPEG uses ${kind} table ${slot}, which is missing or damaged.`,
  );
}
