import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, createDeflate } from 'node:zlib';
import { repositoryRoot } from '../repository-root.js';

const jpeg = readFileSync(join(repositoryRoot, 'samples/astronaut.jpg'));
let count = 0;

/** The same photo to look at, but not to a cache: what follows the end of a JPEG is not read. */
export function freshPhoto(): Buffer {
  return Buffer.concat([jpeg, Buffer.from(`${process.pid}.${count++}`)]);
}

export const knownPhoto: Buffer = jpeg;

/** A PNG of 16-bit RGBA with nothing in it: 800 MB of pixels in less than a megabyte. */
export async function pngBomb(side: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 9 });
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  const row = Buffer.alloc(1 + side * 8);
  for (let y = 0; y < side; y++) {
    if (!deflate.write(row)) await new Promise((resolve) => deflate.once('drain', resolve));
  }
  await new Promise<void>((resolve) => {
    deflate.once('end', resolve);
    deflate.end();
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([16, 6, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(body.length + 8);
    frame.writeUInt32BE(data.length, 0);
    frame.set(body, 4);
    frame.writeUInt32BE(crc32(body), body.length + 4);
    return frame;
  };
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.concat(chunks)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/**
 * A lossless WebP of one colour: each of its five prefix codes has one symbol, so that its pixels take
 * no bits at all (WebP lossless bitstream specification, section 6.2).
 */
export function webpBomb(side: number): Buffer {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let bit = 0; bit < count; bit++) bits.push((value >> bit) & 1);
  };
  put(0x2f, 8);
  put(side - 1, 14);
  put(side - 1, 14);
  put(0, 1 + 3); // no alpha, version 0
  put(0, 3); // no transform, no colour cache, no meta prefix codes
  for (let code = 0; code < 5; code++) put(0b0001, 4); // simple, one symbol of one bit: 0
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries())
    bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (at & 7));
  const padded = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
  const head = Buffer.alloc(20);
  head.write('RIFF', 0);
  head.writeUInt32LE(12 + padded.length, 4);
  head.write('WEBPVP8L', 8);
  head.writeUInt32LE(bytes.length, 16);
  return Buffer.concat([head, padded]);
}
