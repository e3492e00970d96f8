import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  COLOURS,
  GREYS,
  height,
  PROFILES,
  profileNamed,
  width,
} from '../../../test/image/colour-profiles.js';
import { difference, scene } from '../../../test/image/pictures.js';
import { type PngPlan, writePng } from '../../../test/image/png-writer.js';
import { readWebpWasm } from '../../node/webp-wasm.js';
import { decodeImage } from '../decode.js';
import { setWebpWasm } from '../webp/codec.js';

beforeAll(() => setWebpWasm(readWebpWasm));

const LIMITS = { maxBytes: 1e7, maxPixels: 1e7, orientation: true };
const decode = (file: Uint8Array) => decodeImage(file, LIMITS);

type Extra = NonNullable<PngPlan['before']>[number];

const png = (before: readonly Extra[], grey = false) =>
  writePng({
    width,
    height,
    depth: 8,
    colour: grey ? 0 : 2,
    samples: [...(grey ? GREYS : COLOURS)],
    before,
  });
const iccp = (icc: Uint8Array): Extra => ({
  type: 'iCCP',
  data: Buffer.concat([Buffer.from('a name\0\0'), deflateSync(icc)]),
});
const numbers = (type: string, values: readonly number[]): Extra => {
  const data = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) data.writeUInt32BE(value, i * 4);
  return { type, data };
};
const gama = (value: number) => numbers('gAMA', [value]);
/** White, red, green and blue in 100,000ths. */
const SRGB_CHRM = numbers('cHRM', [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6000]);
const ADOBE_CHRM = numbers('cHRM', [31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6000]);
const cicp = (...data: number[]): Extra => ({ type: 'cICP', data: Uint8Array.from(data) });
const srgb: Extra = { type: 'sRGB', data: Uint8Array.of(0) };

/** A JPEG with a profile in parts of a length, in an order. */
function jpegWith(jpeg: Uint8Array, icc: Uint8Array, length: number, order = (n: number) => n) {
  const count = Math.ceil(icc.length / length);
  const parts = Array.from({ length: count }, (_, i) => {
    const number = order(i + 1);
    const data = icc.subarray((number - 1) * length, number * length);
    const size = data.length + 16;
    const head = [0xff, 0xe2, size >> 8, size & 255];
    return Buffer.concat([
      Uint8Array.from(head),
      Buffer.from('ICC_PROFILE\0'),
      Uint8Array.of(number, count),
      data,
    ]);
  });
  return Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(2)]);
}

describe('a picture with a profile', () => {
  it.each(PROFILES)('PNG, $name: as Little CMS shows it', async ({ icc, isGrey, srgb: theirs }) => {
    const { data, warnings } = await decode(png([iccp(icc)], isGrey));
    expect(warnings).toEqual([]);
    // What is nearly sRGB stays as it is.
    expect(difference(data, theirs).max).toBeLessThanOrEqual(icc.length < 700 ? 2 : 1);
  });

  it.each(['jpeg', 'png', 'webp'] as const)('%s in Display P3, as sharp reads it', async (f) => {
    const picture = scene(64, 48);
    const file = await sharp(picture.data, { raw: { width: 64, height: 48, channels: 3 } })
      .withIccProfile('p3')
      .toFormat(f, { quality: 100, chromaSubsampling: '4:4:4', lossless: true })
      .toBuffer();
    const theirs = await sharp(file).toColourspace('srgb').removeAlpha().raw().toBuffer();
    const { data, warnings } = await decode(file);
    expect(warnings).toEqual([]);
    expect(difference(data, theirs).mean).toBeLessThan(0.3);
    // Taken for sRGB it would be paler.
    const stored = await sharp(file, { ignoreIcc: true }).removeAlpha().raw().toBuffer();
    expect(difference(stored, theirs).mean).toBeGreaterThan(3);
  });

  it('averaged down: as a picture averaged after its colours are right', async () => {
    const { icc } = profileNamed('Display P3');
    const { data: samples } = scene(120, 90);
    const plan: PngPlan = {
      width: 120,
      height: 90,
      colour: 2,
      depth: 8,
      samples: [...samples],
    };
    const small = { ...LIMITS, minimumSize: () => ({ width: 20, height: 15 }) };
    const file = writePng({ ...plan, before: [iccp(icc)] });
    const first = await decode(file);
    const right = await decodeImage(writePng({ ...plan, samples: [...first.data] }), small);
    const ours = await decodeImage(file, small);
    expect([ours.width, ours.height]).toEqual([40, 30]);
    expect(difference(ours.data, right.data).mean).toBeLessThan(0.5);
  });

  it('a grey picture with a profile for colours takes its curve', async () => {
    const { icc } = profileNamed('Adobe RGB');
    const { data, warnings } = await decode(png([iccp(icc)], true));
    expect(warnings).toEqual([]);
    const grey = GREYS[100] ?? 0;
    const light = (grey / 255) ** (563 / 256);
    expect(Math.abs((data[300] ?? 0) - 255 * (1.055 * light ** (1 / 2.4) - 0.055))).toBeLessThan(1);
  });
});

