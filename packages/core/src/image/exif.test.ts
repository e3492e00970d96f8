import fc from 'fast-check';
import sharp from 'sharp';
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

type NumberWriter = (view: DataView, at: number, value: number, littleEndian: boolean) => void;

function setFraction(view: DataView, at: number, value: number, littleEndian: boolean): void {
  const denominator = Number.isInteger(value) ? 1 : 2;
  view.setUint32(at, value * denominator, littleEndian);
  view.setUint32(at + 4, denominator, littleEndian);
}

/** A block with the orientation as values of any type: in the entry, or after it where they do not fit. */
function withValues(
  type: number,
  bytes: number,
  values: readonly number[],
  write: NumberWriter,
  littleEndian: boolean,
): Uint8Array {
  const start = exif([[0x0112, type, values.length, 0]], littleEndian);
  const block = new Uint8Array(start.length + bytes * values.length);
  block.set(start);
  const view = new DataView(block.buffer);
  const isInline = bytes * values.length <= 4;
  if (!isInline) view.setUint32(18, start.length, littleEndian);
  values.forEach((value, i) => {
    write(view, (isInline ? 18 : start.length) + i * bytes, value, littleEndian);
  });
  return block;
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

  // Codes of TIFF's types of numbers, bytes a value, and how to write one.
  const NUMBER_TYPES = [
    ['BYTE', 1, 1, (view: DataView, at: number, value: number) => view.setUint8(at, value)],
    ['SHORT', 3, 2, (view, at, value, le) => view.setUint16(at, value, le)],
    ['LONG', 4, 4, (view, at, value, le) => view.setUint32(at, value, le)],
    ['RATIONAL', 5, 8, setFraction],
    ['SBYTE', 6, 1, (view, at, value) => view.setInt8(at, value)],
    ['SSHORT', 8, 2, (view, at, value, le) => view.setInt16(at, value, le)],
    ['SLONG', 9, 4, (view, at, value, le) => view.setInt32(at, value, le)],
    ['SRATIONAL', 10, 8, setFraction],
  ] as const satisfies readonly (readonly [string, number, number, NumberWriter])[];

  it.each(NUMBER_TYPES)('as %s, one or several, in both byte orders', (_, type, bytes, write) => {
    for (const littleEndian of [false, true]) {
      for (const values of [[6], [6, 1], [8, 1, 1], [3, 1, 1, 1, 1]]) {
        const block = withValues(type, bytes, values, write, littleEndian);
        expect(orientationFromExif(block)).toBe(values[0]);
      }
    }
  });

  it.each(NUMBER_TYPES)('as %s as sharp reads it', async (_, type, bytes, write) => {
    const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer();
    for (const littleEndian of [false, true]) {
      for (const values of [[6], [6, 1], [6, 1, 1]]) {
        const block = withValues(type, bytes, values, write, littleEndian);
        const app1 = Buffer.concat([Buffer.from('Exif\0\0'), block]);
        const head = Buffer.from([0xff, 0xe1, 0, app1.length + 2]);
        const file = Buffer.concat([jpeg.subarray(0, 2), head, app1, jpeg.subarray(2)]);
        expect((await sharp(file).metadata()).orientation).toBe(orientationFromExif(block));
      }
    }
  });

  it.each([
    ['no tag', exif([[0x0110, 3, 1, 6]])],
    ['value 0', exif([[0x0112, 3, 1, 0]])],
    ['value 9', exif([[0x0112, 3, 1, 9]])],
    ['not a SHORT', exif([[0x0112, 7, 1, 6]])],
    ['no values', exif([[0x0112, 3, 0, 6]])],
    ['values beyond the end', exif([[0x0112, 3, 3, 0xffff]])],
    ['a fraction', withValues(5, 8, [6.5], setFraction, true)],
    ['a text', exif([[0x0112, 2, 2, 0x3600]])],
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
