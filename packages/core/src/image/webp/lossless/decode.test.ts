import fc from 'fast-check';
import sharp, { type WebpOptions } from 'sharp';
import { describe, expect, it } from 'vitest';
import { difference, noise, scene } from '../../../../test/image/pictures.js';
import { CaptionError } from '../../../errors.js';
import { riffChunks } from '../riff.js';
import { losslessRows } from './decode.js';

const chunkOf = (file: Uint8Array): Uint8Array => {
  const found = [...riffChunks(file, 12)].find(({ type }) => type === 'VP8L');
  if (!found) throw new Error('not lossless');
  return found.data;
};

function rgbaOf(data: Uint8Array, width: number, height: number): Uint8Array {
  const all = new Uint8Array(width * height * 4);
  let to = 0;
  for (const row of losslessRows(data, { width, height })) {
    for (const pixel of row) {
      all.set([(pixel >> 16) & 255, (pixel >> 8) & 255, pixel & 255, pixel >>> 24], to);
      to += 4;
    }
  }
  return all;
}

const withAlpha = ({ width, height, data }: { width: number; height: number; data: Uint8Array }) =>
  Uint8Array.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? (i * 31) & 255 : (data[Math.floor(i / 4) * 3 + (i % 4)] ?? 0),
  );

/** Few colours, so that indices are packed: 2, 4, 16 and more. */
const colours = (count: number) => {
  const picture = noise(61, 43, count);
  return {
    ...picture,
    data: picture.data.map((value, i) => ((value % count) * (i % 3 ? 17 : 5)) & 255),
  };
};

const pictures = [
  ['a scene', scene(93, 71)],
  ['noise', noise(40, 30, 7)],
  ['one pixel', scene(1, 1)],
  ['one column', scene(1, 70)],
  ['one row', scene(200, 1)],
  ['one colour', { width: 80, height: 60, data: new Uint8Array(80 * 60 * 3).fill(99) }],
  ['2 levels', colours(2)],
  ['3 levels', colours(3)],
  ['larger than a block of everything', scene(400, 300)],
] as const;

const options: readonly WebpOptions[] = [
  { lossless: true, effort: 0 },
  { lossless: true, effort: 4 },
  { lossless: true, effort: 6 },
  { nearLossless: true, quality: 40 },
];

describe('against libwebp', () => {
  it.each(pictures)('%s, at every effort, with and without alpha', async (_, picture) => {
    const { width, height } = picture;
    for (const option of options) {
      for (const channels of [3, 4] as const) {
        const data = channels === 3 ? picture.data : withAlpha(picture);
        const raw = { width, height, channels };
        const file = await sharp(data, { raw })
          .webp({ exact: true, ...option })
          .toBuffer();
        const theirs = await sharp(file).ensureAlpha().raw().toBuffer();
        expect(difference(rgbaOf(chunkOf(file), width, height), theirs).max).toBe(0);
      }
    }
  });
});

it('damage ends in an error, never in anything else', async () => {
  const { width, height, data } = scene(60, 40);
  const file = await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ lossless: true })
    .toBuffer();
  const chunk = chunkOf(file);
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), fc.nat(), (at, value, cut) => {
      const bytes = Uint8Array.from(chunk.subarray(0, cut % 3 ? chunk.length : cut % chunk.length));
      if (bytes.length > 5) bytes[5 + (at % (bytes.length - 5))] = value;
      try {
        expect(rgbaOf(bytes, width, height)).toHaveLength(width * height * 4);
      } catch (error) {
        expect(error).toBeInstanceOf(CaptionError);
      }
    }),
    { numRuns: 300 },
  );
  expect(() => rgbaOf(chunk.subarray(0, chunk.length / 2), width, height)).toThrow('end early');
});
