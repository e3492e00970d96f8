import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orientationFromExif, swapsSides } from './exif.js';

/** A TIFF block with one directory of 12-byte entries: tag, type, count, value. */
function exif(
  entries: readonly (readonly [tag: number, type: number, count: number, value: number])[],
  littleEndian = false,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(10 + entries.length * 12 + 4));
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, 8, littleEndian);
  view.setUint16(8, entries.length, littleEndian);
  entries.forEach(([tag, type, count, value], i) => {
    const at = 10 + i * 12;
    view.setUint16(at, tag, littleEndian);
    view.setUint16(at + 2, type, littleEndian);
    view.setUint32(at + 4, count, littleEndian);
    view.setUint16(at + 8, value, littleEndian);
  });
  return new Uint8Array(view.buffer);
}

describe('orientationFromExif', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i, in both byte orders, after other tags', (value) => {
    const entries = [
      [0x010f, 2, 4, 65],
      [0x0112, 3, 1, value],
    ] as const;
    expect(orientationFromExif(exif(entries))).toBe(value);
    expect(orientationFromExif(exif(entries, true))).toBe(value);
  });

  it('with the marker that JPEG puts before it', () => {
    const marked = Uint8Array.of(...Buffer.from('Exif\0\0'), ...exif([[0x0112, 3, 1, 6]]));
    expect(orientationFromExif(marked)).toBe(6);
  });

  it.each([
    ['no tag', exif([[0x0110, 3, 1, 6]])],
    ['value 0', exif([[0x0112, 3, 1, 0]])],
    ['value 9', exif([[0x0112, 3, 1, 9]])],
    ['not a SHORT', exif([[0x0112, 7, 1, 6]])],
    ['two values', exif([[0x0112, 3, 2, 6]])],
    ['nothing', new Uint8Array(0)],
    ['another byte order', Uint8Array.of(0x4a, 0x4a, 0, 42, 0, 0, 0, 8, 0, 0)],
    ['another magic number', Uint8Array.of(0x4d, 0x4d, 0, 43, 0, 0, 0, 8, 0, 0)],
    ['a directory beyond the end', Uint8Array.of(0x4d, 0x4d, 0, 42, 255, 255, 255, 255, 0, 0)],
    ['more entries than bytes', Uint8Array.of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 255, 255)],
  ])('%s is upright', (_, bytes) => {
    expect(orientationFromExif(bytes)).toBe(1);
  });

  it('reads a view into a larger buffer', () => {
    const block = exif([[0x0112, 3, 1, 8]]);
    const file = new Uint8Array(100);
    file.set(block, 33);
    expect(orientationFromExif(file.subarray(33, 33 + block.length))).toBe(8);
  });

  it('never throws', () => {
    const whole = exif([
      [0x0110, 3, 1, 6],
      [0x0112, 3, 1, 6],
    ]);
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(), fc.nat(255), (length, at, value) => {
        const bytes = whole.slice(0, length);
        if (length > 0) bytes[at % length] = value;
        expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(orientationFromExif(bytes));
      }),
      { numRuns: 500 },
    );
  });
});

it('swaps sides for the four that lie on their side', () => {
  expect(([1, 2, 3, 4, 5, 6, 7, 8] as const).filter(swapsSides)).toEqual([5, 6, 7, 8]);
});
