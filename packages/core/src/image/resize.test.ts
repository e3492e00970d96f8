import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { difference, noise } from '../../test/image/pictures.js';
import type { Resample } from './filters.js';
import { type Box, resize } from './resize.js';
import type { RgbImage, Size } from './types.js';

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

const recorded = JSON.parse(
  readFileSync(new URL('../../test/image/fixtures/pillow-resize.json', import.meta.url), 'utf8'),
) as { pillow: string; cases: Case[] };

describe(`resize against recordings of Pillow ${recorded.pillow}`, () => {
  it.each(recorded.cases)('$filter $source → $size $box', (c) => {
    const image = noise(...c.source, c.seed);
    const [width, height] = c.size;
    const box = c.box && {
      ...{ left: c.box[0], top: c.box[1], width: c.box[2] - c.box[0], height: c.box[3] - c.box[1] },
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
    expect(difference(data, directly(image, to)).max).toBeLessThanOrEqual(1);
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
    }
  }
});

/** Both directions at once, no fixed point: the weighted mean of all source pixels in reach. */
function directly(image: RgbImage, size: Size): Uint8Array {
  const [scaleX, scaleY] = [image.width / size.width, image.height / size.height];
  const weight = (at: number, to: number, scale: number) =>
    Math.max(0, 1 - Math.abs(at + 0.5 - (to + 0.5) * scale) / Math.max(1, scale));
  const result = new Uint8Array(size.width * size.height * 3);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        let total = 0;
        for (let v = 0; v < image.height; v++) {
          const wy = weight(v, y, scaleY);
          if (wy === 0) continue;
          for (let u = 0; u < image.width; u++) {
            const w = wy * weight(u, x, scaleX);
            sum += w * (image.data[(v * image.width + u) * 3 + channel] ?? 0);
            total += w;
          }
        }
        result[(y * size.width + x) * 3 + channel] = Math.round(sum / total);
      }
    }
  }
  return result;
}

function cropped(image: RgbImage, { left, top, width, height }: Box): Uint8Array {
  const rows = Array.from({ length: height }, (_, y) => {
    const from = ((top + y) * image.width + left) * 3;
    return [...image.data.subarray(from, from + width * 3)];
  });
  return Uint8Array.from(rows.flat());
}
