import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { difference, noise, scene } from '../../test/image/pictures.js';
import { pngOf } from '../../test/image/png-writer.js';
import { readWebpWasm } from '../node/webp-wasm.js';
import { type DecodeOptions, decodeImage, readHeader } from './decode.js';
import { fitted, minimumSize, type PreprocessSpec } from './preprocess.js';
import type { Orientation } from './types.js';
import { setWebpWasm } from './webp/codec.js';

beforeAll(() => setWebpWasm(readWebpWasm));

const LIMITS: DecodeOptions = { maxBytes: 32 * 2 ** 20, maxPixels: 100e6, orientation: true };
/** With colour as sharp has it. */
const SMOOTH: DecodeOptions = { ...LIMITS, interpolateColour: true };
const FORMATS = ['jpeg', 'png', 'webp', 'gif'] as const;

const picture = (width: number, height: number) =>
  sharp(scene(width, height).data, { raw: { width, height, channels: 3 } });

describe('limits', () => {
  it.each(FORMATS)(
    '%s: bytes, then pixels by the header, before anything is decoded',
    async (f) => {
      const file = await picture(40, 30).toFormat(f).toBuffer();
      await expect(
        decodeImage(file, { ...LIMITS, maxBytes: file.length - 1 }),
      ).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
        message: expect.stringMatching(
          new RegExp(`${file.length} bytes, and maxBytes allows ${file.length - 1}`),
        ),
      });
      await expect(decodeImage(file, { ...LIMITS, maxPixels: 1199 })).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
        message: expect.stringMatching(/40×30 = 1200 pixels, and maxPixels allows 1199/),
      });
      const exact = { ...LIMITS, maxBytes: file.length, maxPixels: 1200 };
      expect(await decodeImage(file, exact)).toMatchObject({ width: 40, height: 30 });
    },
  );

  const huge: readonly (readonly [string, Uint8Array])[] = [
    ['png', pngHeader(50_000, 50_000)],
    ['gif', latin1('GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08')],
    ['webp', latin1('RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f\xff\xff\xff\x0f\0')],
    ['jpeg', jpegHeader(65_000, 65_000)],
  ];
  it.each(huge)('%s: a tiny file that says to be huge', async (_, bomb) => {
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodeImage(bomb, LIMITS)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});

describe('what it gives', () => {
  it.each(FORMATS)('%s: header, pixels as sharp reads them, no warnings', async (format) => {
    const file = await picture(37, 23).toFormat(format, { quality: 90 }).toBuffer();
    expect(readHeader(file)).toEqual({ format, width: 37, height: 23, orientation: 1 });
    const image = await decodeImage(file, SMOOTH);
    expect(image).toMatchObject({ width: 37, height: 23, warnings: [], header: { format } });
    expect(image.data).toBeInstanceOf(Uint8Array);
    const theirs = await sharp(file).removeAlpha().raw().toBuffer();
    expect(difference(image.data, theirs).max).toBe(0);
  });

  it("a JPEG's colour as the file has it, unless it is to be interpolated", async () => {
    const file = await picture(37, 23).jpeg({ quality: 90 }).toBuffer();
    const theirs = await sharp(file).removeAlpha().raw().toBuffer();
    const { mean, max } = difference((await decodeImage(file, LIMITS)).data, theirs);
    expect(mean).toBeLessThan(5);
    expect(max).toBeGreaterThan(4);
  });

  it('a smaller picture when less is needed, and how it lies over the photo', async () => {
    for (const format of FORMATS) {
      const file = await picture(403, 301).toFormat(format).toBuffer();
      const minimumSize = () => ({ width: 100, height: 100 });
      const { width, height, data, reduction } = await decodeImage(file, {
        ...LIMITS,
        minimumSize,
      });
      expect(width).toBeGreaterThanOrEqual(100);
      expect(height).toBeGreaterThanOrEqual(100);
      expect(width * height).toBeLessThan(403 * 301);
      expect(reduction?.full).toEqual({ width: 403, height: 301 });
      expect(Math.ceil(403 / (reduction?.x ?? 0))).toBe(width);
      expect(Math.ceil(301 / (reduction?.y ?? 0))).toBe(height);
      // Averages keep their fractions.
      expect(data).toBeInstanceOf(Float32Array);
      expect(data.some((value) => value % 1 !== 0)).toBe(true);
    }
  });
});

