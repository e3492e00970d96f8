import { notDecodable } from '../header.js';
import { type BitReader, type PrefixCode, readPrefixCode } from './codes.js';

/** Lengths of matches, and colours of the cache, follow the 256 levels of green. */
const LENGTH_CODES = 24;
const DISTANCE_CODES = 40;
/** No distance is longer: 40 prefix codes reach 2²⁰ − 120 (RFC 9649, section 3.6.2.2). */
const WINDOW = 1 << 20;

interface CodeGroup {
  readonly green: PrefixCode;
  readonly red: PrefixCode;
  readonly blue: PrefixCode;
  readonly alpha: PrefixCode;
  readonly distance: PrefixCode;
  /** The only pixel that the group can give, where it has one. */
  readonly constant: number | undefined;
}

/**
 * The entropy-coded pixels of a picture (RFC 9649, sections 3.6 and 3.7), row by row, as ARGB. Only as many are
 * kept as matches can reach back: 4 MB, however large the picture is.
 *
 * @param isMain only the picture itself has groups of codes, its transforms' have one
 * @returns rows; each is overwritten by the next
 */
export function* pixelRows(
  bits: BitReader,
  width: number,
  height: number,
  isMain: boolean,
): Generator<Int32Array, void, void> {
  const cacheBits = bits.take(1) === 1 ? bits.take(4) : 0;
  if (cacheBits > 11) throw notDecodable('its data are damaged: a cache of too many colours');
  const cache = new Int32Array(cacheBits > 0 ? 1 << cacheBits : 0);
  const map = isMain && bits.take(1) === 1 ? readGroupMap(bits, width, height) : undefined;
  const groups = Array.from({ length: map?.count ?? 1 }, () => readGroup(bits, cache.length));

  const total = width * height;
  const mask = Math.min(WINDOW, nextPower(total)) - 1;
  const pixels = new Int32Array(mask + 1);
  const row = new Int32Array(width);
  let done = 0;
  let copyLeft = 0;
  let distance = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; ) {
      if (copyLeft > 0) {
        const count = Math.min(copyLeft, width - x);
        for (let i = 0; i < count; i++, done++) {
          const pixel = pixels[(done - distance) & mask];
          pixels[done & mask] = pixel;
          row[x++] = pixel;
          if (cacheBits > 0) cache[cacheIndex(pixel, cacheBits)] = pixel;
        }
        copyLeft -= count;
        continue;
      }
      const group = map ? groups[map.groupAt(x, y)] : groups[0];
      if (!group) throw notDecodable('its data are damaged: a group that does not exist');
      if (group.constant !== undefined) {
        const end = map ? Math.min(width, map.blockEnd(x)) : width;
        for (; x < end; x++, done++) {
          pixels[done & mask] = group.constant;
          row[x] = group.constant;
        }
        if (cacheBits > 0) cache[cacheIndex(group.constant, cacheBits)] = group.constant;
        continue;
      }
      const symbol = group.green.read(bits);
      if (symbol >= 256 && symbol < 256 + LENGTH_CODES) {
        copyLeft = prefixed(bits, symbol - 256);
        distance = pixelDistance(prefixed(bits, group.distance.read(bits)), width);
        if (distance > done || copyLeft > total - done) {
          throw notDecodable('its data are damaged: a match beyond the picture');
        }
        continue;
      }
      let pixel: number;
      if (symbol < 256) {
        const red = group.red.read(bits);
        const blue = group.blue.read(bits);
        pixel = (group.alpha.read(bits) << 24) | (red << 16) | (symbol << 8) | blue;
      } else pixel = cache[symbol - 256 - LENGTH_CODES];
      pixels[done++ & mask] = pixel;
      row[x++] = pixel;
      if (cacheBits > 0) cache[cacheIndex(pixel, cacheBits)] = pixel;
    }
    if (bits.isBeyondEnd) throw notDecodable('its data end early');
    yield row;
  }
}

/** A small picture whole: what a transform, or the map of groups, is made of. */
export function allPixels(bits: BitReader, width: number, height: number): Int32Array {
  const all = new Int32Array(width * height);
  let y = 0;
  for (const row of pixelRows(bits, width, height, false)) all.set(row, y++ * width);
  return all;
}

