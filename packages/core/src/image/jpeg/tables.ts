import { CaptionError } from '../../errors.js';
import { HuffmanTable } from './huffman.js';
import { readUint16, type Segment } from './markers.js';
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

export function emptyTables(): Tables {
  return {
    quant: [undefined, undefined, undefined, undefined],
    dc: [undefined, undefined, undefined, undefined],
    ac: [undefined, undefined, undefined, undefined],
    restartInterval: 0,
  };
}

/** Reads a DQT segment, which may define several tables (B.2.4.1). */
export function defineQuantTables(bytes: Uint8Array, segment: Segment, tables: Tables): void {
  let at = segment.start;
  while (at < segment.end) {
    const head = bytes[at] as number;
    const wide = head >> 4;
    const slot = head & 15;
    const stepBytes = wide === 0 ? 1 : 2;
    if (wide > 1 || slot > 3 || at + 1 + 64 * stepBytes > segment.end) {
      throw damagedTable('quantisation', head);
    }
    at += 1;
    const steps = new Uint16Array(64);
    for (let k = 0; k < 64; k++, at += stepBytes) {
      steps[k] = wide === 0 ? (bytes[at] as number) : readUint16(bytes, at);
    }
    tables.quant[slot] = steps;
  }
}

/** Reads a DHT segment, which may define several tables (B.2.4.2). */
export function defineHuffmanTables(bytes: Uint8Array, segment: Segment, tables: Tables): void {
  let at = segment.start;
  while (at < segment.end) {
    const head = bytes[at] as number;
    const kind = head >> 4;
    const slot = head & 15;
    const counts = bytes.slice(at + 1, at + 17);
    const symbolsAt = at + 17;
    at = symbolsAt + counts.reduce((sum, count) => sum + count, 0);
    if (kind > 1 || slot > 3 || at > segment.end || at - symbolsAt > 256) {
      throw damagedTable('Huffman', head);
    }
    const table = new HuffmanTable(counts, bytes.slice(symbolsAt, at));
    (kind === 0 ? tables.dc : tables.ac)[slot] = table;
  }
}

/** Reads a DRI segment (B.2.4.4). */
export function defineRestartInterval(bytes: Uint8Array, segment: Segment, tables: Tables): void {
  if (segment.end - segment.start < 2) throw damagedTable('restart interval', 0);
  tables.restartInterval = readUint16(bytes, segment.start);
}

/**
 * The Huffman table in a slot. Frames of Motion JPEG leave out the definitions of the typical tables
 * that T.81 prints in annex K.3, so those stand in the first two slots until something else does.
 */
export function huffmanTable(
  tables: Tables,
  kind: 'dc' | 'ac',
  slot: number,
): HuffmanTable | undefined {
  const held = tables[kind];
  held[slot] ??= standardTable(kind, slot);
  return held[slot];
}

function damagedTable(name: string, head: number): CaptionError {
  return new CaptionError(
    'DECODE_FAILED',
    `A ${name} table of the JPEG is damaged (its first byte is 0x${head.toString(16)}).`,
  );
}
