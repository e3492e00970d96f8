import { notDecodable } from '../header.js';
import type { BitReader } from './codes.js';
import { allPixels, blocks } from './pixels.js';

/** Undoes one transform of a row of ARGB pixels; may do so in place. */
export type RowTransform = (row: Int32Array, y: number) => Int32Array;

const OPAQUE_BLACK = 0xff000000 | 0;

/**
 * Reads the transforms of a picture (RFC 9649, section 3.5), each of which is there once at most.
 *
 * @returns how they are undone, in this order, and how many pixels a coded row has
 */
export function readTransforms(
  bits: BitReader,
  width: number,
  height: number,
): { readonly undo: readonly RowTransform[]; readonly codedWidth: number } {
  const undo: RowTransform[] = [];
  const seen = new Set<number>();
  let codedWidth = width;
  while (bits.take(1) === 1) {
    const type = bits.take(2);
    if (seen.has(type)) throw notDecodable('its data are damaged: a transform comes twice');
    seen.add(type);
    if (type === 2) {
      undo.unshift(addGreen);
    } else if (type === 3) {
      const colours = readColours(bits);
      const packing =
        colours.length <= 2 ? 3 : colours.length <= 4 ? 2 : colours.length <= 16 ? 1 : 0;
      undo.unshift(colourIndexing(colours, packing, codedWidth));
      codedWidth = blocks(codedWidth, packing);
    } else {
      const size = bits.take(3) + 2;
      const across = blocks(codedWidth, size);
      const data = allPixels(bits, across, blocks(height, size));
      const blockAt = (x: number, y: number) => data[(y >> size) * across + (x >> size)];
      undo.unshift(type === 0 ? prediction(blockAt, codedWidth) : colourTransform(blockAt));
    }
  }
  return { undo, codedWidth };
}

function addGreen(row: Int32Array): Int32Array {
  for (let x = 0; x < row.length; x++) {
    const pixel = row[x];
    const green = (pixel >> 8) & 255;
    row[x] = (pixel & 0xff00ff00) | (((pixel & 0xff00ff) + ((green << 16) | green)) & 0xff00ff);
  }
  return row;
}

function readColours(bits: BitReader): Int32Array {
  const colours = allPixels(bits, bits.take(8) + 1, 1);
  for (let i = 1; i < colours.length; i++) {
    colours[i] = sum(colours[i], colours[i - 1]);
  }
  return colours;
}

/** Indices stand in the green channel, those of up to 16 colours several in one. */
function colourIndexing(colours: Int32Array, packing: number, width: number): RowTransform {
  const out = new Int32Array(width);
  const bitsEach = 8 >> packing;
  const mask = (1 << bitsEach) - 1;
  const inOne = (1 << packing) - 1;
  return (row) => {
    for (let x = 0; x < width; x++) {
      const packed = (row[x >> packing] >> 8) & 255;
      // Beyond the last colour everything is transparent black.
      out[x] = colours[(packed >> ((x & inOne) * bitsEach)) & mask] ?? 0;
    }
    return out;
  };
}

type BlockAt = (x: number, y: number) => number;

function colourTransform(blockAt: BlockAt): RowTransform {
  const signed = (byte: number) => (byte << 24) >> 24;
  return (row, y) => {
    for (let x = 0; x < row.length; x++) {
      const block = blockAt(x, y);
      const pixel = row[x];
      const green = signed(pixel >> 8);
      const red = ((pixel >> 16) + ((signed(block) * green) >> 5)) & 255;
      const fromRed = (signed(block >> 16) * signed(red)) >> 5;
      const blue = (pixel + ((signed(block >> 8) * green) >> 5) + fromRed) & 255;
      row[x] = (pixel & 0xff00ff00) | (red << 16) | blue;
    }
    return row;
  };
}

/** Each pixel is added to what was predicted of it by its neighbours (section 4.1). */
function prediction(blockAt: BlockAt, width: number): RowTransform {
  let above = new Int32Array(width);
  let out = new Int32Array(width);
  return (row, y) => {
    [above, out] = [out, above];
    out[0] = sum(row[0], y === 0 ? OPAQUE_BLACK : above[0]);
    for (let x = 1; x < width; x++) {
      const left = out[x - 1];
      if (y === 0) {
        out[x] = sum(row[x], left);
        continue;
      }
      // Right of the last pixel above lies, as in memory, the first of this row.
      const aboveRight = x + 1 < width ? above[x + 1] : out[0];
      const mode = (blockAt(x, y) >> 8) & 15;
      const predicted = predict(mode, left, above[x], aboveRight, above[x - 1]);
      out[x] = sum(row[x], predicted);
    }
    return out.slice();
  };
}

function predict(mode: number, l: number, t: number, tr: number, tl: number): number {
  switch (mode) {
    case 1:
      return l;
    case 2:
      return t;
    case 3:
      return tr;
    case 4:
      return tl;
    case 5:
      return mean(mean(l, tr), t);
    case 6:
      return mean(l, tl);
    case 7:
      return mean(l, t);
    case 8:
      return mean(tl, t);
    case 9:
      return mean(t, tr);
    case 10:
      return mean(mean(l, tl), mean(t, tr));
    case 11:
      return distance(t, tl) < distance(l, tl) ? l : t;
    case 12:
      return channels((shift) => byte(l, shift) + byte(t, shift) - byte(tl, shift));
    case 13: {
      const middle = mean(l, t);
      return channels((shift) => {
        const value = byte(middle, shift);
        return value + Math.trunc((value - byte(tl, shift)) / 2);
      });
    }
    default:
      return OPAQUE_BLACK;
  }
}

const byte = (pixel: number, shift: number) => (pixel >>> shift) & 255;

/** Channel by channel, without carries from one to the next. */
function sum(a: number, b: number): number {
  return (
    (((a & 0xff00ff00) + (b & 0xff00ff00)) & 0xff00ff00) |
    (((a & 0xff00ff) + (b & 0xff00ff)) & 0xff00ff)
  );
}

function mean(a: number, b: number): number {
  return (((a ^ b) & 0xfefefefe) >>> 1) + (a & b);
}

function distance(a: number, b: number): number {
  let total = 0;
  for (let shift = 0; shift < 32; shift += 8) total += Math.abs(byte(a, shift) - byte(b, shift));
  return total;
}

function channels(value: (shift: number) => number): number {
  let pixel = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    pixel |= Math.max(0, Math.min(255, value(shift))) << shift;
  }
  return pixel;
}
