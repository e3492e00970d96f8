import type { RgbImage } from '../../src/image/types.js';

/** Uniform noise by xorshift32: the same picture that `scripts/fixtures/image/noise.py` makes. */
export function noise(width: number, height: number, seed: number): RgbImage {
  let state = seed;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
  return { width, height, data };
}

/** A picture with flat parts, slopes, edges and fine texture, as photos have them. */
export function scene(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const disc = Math.hypot(u - 0.6, v - 0.4) < 0.25 ? 90 : 0;
      const texture = v > 0.7 ? 40 * Math.sin(x * 0.9) * Math.cos(y * 0.7) : 0;
      const at = (y * width + x) * 3;
      data[at] = Math.min(255, 40 + 150 * u + disc);
      data[at + 1] = Math.max(0, Math.min(255, 200 - 120 * v + texture));
      data[at + 2] = 60 + (u > 0.5 ? 110 : 0) + 60 * v;
    }
  }
  return { width, height, data };
}

/** Mean and largest absolute difference of two runs of samples. */
export function difference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): { mean: number; max: number } {
  if (a.length !== b.length) throw new Error(`${a.length} samples against ${b.length}`);
  let sum = 0;
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs((a[i] as number) - (b[i] as number));
    sum += d;
    if (d > max) max = d;
  }
  return { mean: a.length === 0 ? 0 : sum / a.length, max };
}
