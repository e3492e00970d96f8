import type { Feed } from './oracle.js';

/** Numbers that follow from a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const size = (dims: readonly number[]) => dims.reduce((product, side) => product * side, 1);

/** About -2 to 2, some zeros. */
export function floats(dims: readonly number[], seed: number, scale = 2): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: size(dims) }, () => {
    const value = (2 * next() - 1) * scale;
    return next() < 0.05 ? 0 : value;
  });
}

export function feed(
  dims: readonly number[],
  seed: number,
  scale = 2,
): Feed & { data: Float32Array } {
  return { type: 'float32', dims, data: floats(dims, seed, scale) };
}

export function int8s(dims: readonly number[], seed: number): Int8Array {
  const next = generator(seed);
  return Int8Array.from({ length: size(dims) }, () => Math.floor(next() * 255) - 127);
}

export function indices(
  dims: readonly number[],
  below: number,
  seed: number,
): Feed & { data: BigInt64Array } {
  const next = generator(seed);
  const data = BigInt64Array.from({ length: size(dims) }, () =>
    BigInt(Math.floor(next() * 2 * below) - below),
  );
  return { type: 'int64', dims, data };
}