export const blocks = (pixels: number, bits: number) => (pixels + (1 << bits) - 1) >> bits;

function readGroupMap(bits: BitReader, width: number, height: number) {
  const size = bits.take(3) + 2;
  const across = blocks(width, size);
  const map = allPixels(bits, across, blocks(height, size));
  const groupOf = (pixel: number) => (pixel >> 8) & 0xffff;
  const count = 1 + map.reduce((most, pixel) => Math.max(most, groupOf(pixel)), 0);
  return {
    count,
    groupAt: (x: number, y: number) => groupOf(map[(y >> size) * across + (x >> size)]),
    blockEnd: (x: number) => ((x >> size) + 1) << size,
  };
}

function readGroup(bits: BitReader, cacheSize: number): CodeGroup {
  if (bits.isBeyondEnd) throw notDecodable('its data end early');
  const green = readPrefixCode(bits, 256 + LENGTH_CODES + cacheSize);
  const red = readPrefixCode(bits, 256);
  const blue = readPrefixCode(bits, 256);
  const alpha = readPrefixCode(bits, 256);
  const distance = readPrefixCode(bits, DISTANCE_CODES);
  const [a, r, g, b] = [alpha.only, red.only, green.only, blue.only];
  const isConstant = a !== undefined && r !== undefined && b !== undefined && (g ?? 256) < 256;
  const constant = isConstant ? (a << 24) | (r << 16) | ((g ?? 0) << 8) | b : undefined;
  return { green, red, blue, alpha, distance, constant };
}

/** A number by its prefix and the bits that follow (section 3.6.2.2). */
function prefixed(bits: BitReader, prefix: number): number {
  if (prefix < 4) return prefix + 1;
  const extra = (prefix - 2) >> 1;
  return ((2 + (prefix & 1)) << extra) + bits.take(extra) + 1;
}

/** The 120 nearest pixels in two dimensions: 16 · (rows up) + 8 − (columns to the left) (section 3.6.2.2). */
const NEAR = [
  0x18, 0x07, 0x17, 0x19, 0x28, 0x06, 0x27, 0x29, 0x16, 0x1a, 0x26, 0x2a, 0x38, 0x05, 0x37, 0x39,
  0x15, 0x1b, 0x36, 0x3a, 0x25, 0x2b, 0x48, 0x04, 0x47, 0x49, 0x14, 0x1c, 0x35, 0x3b, 0x46, 0x4a,
  0x24, 0x2c, 0x58, 0x45, 0x4b, 0x34, 0x3c, 0x03, 0x57, 0x59, 0x13, 0x1d, 0x56, 0x5a, 0x23, 0x2d,
  0x44, 0x4c, 0x55, 0x5b, 0x33, 0x3d, 0x68, 0x02, 0x67, 0x69, 0x12, 0x1e, 0x66, 0x6a, 0x22, 0x2e,
  0x54, 0x5c, 0x43, 0x4d, 0x65, 0x6b, 0x32, 0x3e, 0x78, 0x01, 0x77, 0x79, 0x53, 0x5d, 0x11, 0x1f,
  0x64, 0x6c, 0x42, 0x4e, 0x76, 0x7a, 0x21, 0x2f, 0x75, 0x7b, 0x31, 0x3f, 0x63, 0x6d, 0x52, 0x5e,
  0x00, 0x74, 0x7c, 0x41, 0x4f, 0x10, 0x20, 0x62, 0x6e, 0x30, 0x73, 0x7d, 0x51, 0x5f, 0x40, 0x72,
  0x7e, 0x61, 0x6f, 0x50, 0x71, 0x7f, 0x60, 0x70,
];

function pixelDistance(code: number, width: number): number {
  const near = NEAR[code - 1];
  if (near === undefined) return code - NEAR.length;
  return Math.max(1, (near >> 4) * width + 8 - (near & 15));
}

function cacheIndex(pixel: number, bits: number): number {
  return Math.imul(0x1e35a7bd, pixel) >>> (32 - bits);
}

function nextPower(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}
