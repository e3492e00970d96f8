/**
 * Seeded pseudo-random numbers, the same on every platform: xoshiro128** 1.1 (Blackman and Vigna
 * 2018, prng.di.unimi.it/xoshiro128starstar.c), its state filled from SplitMix64 as its authors
 * advise. Not for cryptography.
 *
 * @param seed   a whole number 0–2⁵³-1
 * @param stream generators of one seed with different streams are independent of each other
 * @returns a function that gives the next number, 0 ≤ number < 1, a multiple of 2⁻⁵³
 *
 * @example
 * const random = seededRandom(42);
 * random(); // 0.4137016681565887 on every machine
 */
export function seededRandom(seed: number, stream = 0): () => number {
  const next = xoshiro128(initialState(seed, stream));
  return () => {
    const high = next() >>> 5;
    const low = next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
}

/** xoshiro128** 1.1 from a given state of four 32-bit words, not all 0: 32 random bits a call. */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** The `index`-th output, from 0, of SplitMix64 (Steele, Lea and Flood 2014) started at `seed`. */
export function splitMix64(seed: bigint, index: bigint): bigint {
  const word = (value: bigint) => BigInt.asUintN(64, value);
  let z = word(seed + (index + 1n) * 0x9e3779b97f4a7c15n);
  z = word((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = word((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

function initialState(seed: number, stream: number): [number, number, number, number] {
  const first = splitMix64(BigInt(seed), 2n * BigInt(stream));
  const second = splitMix64(BigInt(seed), 2n * BigInt(stream) + 1n);
  const half = (value: bigint) => Number(BigInt.asIntN(32, value));
  return [half(first), half(first >> 32n), half(second), half(second >> 32n)];
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