describe('a JPEG’s profile in parts', () => {
  const { icc } = profileNamed('Adobe RGB');
  const jpeg = () =>
    sharp(scene(64, 48).data, { raw: { width: 64, height: 48, channels: 3 } })
      .jpeg()
      .toBuffer();

  it('is put together, in any order', async () => {
    const file = await jpeg();
    const whole = await decode(jpegWith(file, icc, 10_000));
    const plain = await decode(file);
    expect(difference(whole.data, plain.data).mean).toBeGreaterThan(3);
    for (const order of [(n: number) => n, (n: number) => Math.ceil(icc.length / 100) + 1 - n]) {
      expect(await decode(jpegWith(file, icc, 100, order))).toEqual(whole);
    }
  });

  it.each([
    ['missing', (n: number) => n + 1],
    ['there twice', () => 1],
    ['numbered 0', (n: number) => n - 1],
  ])('is ignored with a warning when one is %s', async (_, order) => {
    const file = await jpeg();
    const { data, warnings } = await decode(jpegWith(file, icc, 100, order));
    expect(data).toEqual((await decode(file)).data);
    expect(warnings[0]).toMatch(/^The JPEG's colour profile is ignored, colours may be off: /);
  });
});

describe('a PNG’s chunks', () => {
  it('gAMA with cHRM', async () => {
    const adobe = await decode(png([gama(45_471), ADOBE_CHRM]));
    expect(difference(adobe.data, profileNamed('Adobe RGB').srgb).max).toBeLessThanOrEqual(1);
    const linear = await decode(png([gama(100_000), SRGB_CHRM]));
    expect(difference(linear.data, profileNamed('linear').srgb).max).toBeLessThanOrEqual(1);
  });

  it('gAMA alone: for a screen of 2.2, and left alone when it is about that', async () => {
    const { data } = await decode(png([gama(100_000)]));
    const expected = COLOURS.map((level) => Math.round(255 * (level / 255) ** (1 / 2.2)));
    expect(difference(data, expected).max).toBeLessThanOrEqual(1);
    for (const usual of [45_455, 44_000, 47_000]) {
      expect((await decode(png([gama(usual)]))).data).toEqual(COLOURS);
    }
    expect((await decode(png([gama(45_455), SRGB_CHRM]))).data).toEqual(COLOURS);
  });

  it('cICP', async () => {
    const p3 = await decode(png([cicp(12, 13, 0, 1)]));
    expect(difference(p3.data, profileNamed('Display P3').srgb).max).toBeLessThanOrEqual(1);
    expect((await decode(png([cicp(1, 13, 0, 1)]))).data).toEqual(COLOURS);
  });

  it('cICP before iCCP before sRGB before gAMA', async () => {
    const { icc } = profileNamed('Display P3');
    const chunks = [gama(100_000), ADOBE_CHRM, srgb, iccp(icc), cicp(1, 13, 0, 1)];
    expect((await decode(png(chunks))).data).toEqual(COLOURS);
    const p3 = await decode(png(chunks.slice(0, 4)));
    expect(difference(p3.data, profileNamed('Display P3').srgb).max).toBeLessThanOrEqual(1);
    expect((await decode(png(chunks.slice(0, 3)))).data).toEqual(COLOURS);
  });

  const { icc } = profileNamed('Display P3');
  const long = Uint8Array.from(icc);
  long[0] = 0x7f;
  it.each([
    ['a profile cut short', iccp(icc.subarray(0, 200))],
    ['a profile that says to be 2 GB long', iccp(long)],
    ['no zlib data', { type: 'iCCP', data: Buffer.from('name\0\0xxxxxxxx') }],
    ['no name', { type: 'iCCP', data: Buffer.from('xxxxxxxx') }],
    ['a gamma of 0', gama(0)],
    ['HDR (PQ)', cicp(9, 16, 0, 1)],
    ['a short cICP', cicp(9)],
  ])('%s is ignored with a warning', async (_, chunk) => {
    const { data, warnings } = await decode(png([chunk]));
    expect(data).toEqual(COLOURS);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^The PNG's colour profile is ignored, colours may be off: /);
  });

  it('primaries that span no colours', async () => {
    const flat = numbers('cHRM', [31_270, 32_900, 64_000, 33_000, 64_000, 33_000, 0, 0]);
    const { data, warnings } = await decode(png([gama(100_000), flat]));
    expect(data).toEqual(COLOURS);
    expect(warnings[0]).toContain('primaries');
  });
});

it('a profile for inks is named', async () => {
  const inks = Uint8Array.from(profileNamed('Display P3').icc);
  inks.set(Buffer.from('CMYK'), 16);
  const jpeg = await sharp(scene(20, 16).data, { raw: { width: 20, height: 16, channels: 3 } })
    .jpeg()
    .toBuffer();
  const { warnings } = await decode(jpegWith(jpeg, inks, 10_000));
  expect(warnings).toHaveLength(1);
});
