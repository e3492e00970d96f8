import { CaptionError } from '../errors.js';
import type { RawImage, RgbImage } from './types.js';

/** Largest side of raw pixels: beyond it, width × height × 4 leaves what arrays can hold. */
const MAX_SIDE = 1_000_000;

/**
 * Opaque RGB from pixels in memory: grey is repeated, alpha laid on white. The pixels are copied.
 *
 * @param image `width` × `height` × `channels` bytes, rows top down, values 0–255
 * @throws CaptionError `INVALID_INPUT` when sides, channels or the data's length do not fit together
 *
 * @example
 * rawToRgb({ data: new Uint8Array([0, 255]), width: 2, height: 1, channels: 1 });
 */
export function rawToRgb(image: RawImage): RgbImage {
  check(image);
  const { data, width, height, channels } = image;
  const pixels = width * height;
  if (channels === 3) return { width, height, data: new Uint8Array(data) };

  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += 3) {
    const alpha = channels === 4 ? data[from + 3] : 255;
    if (channels === 1) {
      rgb[to] = rgb[to + 1] = rgb[to + 2] = data[from];
    } else if (alpha === 255) {
      // Nearly all pixels of photos.
      rgb[to] = data[from];
      rgb[to + 1] = data[from + 1];
      rgb[to + 2] = data[from + 2];
    } else {
      rgb[to] = onWhite(data[from], alpha);
      rgb[to + 1] = onWhite(data[from + 1], alpha);
      rgb[to + 2] = onWhite(data[from + 2], alpha);
    }
  }
  return { width, height, data: rgb };
}

/** A sample with straight (not premultiplied) alpha over white, rounded to nearest; all 0–255. */
export function onWhite(sample: number, alpha: number): number {
  return (((sample - 255) * alpha + 127.5) / 255 + 255) | 0;
}

function check(image: RawImage): void {
  const { data, width, height, channels } = image;
  for (const [name, side] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new CaptionError(
        'INVALID_INPUT',
        `Raw pixels need a ${name} that is a whole number from 1 to ${MAX_SIDE}, but it is ${String(side)}.`,
      );
    }
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new CaptionError(
      'INVALID_INPUT',
      `Raw pixels need 1 (grey), 3 (RGB) or 4 (RGBA) channels, but channels is ${String(channels)}.`,
    );
  }
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) {
    throw new CaptionError(
      'INVALID_INPUT',
      'Raw pixels need their data in a Uint8Array or Uint8ClampedArray with values 0–255; convert other arrays first.',
    );
  }
  const expected = width * height * channels;
  if (data.length !== expected) {
    throw new CaptionError(
      'INVALID_INPUT',
      `Raw pixels of ${width}×${height} with ${channels} channels are ${expected} bytes, but data has ${data.length}.`,
    );
  }
}
