// Our inflate (image/png/inflate.ts) beside fflate's stream, DecompressionStream and zlib's native code: the
// pixel data of a PNG, in pieces of 64 KiB. Least CPU time of the rounds.
//
//   tsc --build && node scripts/bench/inflate.mjs [PNG] [ROUNDS]      (default samples/chelsea.png, 25)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import { Inflater } from '../../packages/core/dist/image/png/inflate.js';

const require = createRequire(
  new URL('../../packages/lambda-adapter/package.json', import.meta.url),
);
const { Unzlib } = require('fflate');
const PIECE = 64 * 1024;

/** The IDAT chunks of a PNG, joined. */
function pixelData(png) {
  const parts = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') {
      parts.push(png.subarray(at + 8, at + 8 + length));
    }
    at += 12 + length;
  }
  return Buffer.concat(parts);
}

const [file = 'samples/chelsea.png', rounds = '25'] = process.argv.slice(2);
const data = pixelData(readFileSync(file));
const pieces = Array.from({ length: Math.ceil(data.length / PIECE) }, (_, i) =>
  data.subarray(i * PIECE, (i + 1) * PIECE),
);

/** Each returns the number of bytes that came out. */
const inflaters = {
  'image/png/inflate.ts': () => {
    let bytes = 0;
    for (const block of new Inflater(pieces).blocks()) bytes += block.length;
    return bytes;
  },
  'fflate Unzlib': () => {
    let bytes = 0;
    const stream = new Unzlib((block) => {
      bytes += block.length;
    });
    for (const [i, piece] of pieces.entries()) stream.push(piece, i === pieces.length - 1);
    return bytes;
  },
  DecompressionStream: async () => {
    let bytes = 0;
    const stream = new Blob(pieces).stream().pipeThrough(new DecompressionStream('deflate'));
    for await (const block of stream) bytes += block.length;
    return bytes;
  },
  'node:zlib (native)': () => inflateSync(data).length,
};

const expected = inflaters['node:zlib (native)']();
const least = Object.fromEntries(Object.keys(inflaters).map((name) => [name, Infinity]));
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, inflate] of Object.entries(inflaters)) {
    const before = process.cpuUsage();
    const bytes = await inflate();
    const { user, system } = process.cpuUsage(before);
    if (bytes !== expected) throw new Error(`${name} gave ${bytes} bytes, not ${expected}.`);
    least[name] = Math.min(least[name], (user + system) / 1000);
  }
}
console.log(`${file}: ${data.length} bytes to ${expected}, CPU time in ms, least of ${rounds}`);
for (const [name, ms] of Object.entries(least)) console.log(`${name.padEnd(22)}${ms.toFixed(1)}`);
