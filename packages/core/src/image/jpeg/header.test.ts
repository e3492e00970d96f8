import { describe, expect, it } from 'vitest';
import { type Encoding, encodeJpeg } from '../../../test/jpeg/encode.js';
import { makePicture } from '../../../test/jpeg/pictures.js';
import { seeded } from '../../../test/jpeg/random.js';
import { CaptionError } from '../../errors.js';
import { decodeJpeg } from './decoder.js';
import { readJpegHeader } from './header.js';

const picture = makePicture(seeded(2), 'photo', 21, 13);

function file(more: Partial<Encoding> = {}): Uint8Array {
  return encodeJpeg(picture, {
    ...{
      colours: 'ycbcr',
      sampling: [
        [2, 2],
        [1, 1],
        [1, 1],
      ],
      quality: 75,
      progressive: false,
    },
    scans: [{ components: [0, 1, 2] }],
    jfif: true,
    ...more,
  }).bytes;
}

/** EXIF with one entry, the orientation. */
function exif(orientation: number, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(6 + 8 + 2 + 12 + 4));
  [0x45, 0x78, 0x69, 0x66, 0, 0].forEach((byte, i) => {
    view.setUint8(i, byte);
  });
  view.setUint16(6, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(8, 42, littleEndian);
  view.setUint32(10, 8, littleEndian);
  view.setUint16(14, 1, littleEndian);
  view.setUint16(16, 0x0112, littleEndian);
  view.setUint16(18, 3, littleEndian);
  view.setUint32(20, 1, littleEndian);
  view.setUint16(24, orientation, littleEndian);
  return new Uint8Array(view.buffer);
}

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof CaptionError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('the header', () => {
  it('has the size as stored', () => {
    expect(readJpegHeader(file())).toEqual({
      format: 'jpeg',
      width: 21,
      height: 13,
      orientation: 1,
    });
  });

  it.each([
    ['little', true],
    ['big', false],
  ])('has the orientation of %s-endian EXIF', (_, littleEndian) => {
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const bytes = file({ exif: exif(orientation, littleEndian) });
      expect(readJpegHeader(bytes).orientation).toBe(orientation);
    }
  });

  it.each([
    ['an orientation out of range', exif(9, true)],
    ['cut off', exif(6, true).subarray(0, 20)],
    ['without a byte order', exif(6, true).fill(0x20, 6, 8)],
    ['of another kind (XMP)', new TextEncoder().encode('http://ns.adobe.com/xap/1.0/\0<x/>')],
    ['empty', new Uint8Array()],
  ])('takes no notice of EXIF that is %s', (_, bytes) => {
    expect(readJpegHeader(file({ exif: bytes })).orientation).toBe(1);
  });

  it('finds the height after the first scan if the frame header leaves it open', () => {
    for (const progressive of [false, true]) {
      const scans = progressive
        ? [{ components: [0, 1, 2] }, { components: [0], from: 1, to: 63 }]
        : [{ components: [0], restartInterval: 1 }, { components: [1] }, { components: [2] }];
      const bytes = file({
        numberOfLines: true,
        progressive,
        scans,
        sampling: [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      });
      expect(readJpegHeader(bytes)).toMatchObject({ width: 21, height: 13 });
      expect(decodeJpeg(bytes).height).toBe(13);
    }
  });

  it('needs no image data', () => {
    const bytes = file();
    const scan = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
    expect(readJpegHeader(bytes.subarray(0, scan))).toMatchObject({ width: 21, height: 13 });
  });

  it('of several EXIF segments takes the first that is not empty', () => {
    const app1 = (bytes: Uint8Array) => ({ marker: 0xe1, bytes: [...bytes] });
    const empty = Uint8Array.from(Buffer.from('Exif\0\0'));
    const noTag = Uint8Array.of(...empty, ...Buffer.from('MM\0*\0\0\0\x08\0\0'));
    const orientationOf = (...segments: Uint8Array[]) =>
      readJpegHeader(file({ extra: segments.map(app1) })).orientation;
    expect(orientationOf(exif(6, true), exif(1, true))).toBe(6);
    expect(orientationOf(exif(6, false), empty)).toBe(6);
    expect(orientationOf(empty, exif(6, true))).toBe(6);
    expect(orientationOf(noTag, exif(6, true))).toBe(1);
    expect(orientationOf(exif(9, true), exif(6, true))).toBe(1);
  });

  it('steps over fill bytes and segments that it does not know', () => {
    const extra = [
      { marker: 0xfe, bytes: [1, 2, 3] },
      { marker: 0xef, bytes: [] },
      { marker: 0xf0, bytes: [0xff, 0xc0, 0] },
    ];
    expect(readJpegHeader(file({ extra, fillBytes: 7 }))).toMatchObject({ width: 21 });
  });
});

