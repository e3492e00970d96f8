import type { Levels, RgbImage } from './types.js';

/** A new array of the same kind. */
export function likeArray(data: Levels, length: number): Levels {
  return data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
}

/** The picture in whole levels, for what shows or stores it; with the same data where it has them. */
export function inWholeLevels(image: RgbImage<Levels>): RgbImage {
  const { data, ...rest } = image;
  // Stores to a clamped array round to the nearest level.
  return data instanceof Uint8Array
    ? { ...rest, data }
    : { ...rest, data: new Uint8Array(Uint8ClampedArray.from(data).buffer) };
}

/** Brings averages that went beyond the levels back to 0–255, in place. */
export function clampLevels(data: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    const level = data[i];
    if (level < 0) data[i] = 0;
    else if (level > 255) data[i] = 255;
  }
}
