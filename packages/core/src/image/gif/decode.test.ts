import { GifReader, GifWriter } from 'omggif';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { difference, noise, scene } from '../../../test/image/pictures.js';
import { CaptionError } from '../../errors.js';
import type { Levels } from '../types.js';
import { decodeGif } from './decode.js';
import { readGifHeader } from './header.js';

interface Frame {
  left?: number;
  top?: number;
  width: number;
  height: number;
  transparent?: number;
  local?: boolean;
  interlaced?: boolean;
}

const PALETTE = Array.from({ length: 256 }, (_, i) => (i * 2_654_435 + 77) & 0xffffff);

describe('against sharp', () => {
  const sizes = [
    [1, 1],
    [2, 9],
    [31, 17],
    [300, 200],
  ] as const;

  it.each(sizes)('%i×%i, in order and interlaced, few colours and many', async (width, height) => {
    const { data } = scene(width, height);
    for (const progressive of [false, true]) {
      for (const colours of [2, 5, 16, 200, 256]) {
        const gif = await sharp(data, { raw: { width, height, channels: 3 } })
          .gif({ progressive, colours })
          .toBuffer();
        expect(readGifHeader(gif)).toEqual({ format: 'gif', width, height, orientation: 1 });
        const theirs = await sharp(gif)
          .flatten({ background: '#fff' })
          .removeAlpha()
          .raw()
          .toBuffer();
        const ours = decodeGif(gif);
        expect(ours.warnings).toEqual([]);
        expect(difference(ours.data, theirs).max).toBe(0);
      }
    }
  });

  it('the first picture of an animation, transparency on white', async () => {
    const frames = Array.from({ length: 3 }, (_, i) => noise(20, 15, i + 1));
    const rgba = new Uint8Array(20 * 45 * 4);
    frames.forEach(({ data }, f) => {
      for (let i = 0; i < 300; i++) {
        rgba.set([...data.subarray(i * 3, i * 3 + 3), i % 3 === 0 ? 0 : 255], (f * 300 + i) * 4);
      }
    });
    const gif = await sharp(rgba, { raw: { width: 20, height: 45, channels: 4, pageHeight: 15 } })
      .gif({ delay: [50, 50, 50] })
      .toBuffer();
    const theirs = await sharp(gif).flatten({ background: '#fff' }).removeAlpha().raw().toBuffer();
    expect(decodeGif(gif).data).toEqual(new Uint8Array(theirs));
  });
});

describe('against omggif, for what encoders seldom write', () => {
  it.each([
    ['a picture that is a part of the canvas', { left: 5, top: 3, width: 9, height: 8 }],
    ['a local palette', { width: 20, height: 15, local: true }],
    ['a transparent colour', { width: 20, height: 15, transparent: 7 }],
    ['all of it', { left: 1, top: 2, width: 19, height: 13, local: true, transparent: 0 }],
  ] as const)('%s', (_, frame) => {
    const gif = write(20, 15, frame);
    const theirs = new Uint8Array(20 * 15 * 4);
    new GifReader(Buffer.from(gif)).decodeAndBlitFrameRGBA(0, theirs);
    const white = Uint8Array.from({ length: 900 }, (_, i) => {
      const at = Math.floor(i / 3) * 4;
      return theirs[at + 3] === 0 ? 255 : (theirs[at + (i % 3)] ?? 0);
    });
    expect(decodeGif(gif).data).toEqual(white);
  });

  it('a canvas smaller than its picture grows', () => {
    const gif = write(20, 15, { width: 20, height: 15 });
    const tight = Uint8Array.from(gif);
    tight.set([0, 0, 0, 0], 6);
    expect(readGifHeader(tight)).toMatchObject({ width: 20, height: 15 });
    expect(decodeGif(tight).data).toEqual(decodeGif(gif).data);
  });
});

