import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { difference, noise } from '../../test/image/pictures.js';
import type { Resample } from './filters.js';
import { type Box, type ResizeOptions, resize } from './resize.js';
import type { Levels, RgbImage, Size } from './types.js';

interface Case {
  seed: number;
  source: [number, number];
  size: [number, number];
  filter: Resample;
  /** left, top, right, bottom */
  box?: [number, number, number, number];
  pixels?: string;
  sha256?: string;
}

/** Weights by the distance in pixels, of the source when enlarging, as the literature has them. */
const KERNELS = {
  box: (d: number) => (Math.abs(d) < 0.5 ? 1 : 0),
  bilinear: triangle,
  // R. Keys, "Cubic convolution interpolation for digital image processing", equation 15.
  bicubic: (d: number) => {
    const s = Math.abs(d);
    if (s >= 2) return 0;
    return s < 1 ? 1.5 * s ** 3 - 2.5 * s ** 2 + 1 : -0.5 * s ** 3 + 2.5 * s ** 2 - 4 * s + 2;
  },
  lanczos: (d: number) => (Math.abs(d) < 3 ? sinc(d) * sinc(d / 3) : 0),
};

function triangle(d: number): number {
  return Math.max(0, 1 - Math.abs(d));
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

const recorded = JSON.parse(
  readFileSync(new URL('../../test/image/fixtures/pillow-resize.json', import.meta.url), 'utf8'),
) as { pillow: string; cases: Case[] };

describe(`resize against recordings of Pillow ${recorded.pillow}`, () => {
  it.each(recorded.cases)('$filter $source → $size $box', (c) => {
    const image = noise(...c.source, c.seed);
    const [width, height] = c.size;
    const box = c.box && {
      left: c.box[0],
      top: c.box[1],
      width: c.box[2] - c.box[0],
      height: c.box[3] - c.box[1],
    };
    const result = resize(image, { width, height }, c.filter, box ? { box } : {});
    expect([result.width, result.height]).toEqual(c.size);
    if (c.pixels) {
      // Sines may differ in the last bit from one mathematics library to another.
      const tolerance = c.filter === 'hamming' || c.filter === 'lanczos' ? 1 : 0;
      const { max } = difference(result.data, Buffer.from(c.pixels, 'base64'));
      expect(max).toBeLessThanOrEqual(tolerance);
    } else expect(createHash('sha256').update(result.data).digest('hex')).toBe(c.sha256);
  });
});

describe('resize against the sums written out in double precision', () => {
  it.each([
    [
      { width: 64, height: 48 },
      { width: 10, height: 7 },
    ],
    [
      { width: 30, height: 22 },
      { width: 41, height: 50 },
    ],
  ])('triangle filter, %o → %o', (from, to) => {
    const image = noise(from.width, from.height, 99);
    const { data } = resize(image, to, 'bilinear');
    // Each of the two passes rounds once: at most half a step each, and what is left of the first.
    expect(difference(data, directly(image, to, triangle)).max).toBeLessThanOrEqual(1);
  });
});

describe('averages with fractions', () => {
  // Sizes such that no pixel has its middle on the edge of a box, and so half a share on each side.
  const triples: [string, Size, Size, ResizeOptions][] = [
    ['smaller', { width: 61, height: 47 }, { width: 29, height: 13 }, {}],
    ['larger', { width: 21, height: 13 }, { width: 46, height: 30 }, {}],
    ['narrower only', { width: 61, height: 12 }, { width: 29, height: 12 }, {}],
    ['lower only', { width: 12, height: 47 }, { width: 12, height: 17 }, {}],
    [
      'a part that begins and ends between pixels',
      { width: 61, height: 47 },
      { width: 26, height: 14 },
      { box: { left: 3.25, top: 0.7, width: 41.5, height: 45.9 } },
    ],
    [
      'a window of the result',
      { width: 61, height: 47 },
      { width: 29, height: 33 },
      { window: { left: 4, top: 7, width: 20, height: 11 } },
    ],
    [
      'a window of a part',
      { width: 31, height: 27 },
      { width: 58, height: 14 },
      {
        box: { left: 2.3, top: 1.6, width: 25.1, height: 22.3 },
        window: { left: 9, top: 0, width: 40, height: 13 },
      },
    ],
  ];
  const filters = Object.keys(KERNELS) as (keyof typeof KERNELS)[];
  const cases = filters.flatMap((f) => triples.map((triple) => [f, ...triple] as const));

  it.each(cases)('%s, %s: the sums written out, not rounded', (f, _, from, to, options) => {
    const image = averages(from, 1);
    const before = Float32Array.from(image.data);
    const { width, height, data } = resize(image, to, f, options);
    const { window = to } = options;
    expect([width, height]).toEqual([window.width, window.height]);
    expect(data).toBeInstanceOf(Float32Array);
    const sums = directly(image, to, KERNELS[f], options);
    // Not more than the digits of 32-bit numbers, of which there are two a sample on the way.
    expect(difference(data, sums.map(clamped)).max).toBeLessThan(1e-4);
    // Where black and white meet, those with negative weights go beyond them.
    const isBeyond = sums.some((sum) => sum < 0) && sums.some((sum) => sum > 255);
    expect(isBeyond).toBe(f === 'bicubic' || f === 'lanczos');
    expect(image.data).toEqual(before);
  });

  it.each(cases)(
    '%s, %s: of whole levels, what levels give before they are rounded',
    (f, _, from, to, options) => {
      // Between the passes, levels are cut off where fractions are not; with so little contrast, nothing is.
      const { data, ...size } = noise(from.width, from.height, 7);
      const levels = data.map((sample) => 112 + (sample >> 3));
      const rounded = resize({ ...size, data: levels }, to, f, options);
      const exact = resize({ ...size, data: Float32Array.from(levels) }, to, f, options);
      expect(rounded.data).toBeInstanceOf(Uint8Array);
      // Half a level by the second pass, and by the first, whose halves Lanczos's weights, 1.54 in all
      // without their signs, may sum up to.
      expect(difference(exact.data, rounded.data).max).toBeLessThan(1.27);
    },
  );

  it('nearest takes them as they are', () => {
    const image = averages({ width: 20, height: 16 }, 2);
    const size = { width: 9, height: 33 };
    const places = resize(numbered(image), size, 'nearest').data;
    const expected = Float32Array.from(places, (place) => image.data[place] as number);
    expect(resize(image, size, 'nearest').data).toEqual(expected);
  });

  it('are not touched where nothing changes', () => {
    const image = averages({ width: 20, height: 16 }, 3);
    const { data } = resize(image, image, 'lanczos');
    expect(data).toEqual(image.data);
    expect(data).not.toBe(image.data);
  });
});

describe("torchvision's arithmetic", () => {
  it('rounds weights to fewer bits, the same ones in a window', () => {
    const image = noise(64, 48, 64048);
    const size = { width: 72, height: 48 };
    const arithmetic = 'torchvision';
    const whole = resize(image, size, 'bilinear', { arithmetic });
    const window = { left: 24, top: 8, width: 24, height: 20 };
    const part = resize(image, size, 'bilinear', { arithmetic, window });
    const cut = resize(whole, size, 'bilinear', { window });
    expect(part.data).toEqual(cut.data);
    const { max } = difference(resize(image, size, 'bilinear').data, whole.data);
    expect(max).toBe(1);
  });
});

describe('a window of the result', () => {
  it.each(['nearest', 'box', 'bicubic', 'lanczos'] as const)(
    'is what cropping would give (%s)',
    (f) => {
      const image = noise(61, 47, 3);
      const size = { width: 29, height: 33 };
      const window = { left: 4, top: 7, width: 20, height: 11 };
      const whole = resize(image, size, f);
      expect(resize(image, size, f, { window }).data).toEqual(cropped(whole, window));
    },
  );

  it('also where only one side changes', () => {
    const image = noise(20, 16, 4);
    const window = { left: 3, top: 2, width: 9, height: 5 };
    for (const size of [
      { width: 20, height: 9 },
      { width: 13, height: 16 },
      { width: 20, height: 16 },
    ]) {
      const whole = resize(image, size, 'bilinear');
      expect(resize(image, size, 'bilinear', { window }).data).toEqual(cropped(whole, window));
    }
  });
});

it('keeps a flat colour flat with every filter', () => {
  const image = { width: 37, height: 21, data: new Uint8Array(37 * 21 * 3).fill(201) };
  for (const f of ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const) {
    for (const size of [
      { width: 5, height: 90 },
      { width: 80, height: 4 },
    ]) {
      expect(new Set(resize(image, size, f).data)).toEqual(new Set([201]));
      const data = new Float32Array(image.data.length).fill(201.3);
      expect(new Set(resize({ ...image, data }, size, f).data)).toEqual(new Set(data));
    }
  }
});

/**
 * Both directions at once, no fixed point, nothing rounded or cut off: the weighted mean of all
 * source pixels in reach.
 */
function directly(
  image: RgbImage<Levels>,
  size: Size,
  kernel: (distance: number) => number,
  options: ResizeOptions = {},
): Float64Array {
  const box = options.box ?? { left: 0, top: 0, width: image.width, height: image.height };
  const window = options.window ?? { left: 0, top: 0, ...size };
  const [scaleX, scaleY] = [box.width / size.width, box.height / size.height];
  const weight = (at: number, to: number, scale: number, start: number) =>
    kernel((at + 0.5 - start - (to + 0.5) * scale) / Math.max(1, scale));
  const result = new Float64Array(window.width * window.height * 3);
  for (let y = 0; y < window.height; y++) {
    for (let x = 0; x < window.width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        let total = 0;
        for (let v = 0; v < image.height; v++) {
          const wy = weight(v, window.top + y, scaleY, box.top);
          if (wy === 0) continue;
          for (let u = 0; u < image.width; u++) {
            const w = wy * weight(u, window.left + x, scaleX, box.left);
            sum += w * (image.data[(v * image.width + u) * 3 + channel] ?? 0);
            total += w;
          }
        }
        result[(y * window.width + x) * 3 + channel] = sum / total;
      }
    }
  }
  return result;
}

function clamped(sum: number): number {
  return Math.max(0, Math.min(255, sum));
}

/** Black, white and noisy squares by turns, in fractions of levels. */
function averages({ width, height }: Size, seed: number): RgbImage<Float32Array> {
  const data = Float32Array.from(noise(width, height, seed).data, (level, i) => {
    const pixel = Math.floor(i / 3);
    const [column, row] = [Math.floor((pixel % width) / 6), Math.floor(pixel / width / 6)];
    return [level / 256, 255 - level / 256, level / 1.003][(column + row) % 3] as number;
  });
  return { width, height, data };
}

/** A picture of the same size whose samples tell their own places. */
function numbered({ width, height, data }: RgbImage<Float32Array>): RgbImage<Float32Array> {
  return { width, height, data: data.map((_, i) => i) };
}

function cropped(image: RgbImage, { left, top, width, height }: Box): Uint8Array {
  const rows = Array.from({ length: height }, (_, y) => {
    const from = ((top + y) * image.width + left) * 3;
    return [...image.data.subarray(from, from + width * 3)];
  });
  return Uint8Array.from(rows.flat());
}
