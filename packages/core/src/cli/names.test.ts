import { describe, expect, it } from 'vitest';
import { decodeName, encodeName, hasBytes, slashed } from './names.js';

describe('a name in bytes', () => {
  it.each<[number[], string]>([
    [[0x61, 0x2e, 0x6a], 'a.j'],
    [[0xc3, 0xa9], 'é'],
    [[0xff, 0x61], '\udcffa'],
    [[0xc3, 0x28], '\udcc3('],
    [[0xe2, 0x82], '\udce2\udc82'],
    [[0xf0, 0x9f, 0x90, 0x95], '🐕'],
    // A surrogate in UTF-8 is none (RFC 3629), so that it cannot be taken for a byte.
    [[0xed, 0xb3, 0xbf], '\udced\udcb3\udcbf'],
  ])('%j is %j, as os.fsdecode of Python has it, and can be had back', (bytes, name) => {
    expect(decodeName(Buffer.from(bytes))).toBe(name);
    expect([...encodeName(name)]).toEqual(bytes);
    expect(JSON.parse(JSON.stringify(name))).toBe(name);
    expect(hasBytes(name)).toBe(!['a.j', 'é', '🐕'].includes(name));
  });

  it('comes back whatever the bytes are', () => {
    for (let seed = 1; seed < 2000; seed++) {
      const bytes = Buffer.from(
        Array.from(
          { length: seed % 9 },
          (_, i) => (Math.imul(seed * 31 + i, 0x9e3779b1) >>> 13) & 255,
        ),
      );
      expect(encodeName(decodeName(bytes))).toEqual(bytes);
    }
  });
});

it('a path has slashes on every platform; on Linux a backslash is part of a name', () => {
  expect(slashed('a\\b\\c.jpg', '\\')).toBe('a/b/c.jpg');
  expect(slashed('a/b\\c.jpg', '/')).toBe('a/b\\c.jpg');
});