describe('what decoders accept beyond the standard', () => {
  const picture = noise(50, 40, 9).data.filter((_, i) => i % 3 === 0);

  it.each([8, 9, 10, 11])('a minimum code size of %i: as sharp reads it', async (codeSize) => {
    const gif = gifOf(50, 40, picture, { codeSize, palette: PALETTE });
    const theirs = await sharp(gif).removeAlpha().raw().toBuffer();
    expect(decodeGif(gif)).toMatchObject({ data: new Uint8Array(theirs), warnings: [] });
  });

  it('no colour table: indices are levels of grey, the transparent one white', () => {
    const grey = Uint8Array.from(picture, (level) => level);
    for (const transparent of [undefined, 7]) {
      const gif = gifOf(50, 40, picture, { codeSize: 8, transparent });
      const expected = Uint8Array.from({ length: 50 * 40 * 3 }, (_, i) => {
        const level = grey[Math.floor(i / 3)] ?? 0;
        return level === transparent ? 255 : level;
      });
      expect(decodeGif(gif)).toMatchObject({ data: expected, warnings: [] });
    }
  });
});

describe('decoding to at least a size', () => {
  it('gives the means of boxes, of a part of the canvas too', () => {
    const gif = write(64, 48, { left: 10, top: 9, width: 40, height: 30, interlaced: false });
    const full = decodeGif(gif);
    const half = decodeGif(gif, { atLeast: { width: 16, height: 12 } });
    expect([half.width, half.height]).toEqual([32, 24]);
    // Quarters of whole levels, which 32 bits hold exactly.
    const means = Float32Array.from(half.data, (_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % 32, Math.floor(i / 96), i % 3];
      const at = (dx: number, dy: number) =>
        full.data[((2 * y + dy) * 64 + 2 * x + dx) * 3 + c] ?? 0;
      return (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4;
    });
    expect(half.data).toEqual(means);
  });
});