describe('orientation', () => {
  const all = [1, 2, 3, 4, 5, 6, 7, 8] as const;
  const formats = ['jpeg', 'png', 'webp'] as const;
  const cases = formats.flatMap((format) => all.map((orientation) => ({ format, orientation })));

  it.each(cases)('$format $orientation, as sharp turns it', async ({ format, orientation }) => {
    const file = await oriented(format, orientation);
    const image = await decodeImage(file, SMOOTH);
    const theirs = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
    expect([image.width, image.height]).toEqual([theirs.info.width, theirs.info.height]);
    expect(image.header).toMatchObject({ width: 64, height: 48, orientation });
    expect(difference(image.data, theirs.data).max).toBe(0);
  });

  it.each(cases)('$format $orientation can be left as stored', async ({ format, orientation }) => {
    const file = await oriented(format, orientation);
    const image = await decodeImage(file, { ...LIMITS, orientation: false });
    expect([image.width, image.height]).toEqual([64, 48]);
    expect(image.header.orientation).toBe(orientation);
  });

  it('asks what is needed of the upright photo, and the decoder for it lying down', async () => {
    const file = await oriented('png', 6);
    const asked: unknown[] = [];
    const image = await decodeImage(file, {
      ...LIMITS,
      minimumSize: (upright) => {
        asked.push(upright);
        return { width: 12, height: 8 };
      },
    });
    expect(asked).toEqual([{ width: 48, height: 64 }]);
    // Twice that is left: 48 / 2 across and 64 / 4 down.
    expect([image.width, image.height]).toEqual([24, 16]);
    expect(image.reduction).toEqual({
      full: { width: 48, height: 64 },
      x: 2,
      y: 4,
      left: 0,
      top: 0,
    });
  });

  /** Sharp turns the tag into a chunk of its own only for some formats; PNG gets its eXIf by hand. */
  async function oriented(format: (typeof formats)[number], orientation: Orientation) {
    return picture(64, 48)
      .withMetadata({ orientation })
      .toFormat(format, { quality: 95 })
      .toBuffer();
  }
});

describe('a large photo and the same photo made small before', () => {
  const spec: PreprocessSpec = {
    width: 224,
    height: 224,
    fit: 'stretch',
    resample: 'bilinear',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  const specs: readonly (readonly [string, PreprocessSpec])[] = [
    ['stretched', spec],
    ['covering', { ...spec, fit: 'cover', resample: 'bicubic', shortestEdge: 256 }],
    ['contained', { ...spec, fit: 'contain', resample: 'lanczos' }],
  ];

  it('differ by less than 2 of 255 in the mean', async () => {
    const sample = await readFile(new URL('../../../../samples/coffee.jpg', import.meta.url));
    const enlarged = await sharp(sample)
      .resize(4001, 2663, { kernel: 'cubic', fit: 'fill' })
      .sharpen()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const large = sharp(enlarged.data, { raw: enlarged.info });
    const smaller = (['lanczos3', 'linear'] as const).map((kernel) =>
      large.clone().resize(1000, 666, { kernel, fit: 'fill' }).png().toBuffer(),
    );
    const smallFiles = await Promise.all(smaller);
    const largeFiles = [
      await large.clone().jpeg({ quality: 92 }).toBuffer(),
      await large.clone().png({ compressionLevel: 1 }).toBuffer(),
    ];
    const decoded = async (file: Uint8Array, s: PreprocessSpec) =>
      fitted(await decodeImage(file, { ...LIMITS, minimumSize: (size) => minimumSize(s, size) }), s)
        .data;
    for (const [name, s] of specs) {
      const fromSmall = await Promise.all(smallFiles.map((file) => decoded(file, s)));
      for (const file of largeFiles) {
        const fromLarge = await decoded(file, s);
        for (const data of fromSmall)
          expect(difference(fromLarge, data).mean, name).toBeLessThan(2);
      }
    }
  });
});

describe('what cannot be decoded', () => {
  it('is a CaptionError whatever a decoder throws', async () => {
    setWebpWasm(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    const file = await picture(8, 8).webp().toBuffer();
    await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({
      name: 'CaptionError',
      code: 'DECODE_FAILED',
      cause: expect.any(Error),
    });
    setWebpWasm(readWebpWasm);
  });

  it('of a kind that is not read is refused as such', async () => {
    const tiff = await picture(8, 8).tiff().toBuffer();
    await expect(decodeImage(tiff, LIMITS)).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    expect(() => readHeader(new Uint8Array(0))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
    );
  });

  it('noise after a signature is refused', async () => {
    for (const format of FORMATS) {
      const file = await picture(8, 8).toFormat(format).toBuffer();
      file.set(noise(file.length, 1, 3).data.subarray(0, file.length - 16), 16);
      await expect(decodeImage(file, LIMITS)).rejects.toMatchObject({ name: 'CaptionError' });
    }
  });
});

function pngHeader(width: number, height: number): Uint8Array {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 2], 8);
  return pngOf([{ type: 'IHDR', data }]);
}

/** SOI, then SOF0 of one grey component. */
function jpegHeader(width: number, height: number): Uint8Array {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  return Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, ...size, 1, 1, 0x11, 0);
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