describe('what is not read is refused by name', () => {
  it.each([
    [0xc3, 'lossless'],
    [0xc5, 'hierarchical'],
    [0xc9, 'arithmetic-coded'],
    [0xca, 'arithmetic-coded progressive'],
    [0xcf, 'hierarchical'],
    [0xf7, 'JPEG-LS'],
  ])('frame marker 0x%s', (frameMarker, name) => {
    const error = codeOf(() => readJpegHeader(file({ frameMarker })));
    expect(error).toMatch(/^UNSUPPORTED_FORMAT/);
    expect(error).toContain(name);
  });

  it('a hierarchical progression before the frame', () => {
    const extra = [{ marker: 0xde, bytes: [8, 0, 13, 0, 21, 1, 1, 0x11, 0] }];
    expect(codeOf(() => decodeJpeg(file({ extra })))).toMatch(/UNSUPPORTED_FORMAT.*hierarchical/);
  });

  it('12 bits a sample', () => {
    const error = codeOf(() => decodeJpeg(file({ precision: 12, frameMarker: 0xc1 })));
    expect(error).toMatch(/UNSUPPORTED_FORMAT.*12 bits a sample/);
  });

  it('two components', () => {
    const error = codeOf(() =>
      readJpegHeader(
        file({
          sampling: [
            [1, 1],
            [1, 1],
          ],
          scans: [{ components: [0, 1] }],
        }),
      ),
    );
    expect(error).toMatch(/UNSUPPORTED_FORMAT.*2 colour components/);
  });
});

describe('a height that comes after the first scan (DNL)', () => {
  const tall = () => file({ numberOfLines: true });

  it('is found', () => {
    expect(readJpegHeader(tall())).toMatchObject({ width: 21, height: 13 });
  });

  // The bytes of the width are no marker of a table, a scan or an end.
  it.each([0xffc4, 0xffda, 0xffdb, 0xffd9])('is found behind a width of %i', (width) => {
    const bytes = tall();
    const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0);
    bytes.set([width >> 8, width & 255], frame + 7);
    expect(readJpegHeader(bytes)).toMatchObject({ width, height: 13 });
  });

  it('is asked for when the file ends before it', () => {
    const bytes = tall();
    const error = codeOf(() => readJpegHeader(bytes.subarray(0, -8)));
    expect(error).toMatch(/^DECODE_FAILED.*leaves the height open/);
  });
});

describe('what is no JPEG, or too little of one', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['another file', new TextEncoder().encode('GIF89a')],
    ['a start alone', Uint8Array.of(0xff, 0xd8)],
    ['start and end', Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)],
    [
      'a frame of no width',
      Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 5, 0, 0, 1, 1, 17, 0),
    ],
    [
      'a height that never comes',
      Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 0, 0, 5, 1, 1, 17, 0),
    ],
  ])('%s', (_, bytes) => {
    expect(codeOf(() => readJpegHeader(bytes))).toMatch(/^DECODE_FAILED/);
    expect(codeOf(() => decodeJpeg(bytes))).toMatch(/^DECODE_FAILED/);
  });
});
