import { describe, expect, it } from 'vitest';
import { codingOf, optimalCoding } from '../../../test/jpeg/huffman-coding.js';
import { seeded, whole } from '../../../test/jpeg/random.js';
import {
  END_OF_BLOCK,
  ENTRY_ADVANCE,
  ENTRY_ADVANCE_SHIFT,
  ENTRY_LENGTH,
  ENTRY_SIZE,
  ENTRY_SIZE_SHIFT,
  ENTRY_VALUE_SHIFT,
  extend,
  HuffmanTable,
  LOOKUP_BITS,
  SKIP_ADVANCE,
  SKIP_ADVANCE_SHIFT,
  SKIP_BITS,
  SKIP_ENDS,
  SKIP_LENGTH,
} from './huffman.js';
import { STANDARD_SPECS } from './standard-huffman.js';

function tableOf(counts: readonly number[], symbols: readonly number[]): HuffmanTable {
  const table = HuffmanTable.from(Uint8Array.from(counts), Uint8Array.from(symbols));
  if (table === undefined) throw new Error('no table');
  return table;
}

/** Codes of all lengths from 1 to 16, for AC symbols. */
function skewedCoding() {
  const random = seeded(16);
  const symbols = Array.from({ length: 162 }, (_, i) => STANDARD_SPECS.ac[0].symbols[i] as number);
  return optimalCoding(
    new Map(symbols.map((symbol, i) => [symbol, Math.ceil(2 ** (18 - i) * 1000 + random() * 50)])),
  );
}

const CODINGS = {
  'T.81 table K.5': codingOf(STANDARD_SPECS.ac[0].counts, STANDARD_SPECS.ac[0].symbols),
  'T.81 table K.6': codingOf(STANDARD_SPECS.ac[1].counts, STANDARD_SPECS.ac[1].symbols),
  'a very skewed table': skewedCoding(),
};

const field = (entry: number) => ({
  length: entry & ENTRY_LENGTH,
  advance: (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE,
  size: (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE,
  value: entry >> ENTRY_VALUE_SHIFT,
});

describe.each(Object.entries(CODINGS))('%s', (_, coding) => {
  const table = tableOf(coding.counts, coding.symbols);

  it('decodes every code to its symbol', () => {
    for (const [symbol, { code, length }] of coding.codes) {
      const { advance, size, ...rest } = field(table.decode(code << (16 - length)));
      expect(rest).toEqual({ length, value: 0 });
      const [run, bits] = [symbol >> 4, symbol & 15];
      const ends = bits === 0 && run < 15;
      expect({ advance, size }).toEqual(
        ends ? { advance: END_OF_BLOCK, size: run } : { advance: run + 1, size: bits },
      );
    }
  });

  it('knows bits that are no code', () => {
    // T.81 leaves the code of all ones out of use (C.2).
    expect(table.decode(0xffff)).toBe(0);
  });

  it('shows values in its look-up where the bits hold them whole', () => {
    for (const [symbol, { code, length }] of coding.codes) {
      const size = symbol & 15;
      if (size === 0 || length + size > LOOKUP_BITS) continue;
      for (const bits of [0, 1, (1 << size) - 1, 1 << (size - 1)]) {
        const index =
          ((code << size) | (bits & ((1 << size) - 1))) << (LOOKUP_BITS - length - size);
        expect(field(table.lookup[index] as number)).toEqual({
          length: length + size,
          advance: (symbol >> 4) + 1,
          size: 0,
          value: extend(bits & ((1 << size) - 1), size),
        });
      }
    }
  });

  it('skips as its symbols one by one would', () => {
    const random = seeded(7);
    for (let i = 0; i < 5000; i++) {
      const index = whole(random, 0, (1 << SKIP_BITS) - 1);
      const entry = table.skips[index] as number;
      const moved = (entry >> SKIP_ADVANCE_SHIFT) & SKIP_ADVANCE;
      if (moved === SKIP_ADVANCE) continue;
      let at = 0;
      let advance = 0;
      let ended = false;
      // The bits after the index do not matter to the symbols that the entry stands for.
      const bits = (index << (32 - SKIP_BITS)) | whole(random, 0, (1 << (32 - SKIP_BITS)) - 1);
      while (at < (entry & SKIP_LENGTH) && !ended) {
        const symbol = field(table.decode((bits << at) >>> 16));
        ended = symbol.advance === END_OF_BLOCK;
        at += symbol.length + (ended ? 0 : symbol.size);
        advance += ended ? 0 : symbol.advance;
      }
      expect({ at, advance, ended }).toEqual({
        at: entry & SKIP_LENGTH,
        advance: moved,
        ended: (entry & SKIP_ENDS) !== 0,
      });
    }
  });
});

it('the value of so many bits is that of T.81, table F.1', () => {
  expect([extend(0, 1), extend(1, 1)]).toEqual([-1, 1]);
  expect([0, 1, 2, 3].map((bits) => extend(bits, 2))).toEqual([-3, -2, 2, 3]);
  expect([extend(0, 10), extend(511, 10), extend(512, 10)]).toEqual([-1023, -512, 512]);
});

it('more codes than a length has room for make no table', () => {
  const counts = Uint8Array.of(3, ...new Array<number>(15).fill(0));
  expect(HuffmanTable.from(counts, Uint8Array.of(0, 1, 2))).toBeUndefined();
});

it('codes without a symbol are none', () => {
  const table = tableOf([0, 2, ...new Array<number>(14).fill(0)], [0x11]);
  expect(table.decode(0)).not.toBe(0);
  expect(table.decode(0x4000)).toBe(0);
});

it('an empty table has no codes', () => {
  const table = tableOf(new Array<number>(16).fill(0), []);
  expect(table.decode(0)).toBe(0);
  expect(table.lookup.every((entry) => entry === 0)).toBe(true);
});
