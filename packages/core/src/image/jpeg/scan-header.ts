import { CaptionError } from '../../errors.js';
import type { Component, Frame } from './frame.js';
import type { Segment } from './markers.js';

/** A component's part in a scan. */
export interface ScanPart {
  /** Which component of the frame, counted from 0. */
  readonly index: number;
  readonly component: Component;
  /** Slots of its Huffman tables, 0 to 3. */
  readonly dcTable: number;
  readonly acTable: number;
}

/** What a start-of-scan segment says (T.81, B.2.3). */
export interface ScanHeader {
  readonly parts: readonly ScanPart[];
  /** First and last coefficient in zigzag order (Ss, Se). */
  readonly from: number;
  readonly to: number;
  /** How many low bits the scan before left out, and how many this one still does (Ah, Al). */
  readonly high: number;
  readonly low: number;
  /** Where the entropy-coded data begins. */
  readonly dataAt: number;
}

/** Reads a start-of-scan segment. @throws CaptionError `DECODE_FAILED` when it makes no sense */
export function readScanHeader(bytes: Uint8Array, segment: Segment, frame: Frame): ScanHeader {
  const { start } = segment;
  const count = bytes[start] ?? 0;
  // The number of components says it all; a length that does not fit is not believed.
  const dataAt = start + 4 + 2 * count;
  if (count < 1 || count > 4 || dataAt > bytes.length) throw damagedScan('is cut short');
  const parts: ScanPart[] = [];
  for (let i = 0; i < count; i++) {
    const id = bytes[start + 1 + 2 * i];
    const tables = bytes[start + 2 + 2 * i];
    // Files with the same identifier twice exist; a scan then means them in the frame's order.
    const index = frame.components.findIndex(
      (component, at) => component.id === id && parts.every((part) => part.index !== at),
    );
    const component = frame.components[index];
    if (component === undefined) throw damagedScan(`names component ${id}, which does not exist`);
    if (tables >> 4 > 3 || (tables & 15) > 3) throw damagedScan('names tables out of range');
    parts.push({ index, component, dcTable: tables >> 4, acTable: tables & 15 });
  }
  const at = start + 1 + 2 * count;
  const approximation = bytes[at + 2];
  const header: ScanHeader = {
    parts,
    from: bytes[at],
    to: bytes[at + 1],
    high: approximation >> 4,
    low: approximation & 15,
    dataAt,
  };
  // In sequential files these are fixed, and a wrong value there does no harm.
  if (frame.progressive) checkProgression(header);
  return header;
}

/** The rules of G.1.1.1 for spectral selection and successive approximation. */
function checkProgression({ parts, from, to, high, low }: ScanHeader): void {
  const bandFits = from === 0 ? to === 0 : parts.length === 1 && to >= from && to <= 63;
  const bitsFit = low <= 13 && (high === 0 || high === low + 1);
  if (!bandFits || !bitsFit) {
    throw damagedScan(
      `codes coefficients ${from}–${to}, bits ${high} to ${low}, which is out of range`,
    );
  }
}

function damagedScan(what: string): CaptionError {
  return new CaptionError('DECODE_FAILED', `A scan header of the JPEG ${what}; it is damaged.`);
}
