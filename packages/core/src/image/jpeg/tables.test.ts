import { describe, expect, it } from 'vitest';
import { nextSegment, type Segment } from './markers.js';
import {
  defineHuffmanTables,
  defineQuantTables,
  defineRestartInterval,
  initialTables,
} from './tables.js';

const END = [0xff, 0xd9];
const steps = (first: number) => Array.from({ length: 64 }, (_, i) => first + i);
/** One code of one bit, for one symbol. */
const oneCode = (head: number, symbol: number) => [
  head,
  1,
  ...new Array<number>(15).fill(0),
  symbol,
];

/** A segment with a length that may be wrong, and what follows it. */
function segmentOf(marker: number, length: number, content: readonly number[]) {
  const bytes = Uint8Array.of(0xff, marker, length >> 8, length & 255, ...content, ...END);
  return { bytes, segment: nextSegment(bytes, 0) as Segment };
}

describe('quantisation tables', () => {
  it('come several in a segment, of 8 and of 16 bits', () => {
    const tables = initialTables();
    const wide = steps(200).flatMap((step) => [step >> 8, step & 255]);
    const content = [0x00, ...steps(1), 0x13, ...wide];
    const { bytes, segment } = segmentOf(0xdb, content.length + 2, content);
    expect(defineQuantTables(bytes, segment, tables)).toBe(bytes.length - 2);
    expect([...(tables.quant[0] ?? [])]).toEqual(steps(1));
    expect([...(tables.quant[3] ?? [])]).toEqual(steps(200));
  });

  it.each([0, 2, 40, 300])('are read whole though the length says %i', (length) => {
    const tables = initialTables();
    const { bytes, segment } = segmentOf(0xdb, length, [0x01, ...steps(9)]);
    expect(defineQuantTables(bytes, segment, tables)).toBe(bytes.length - 2);
    expect([...(tables.quant[1] ?? [])]).toEqual(steps(9));
  });

  it('are missing when cut off', () => {
    const tables = initialTables();
    const content = [0x00, ...steps(1).slice(0, 50)];
    const { bytes, segment } = segmentOf(0xdb, content.length + 2, content);
    expect(defineQuantTables(bytes, segment, tables)).toBe(bytes.length - 2);
    expect(tables.quant[0]).toBeUndefined();
  });
});

describe('Huffman tables', () => {
  it('are the typical ones until others are defined', () => {
    const tables = initialTables();
    expect(tables.dc.map((table) => table !== undefined)).toEqual([true, true, false, false]);
    const content = [...oneCode(0x00, 5), ...oneCode(0x12, 0x21)];
    const { bytes, segment } = segmentOf(0xc4, content.length + 2, content);
    const typical = tables.dc[0]?.decode(0);
    expect(defineHuffmanTables(bytes, segment, tables)).toBe(bytes.length - 2);
    expect(tables.dc[0]?.decode(0)).not.toBe(typical);
    expect(tables.ac[2]).toBeDefined();
  });

  it.each([0, 2, 10, 999])('are read whole though the length says %i', (length) => {
    const tables = initialTables();
    const { bytes, segment } = segmentOf(0xc4, length, oneCode(0x03, 5));
    expect(defineHuffmanTables(bytes, segment, tables)).toBe(bytes.length - 2);
    expect(tables.dc[3]).toBeDefined();
  });

  it('replace what was in their place even when they are damaged', () => {
    const tables = initialTables();
    const content = [0x00, 9, ...new Array<number>(15).fill(0), 1, 2, 3];
    const { bytes, segment } = segmentOf(0xc4, content.length + 2, content);
    defineHuffmanTables(bytes, segment, tables);
    expect(tables.dc[0]).toBeUndefined();
  });
});

it.each([4, 0, 500])('a restart interval is read though its length says %i', (length) => {
  const tables = initialTables();
  const { bytes, segment } = segmentOf(0xdd, length, [1, 2]);
  expect(defineRestartInterval(bytes, segment, tables)).toBe(bytes.length - 2);
  expect(tables.restartInterval).toBe(258);
});
