import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { CaptionError } from '../errors.js';
import { onWhite, rawToRgb } from './raw.js';
import type { RawImage } from './types.js';

describe('rawToRgb', () => {
  it('repeats grey, copies RGB, lays alpha on white', () => {
    const size = { width: 2, height: 1 };
    expect([...rawToRgb({ ...size, channels: 1, data: Uint8Array.of(5, 250) }).data]).toEqual([
      5, 5, 5, 250, 250, 250,
    ]);
    const data = Uint8ClampedArray.of(1, 2, 3, 4, 5, 6);
    const rgb = rawToRgb({ ...size, channels: 3, data });
    expect([...rgb.data]).toEqual([1, 2, 3, 4, 5, 6]);
    data[0] = 99;
    expect(rgb.data[0]).toBe(1);
    const rgba = Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0);
    expect([...rawToRgb({ ...size, channels: 4, data: rgba }).data]).toEqual([
      10, 20, 30, 255, 255, 255,
    ]);
  });

  it('lays alpha on white as sharp does, for every sample and alpha', async () => {
    const rgba = new Uint8Array(256 * 256 * 4);
    for (let i = 0; i < 256 * 256; i++) rgba.set([i & 255, i & 255, i & 255, i >> 8], i * 4);
    const theirs = await sharp(rgba, { raw: { width: 256, height: 256, channels: 4 } })
      .flatten({ background: '#fff' })
      .raw()
      .toBuffer();
    const ours = rawToRgb({ width: 256, height: 256, channels: 4, data: rgba }).data;
    let largest = 0;
    ours.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - (theirs[i] ?? -9)));
    });
    expect(largest).toBeLessThanOrEqual(1);
  });

  it('rounds to nearest', () => {
    for (let alpha = 0; alpha < 256; alpha++) {
      for (let sample = 0; sample < 256; sample++) {
        const exact = (sample * alpha + 255 * (255 - alpha)) / 255;
        expect(Math.abs(onWhite(sample, alpha) - exact)).toBeLessThanOrEqual(0.5 + 1e-9);
      }
    }
  });

  it.each([
    [{ width: 2, height: 2, channels: 3, data: new Uint8Array(11) }, '12 bytes, but data has 11'],
    [{ width: 2, height: 2, channels: 2, data: new Uint8Array(8) }, 'channels is 2'],
    [{ width: 0, height: 2, channels: 3, data: new Uint8Array(0) }, 'width'],
    [{ width: 2, height: 1.5, channels: 3, data: new Uint8Array(9) }, 'height'],
    [{ width: 1e9, height: 1, channels: 1, data: new Uint8Array(9) }, 'width'],
    [{ width: 1, height: 1, channels: 1, data: [7] }, 'Uint8Array'],
    [{ width: 1, height: 1, channels: 1, data: new Float32Array(1) }, 'Uint8Array'],
  ])('refuses what does not fit together (%#)', (image, message) => {
    const convert = () => rawToRgb(image as unknown as RawImage);
    expect(convert).toThrow(message);
    expect(convert).toThrow(CaptionError);
    expect(convert).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});
