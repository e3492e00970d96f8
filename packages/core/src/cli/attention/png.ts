import { deflateSync } from 'node:zlib';
import { crc32 } from '../../image/png/crc.js';

/*
 * A small writer of 8-bit PNG files (https://www.w3.org/TR/png-3/), RGB or RGBA, with the usual
 * choice of filters; node:zlib does the compression.
 */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Bytes a pixel: 3 is RGB, 4 is RGBA. */
  readonly channels: 3 | 4;
  /** Rows top down. */
  readonly data: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function encodePng(pixels: Pixels): Uint8Array {
  const { width, height, channels } = pixels;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    chunk('IHDR', header),
    // 6.1 "sRGB": without it some viewers show the colours otherwise than the photo's.
    chunk('sRGB', Uint8Array.of(0)),
    chunk('IDAT', deflateSync(filtered(pixels), { level: 8 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const result = Buffer.alloc(12 + data.length);
  result.writeUInt32BE(data.length, 0);
  result.write(type, 4, 'latin1');
  result.set(data, 8);
  result.writeUInt32BE(crc32(result, 4, 8 + data.length), 8 + data.length);
  return result;
}

/** Each row with the filter whose output has the smallest sum of magnitudes (section 12.8 of the specification). */
function filtered({ width, height, channels, data }: Pixels): Uint8Array {
  const stride = width * channels;
  const result = new Uint8Array(height * (stride + 1));
  const candidates = Array.from({ length: 5 }, () => new Uint8Array(stride));
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * stride, (y + 1) * stride);
    const above = y > 0 ? data.subarray((y - 1) * stride, y * stride) : new Uint8Array(stride);
    let best = 0;
    let bestSum = Number.POSITIVE_INFINITY;
    for (const [type, candidate] of candidates.entries()) {
      const sum = filterRow(type, row, above, channels, candidate);
      if (sum < bestSum) [best, bestSum] = [type, sum];
    }
    result[y * (stride + 1)] = best;
    result.set(candidates[best] ?? row, y * (stride + 1) + 1);
  }
  return result;
}

/** Filters a row into `output`; gives the sum of the results taken as signed bytes, without sign. */
function filterRow(
  type: number,
  row: Uint8Array,
  above: Uint8Array,
  channels: number,
  output: Uint8Array,
): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const left = i >= channels ? (row[i - channels] ?? 0) : 0;
    const up = above[i] ?? 0;
    const upLeft = i >= channels ? (above[i - channels] ?? 0) : 0;
    const value = ((row[i] ?? 0) - prediction(type, left, up, upLeft)) & 255;
    output[i] = value;
    sum += value < 128 ? value : 256 - value;
  }
  return sum;
}

function prediction(type: number, left: number, up: number, upLeft: number): number {
  switch (type) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    default:
      return paeth(left, up, upLeft);
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toUpLeft = Math.abs(estimate - upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}
