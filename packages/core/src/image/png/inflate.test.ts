import { constants, deflateSync, inflateRawSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noise as picture } from '../../../test/image/pictures.js';
import { InflateError, Inflater } from './inflate.js';

const noise = (length: number, values: number) =>
  picture(length, 1, 5)
    .data.subarray(0, length)
    .map((value) => value % values);

const contents: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['one byte', Uint8Array.of(7)],
  ['noise', noise(100_000, 256)],
  ['four values', noise(200_000, 4)],
  ['zeros', new Uint8Array(1_000_000)],
  ['slope', Uint8Array.from({ length: 150_000 }, (_, i) => i >> 5)],
  ['far repeats', Buffer.concat(Array.from({ length: 5 }, () => noise(32_000, 200)))],
];

describe('Inflater against zlib', () => {
  const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = constants;
  it.each(contents)('%s, at every level and strategy', (_, content) => {
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
      for (const level of [0, 1, 6, 9]) {
        const { bytes, isComplete } = inflated([deflateSync(content, { level, strategy })]);
        expect(bytes.equals(content)).toBe(true);
        expect(isComplete).toBe(true);
      }
    }
  });

  it('repeats of every distance and length', () => {
    // A match repeats its own output where it is longer than its distance; both sides of that line.
    const parts: Uint8Array[] = [];
    for (let distance = 1; distance <= 300; distance++) {
      const pattern = noise(distance, 256);
      for (const length of [3, 40, 47, 48, 49, 100, 257, 258, 259, 600]) {
        parts.push(Uint8Array.from({ length }, (_, i) => pattern[i % distance] ?? 0));
      }
    }
    const content = Buffer.concat(parts);
    expect(inflated([deflateSync(content, { level: 9 })]).bytes.equals(content)).toBe(true);
  });

  it('takes its input in pieces of any length', () => {
    const content = noise(50_000, 40);
    const data = deflateSync(content);
    for (const size of [1, 2, 7, 100, 8192]) {
      const pieces = Array.from({ length: Math.ceil(data.length / size) }, (_, i) =>
        data.subarray(i * size, (i + 1) * size),
      );
      const withEmptyOnes = pieces.flatMap((piece) => [new Uint8Array(0), piece]);
      expect(inflated(withEmptyOnes).bytes.equals(content)).toBe(true);
    }
  });

  it('gives the beginning of what was meant when the input ends early', () => {
    for (const [, content] of contents) {
      const data = deflateSync(content, { level: 6 });
      for (const share of [0.1, 0.5, 0.9]) {
        const cut = data.subarray(0, Math.floor((data.length - 5) * share));
        const { bytes, isComplete } = inflated([cut]);
        expect(isComplete).toBe(false);
        expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true);
        const theirs = inflateSync(cut, { finishFlush: constants.Z_SYNC_FLUSH });
        // The last symbol or two may be given up where zlib still reads them.
        expect(theirs.length - bytes.length).toBeLessThanOrEqual(2 * 258);
      }
    }
  });

  it('says no to what zlib says no to, and agrees on the rest', () => {
    const seeds = contents.map(([, content]) => deflateSync(content.subarray(0, 3000)));
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (seed, changes) => {
          const data = Uint8Array.from(seed);
          for (const [at, value] of changes) data[2 + (at % (data.length - 2))] = value;
          const theirs = zlibOrFault(data);
          const ours = oursOrFault(data);
          if (theirs === 'fault') expect(ours).toBe('fault');
          // Where the input ends early, zlib may not have come to the fault yet.
          else if (ours === 'fault') expect(isWhole(data)).toBe(false);
          else {
            // As above: at an early end, one or two symbols less.
            const given = isWhole(data) ? 0 : 2 * 258;
            expect(theirs.length - ours.length).toBeLessThanOrEqual(given);
            expect(ours.equals(theirs.subarray(0, ours.length))).toBe(true);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it.each([
    ['no zlib header', Uint8Array.of(0, 0, 0)],
    ['a preset dictionary', Uint8Array.of(0x78, 0xbb, 0, 0, 0, 1)],
    ['a block of the undefined type', Uint8Array.of(0x78, 0x9c, 0b111)],
    ['a damaged stored block', Uint8Array.of(0x78, 0x9c, 0b001, 1, 0, 1, 0, 9)],
    // Fixed codes, length 3 at distance 1 with nothing before it.
    ['a distance beyond the start', Uint8Array.of(0x78, 0x9c, 0b00000011, 0b00000010, 0, 0, 0)],
  ])('names %s', (fault, data) => {
    expect(() => inflated([data])).toThrow(InflateError);
    expect(() => inflated([data])).toThrow(fault);
  });

  it('keeps to its buffers however much comes out, and stops when nobody asks', () => {
    const bomb = deflateSync(new Uint8Array(50_000_000), { level: 9 });
    let largest = 0;
    let total = 0;
    for (const block of new Inflater([bomb]).blocks()) {
      largest = Math.max(largest, block.length);
      total += block.length;
      if (total > 1_000_000) break;
    }
    expect(largest).toBeLessThanOrEqual(96 * 1024 + 258);
    expect(total).toBeLessThan(1_100_000);
  });
});

function inflated(pieces: readonly Uint8Array[]): { bytes: Buffer; isComplete: boolean } {
  const inflater = new Inflater(pieces);
  const blocks = [...collect(inflater)];
  return { bytes: Buffer.concat(blocks), isComplete: inflater.isComplete };
}

function* collect(inflater: Inflater): Generator<Buffer> {
  for (const block of inflater.blocks()) yield Buffer.from(block);
}

/** What zlib makes of the deflate stream; its checksum at the end is not ours to check. */
function zlibOrFault(data: Uint8Array): Buffer | 'fault' {
  try {
    return inflateRawSync(data.subarray(2), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return 'fault';
  }
}

function isWhole(data: Uint8Array): boolean {
  try {
    inflateRawSync(data.subarray(2));
    return true;
  } catch {
    return false;
  }
}

function oursOrFault(data: Uint8Array): Buffer | 'fault' {
  try {
    return inflated([data]).bytes;
  } catch (error) {
    if (error instanceof InflateError) return 'fault';
    throw error;
  }
}
