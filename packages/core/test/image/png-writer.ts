import { crc32, deflateSync } from 'node:zlib';
import { passesOf } from '../../src/image/png/adam7.js';

/** What to write: every kind of PNG there is, the ones that common encoders never make included. */
export interface PngPlan {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  readonly interlaced?: boolean;
  /** Samples at `depth` bits, row by row. */
  readonly samples: readonly number[];
  /** PLTE: R, G, B a colour. */
  readonly palette?: readonly number[];
  /** tRNS as it stands in the file. */
  readonly transparency?: readonly number[];
  /** Filter of each row in turn; repeated. Default 0, 1, 2, 3, 4. */
  readonly filters?: readonly number[];
  /** Length of each IDAT in turn; the last takes what is left. Default one IDAT. */
  readonly pieces?: readonly number[];
  /** Chunks that go before the pixel data. */
  readonly before?: readonly { readonly type: string; readonly data: Uint8Array }[];
}

const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

export function writePng(plan: PngPlan): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, plan.width);
  view.setUint32(4, plan.height);
  header.set([plan.depth, plan.colour, 0, 0, plan.interlaced ? 1 : 0], 8);
  const data = deflateSync(rawRows(plan));
  return pngOf([
    { type: 'IHDR', data: header },
    ...(plan.before ?? []),
    ...(plan.palette ? [{ type: 'PLTE', data: Uint8Array.from(plan.palette) }] : []),
    ...(plan.transparency ? [{ type: 'tRNS', data: Uint8Array.from(plan.transparency) }] : []),
    ...split(data, plan.pieces ?? []).map((piece) => ({ type: 'IDAT', data: piece })),
    { type: 'IEND', data: new Uint8Array(0) },
  ]);
}

export function pngOf(
  chunks: readonly { readonly type: string; readonly data: Uint8Array }[],
): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    ...chunks.map(({ type, data }) => {
      const chunk = Buffer.alloc(12 + data.length);
      chunk.writeUInt32BE(data.length, 0);
      chunk.write(type, 4, 'latin1');
      chunk.set(data, 8);
      chunk.writeUInt32BE(crc32OfPng(chunk.subarray(4, 8 + data.length)), 8 + data.length);
      return chunk;
    }),
  ]);
}

/** Node 20 before 20.15 has no `zlib.crc32`. */
export function crc32OfPng(bytes: Uint8Array): number {
  if (typeof crc32 === 'function') return crc32(bytes);
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Filter bytes and filtered rows of all passes: what goes into the deflate stream. */
function rawRows(plan: PngPlan): Uint8Array {
  const filters = plan.filters ?? [0, 1, 2, 3, 4];
  const count = SAMPLES[plan.colour];
  const step = Math.max(1, (count * plan.depth) / 8);
  const parts: Uint8Array[] = [];
  for (const pass of passesOf(plan, plan.interlaced ?? false)) {
    let above: Uint8Array = new Uint8Array(Math.ceil((pass.width * count * plan.depth) / 8));
    for (let i = 0; i < pass.height; i++) {
      const samples: number[] = [];
      for (let j = 0; j < pass.width; j++) {
        const at = (pass.top + i * pass.down) * plan.width + pass.left + j * pass.across;
        samples.push(...plan.samples.slice(at * count, (at + 1) * count));
      }
      const row = packed(samples, plan.depth);
      const filter = filters[parts.length % filters.length] ?? 0;
      parts.push(Uint8Array.of(filter, ...filtered(filter, row, above, step)));
      above = row;
    }
  }
  return Buffer.concat(parts);
}

function packed(samples: readonly number[], depth: number): Uint8Array {
  const row = new Uint8Array(Math.ceil((samples.length * depth) / 8));
  samples.forEach((sample, i) => {
    for (let bit = 0; bit < depth; bit++) {
      const at = i * depth + bit;
      if ((sample >> (depth - 1 - bit)) & 1)
        row[at >> 3] = (row[at >> 3] ?? 0) | (0x80 >> (at & 7));
    }
  });
  return row;
}

function filtered(filter: number, row: Uint8Array, above: Uint8Array, step: number): number[] {
  return Array.from(row, (value, i) => {
    const a = row[i - step] ?? 0;
    const b = above[i] ?? 0;
    const c = i < step ? 0 : (above[i - step] ?? 0);
    const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter] ?? 0;
    return (value - predicted) & 255;
  });
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

function split(data: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let at = 0;
  const pieces = lengths.map((length) => {
    at += length;
    return data.subarray(at - length, at);
  });
  return [...pieces, data.subarray(at)];
}