describe('damage', () => {
  const gif = write(40, 50, { width: 40, height: 50 });
  const whole = decodeGif(gif).data;

  it('a file cut short gives the rows that came, the rest grey, and says so', () => {
    for (const share of [0.5, 0.8, 0.95]) {
      const { data, warnings } = decodeGif(gif.subarray(0, Math.floor(gif.length * share)));
      const same = data.findIndex((v, i) => v !== whole[i]);
      expect(same).toBeGreaterThan(40 * 3 * 5);
      expect(data.subarray(same + 120).every((v) => v === 128)).toBe(true);
      expect(warnings[0]).toMatch(/ends early or is damaged: the lower \d+ % of it is grey/);
    }
  });

  it('fails when more than three quarters of it are missing', () => {
    expect(() => decodeGif(gif.subarray(0, Math.floor(gif.length * 0.4)))).toThrow(
      /^The GIF is cut off or damaged: \d+ % of its picture is there, too little/,
    );
  });

  it('an interlaced file cut short is coarse, and grey only below its first pass', async () => {
    const picture = scene(80, 96);
    const raw = { width: 80, height: 96, channels: 3 } as const;
    const interlaced = await sharp(picture.data, { raw }).gif({ progressive: true }).toBuffer();
    for (const request of [{}, { atLeast: { width: 13, height: 12 } }]) {
      const sound = decodeGif(interlaced, request);
      const rows = (share: number) =>
        decodeGif(interlaced.subarray(0, Math.floor(interlaced.length * share)), request);
      const errors = [0.4, 0.6, 0.8, 0.95].map((share) => {
        const cut = rows(share);
        expect(cut.warnings).toEqual([
          'The GIF ends early or is damaged: it is coarser than it should be.',
        ]);
        return difference(cut.data, sound.data).mean;
      });
      expect(errors).toEqual([...errors].sort((a, b) => b - a));
      expect(errors[0]).toBeLessThan(12);
      const early = rows(0.2);
      expect(early.warnings[0]).toMatch(/coarser than it should be, and the lower \d+ % of it/);
      expect(early.data.subarray(-early.width * 3).every((level) => level === 128)).toBe(true);
    }
  });

  it('gaps of an interlaced part of the canvas show the row above, from its own first row on', () => {
    const frame = { left: 10, top: 9, width: 40, height: 45 };
    const part = write(64, 60, { ...frame, interlaced: true });
    const sound = decodeGif(part).data;
    const row = (data: Levels, y: number) => [...data.subarray(y * 192, (y + 1) * 192)];
    for (const share of [0.6, 0.8, 0.95]) {
      const { data, warnings } = decodeGif(part.subarray(0, Math.floor(part.length * share)));
      expect(warnings).toEqual([expect.stringMatching(/coarser than it should be\.$/)]);
      const repeated = Array.from({ length: 60 }, (_, y) => y).filter((y) => {
        const isThere = String(row(data, y)) === String(row(sound, y));
        if (!isThere) expect(row(data, y), `${y}`).toEqual(row(data, y - 1));
        return !isThere;
      });
      expect(repeated.length).toBeGreaterThan(0);
      expect(repeated.some((y) => (y - frame.top) % 8 === 0)).toBe(false);
    }
  });

  it('codes that do not exist end the picture', () => {
    const broken = Uint8Array.from(gif);
    broken.fill(0xff, gif.length - 600, gif.length - 300);
    const { data, warnings } = decodeGif(broken);
    expect(data.subarray(0, 120)).toEqual(whole.subarray(0, 120));
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['only a signature', gif.subarray(0, 6)],
    ['no picture', Uint8Array.of(...gif.subarray(0, 13 + 768), 0x3b)],
    ['no data', gif.subarray(0, 13 + 768 + 11)],
    ['an endless comment', Uint8Array.of(...gif.subarray(0, 13 + 768), 0x21, 0xfe, 255, 1)],
    ['a code size of 0', withCodeSize(0)],
    ['a code size of 12', withCodeSize(12)],
    ['a code size of 200', withCodeSize(200)],
  ])('%s cannot be decoded', (_, bytes) => {
    expect(() => decodeGif(bytes)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(() => decodeGif(bytes)).toThrow(CaptionError);
  });

  function withCodeSize(size: number): Uint8Array {
    const bytes = Uint8Array.from(gif);
    bytes[13 + 768 + 10] = size;
    return bytes;
  }
});

it('a long table: strings of thousands of indices', () => {
  const indices = new Uint8Array(3000 * 1000);
  const output = Buffer.alloc(indices.length);
  const writer = new GifWriter(output, 3000, 1000, { palette: [0xffffff, 0xff0000] });
  writer.addFrame(0, 0, 3000, 1000, Array.from(indices));
  const { data } = decodeGif(output.subarray(0, writer.end()), {
    atLeast: { width: 30, height: 10 },
  });
  expect(new Set(data)).toEqual(new Set([255]));
});

/**
 * A GIF whose LZW codes are all literals with a clear code before the table grows: what any code size
 * and a missing colour table can be tried with.
 */
function gifOf(
  width: number,
  height: number,
  indices: Uint8Array,
  options: { codeSize: number; palette?: readonly number[]; transparent?: number | undefined },
): Uint8Array {
  const { codeSize, palette = [], transparent } = options;
  const clear = 1 << codeSize;
  const bits: number[] = [];
  const put = (code: number) => {
    for (let bit = 0; bit <= codeSize; bit++) bits.push((code >> bit) & 1);
  };
  indices.forEach((index, i) => {
    // Codes stay one bit longer than literals as long as the table has less than twice their number.
    if (i % (clear - 4) === 0) put(clear);
    put(index);
  });
  put(clear + 1);
  const data = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    bits.slice(i * 8, i * 8 + 8).reduce((byte, bit, place) => byte | (bit << place), 0),
  );
  const blocks: number[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  const size = [width & 255, width >> 8, height & 255, height >> 8];
  return Uint8Array.from([
    ...Buffer.from('GIF89a'),
    ...size,
    ...[palette.length > 0 ? 0x87 : 0, 0, 0],
    ...palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]),
    ...(transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0]),
    ...[0x2c, 0, 0, 0, 0, ...size, 0],
    ...[codeSize, ...blocks, 0, 0x3b],
  ]);
}

function write(width: number, height: number, frame: Frame): Uint8Array {
  const output = Buffer.alloc(200_000);
  const writer = new GifWriter(output, width, height, { palette: PALETTE });
  const { left = 0, top = 0, transparent } = frame;
  const indices = [...noise(frame.width, frame.height, 3).data].filter((_, i) => i % 3 === 0);
  writer.addFrame(left, top, frame.width, frame.height, indices, {
    ...(frame.local ? { palette: [...PALETTE].reverse() } : {}),
    ...(transparent === undefined ? {} : { transparent }),
  });
  const gif = Uint8Array.from(output.subarray(0, writer.end()));
  // The flags of the image descriptor, which begins with a comma after header and palette.
  if (frame.interlaced) gif[gif.indexOf(0x2c, 13 + 3 * PALETTE.length) + 9] = 0x40;
  return gif;
}
