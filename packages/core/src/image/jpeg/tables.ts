import { HuffmanTable } from './huffman.js';
import { endOf, isMarkerAt, readUint16, type Segment } from './markers.js';
import { standardTable } from './standard-huffman.js';

/** Steps of the quantiser for the 64 coefficients of a block, in zigzag order, 1 to 65535. */
export type QuantTable = Uint16Array;

/**
 * The tables that a decoder holds while it reads a file: four places each for quantisation and for
 * DC and AC Huffman tables (T.81, B.2.4). A later definition replaces an earlier one; scans before
 * it keep what they have used.
 */
export interface Tables {
  readonly quant: (QuantTable | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  /** MCUs between restart markers; 0 for none (B.2.4.4). */
  restartInterval: number;
}

/**
 * The tables at the start of a file: none, except for the Huffman tables that T.81 prints as typical in
 * annex K.3. Frames of Motion JPEG use those without defining them.
 */
export function initialTables(): Tables {
  return {
    quant: [undefined, undefined, undefined, undefined],
    dc: [standardTable('dc', 0), standardTable('dc', 1), undefined, undefined],
    ac: [standardTable('ac', 0), standardTable('ac', 1), undefined, undefined],
    restartInterval: 0,
  };
}

/*
 * The readers of segments below take what makes sense and leave out what does not: a table that is
 * damaged is then missing, and scans that use it are passed over. They return where the segment ended.
 */

/** Reads a DQT segment, which may define several tables (B.2.4.1). */
export function defineQuantTables(bytes: Uint8Array, segment: Segment, tables: Tables): number {
  const limit = limitOf(bytes, segment);
  let at = segment.start;
  do {
    const head = bytes[at] ?? 0xff;
    const slot = head & 15;
    const stepBytes = head >> 4 === 0 ? 1 : 2;
    if (head >> 4 > 1 || slot > 3) break;
    const end = at + 1 + 64 * stepBytes;
    tables.quant[slot] = end > limit ? undefined : readSteps(bytes, at + 1, stepBytes);
    at = end;
  } while (at < segment.end);
  return endOf(bytes, segment, at);
}

function readSteps(bytes: Uint8Array, start: number, stepBytes: 1 | 2): QuantTable {
  return Uint16Array.from({ length: 64 }, (_, k) =>
    stepBytes === 1 ? bytes[start + k] : readUint16(bytes, start + 2 * k),
  );
}

/** Reads a DHT segment, which may define several tables (B.2.4.2). */
export function defineHuffmanTables(bytes: Uint8Array, segment: Segment, tables: Tables): number {
  const limit = limitOf(bytes, segment);
  let at = segment.start;
  do {
    const head = bytes[at] ?? 0xff;
    const slot = head & 15;
    const symbolsAt = at + 17;
    if (head >> 4 > 1 || slot > 3 || symbolsAt > limit) break;
    const counts = bytes.slice(at + 1, symbolsAt);
    at = symbolsAt + counts.reduce((sum, count) => sum + count, 0);
    // Codes whose symbols are cut off are none; the shorter ones before them may do.
    const symbols = bytes.slice(symbolsAt, Math.min(at, limit));
    (head >> 4 === 0 ? tables.dc : tables.ac)[slot] = HuffmanTable.from(counts, symbols);
  } while (at < segment.end);
  return endOf(bytes, segment, at);
}

/** Reads a DRI segment (B.2.4.4). */
export function defineRestartInterval(bytes: Uint8Array, segment: Segment, tables: Tables): number {
  tables.restartInterval = readUint16(bytes, segment.start);
  return endOf(bytes, segment, segment.start + 2);
}

/** How far the content of a segment can reach. */
function limitOf(bytes: Uint8Array, segment: Segment): number {
  return isMarkerAt(bytes, segment.end) ? segment.end : bytes.length;
}
