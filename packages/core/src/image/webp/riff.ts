import { refuseFragment } from '../limits.js';
import type { Size } from '../types.js';

/** One chunk of a RIFF file. */
export interface RiffChunk {
  readonly type: string;
  /** Shorter than declared where the file ends early. */
  readonly data: Uint8Array;
  /** How many bytes there should be. */
  readonly declared: number;
}

/** The chunks from `start` on: four letters, a length, data, a padding byte if odd (RFC 9649, 2.3). */
export function* riffChunks(bytes: Uint8Array, start: number): Generator<RiffChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  while (at + 8 <= bytes.length) {
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const declared = view.getUint32(at + 4, true);
    const data = bytes.subarray(at + 8, at + 8 + declared);
    yield { type, data, declared };
    at += 8 + declared + (declared & 1);
  }
}

/**
 * A WebP file of its own around the chunks of one picture: with ALPH before VP8 it has to be the
 * extended kind, whose VP8X chunk says that there is alpha (RFC 9649, section 2.7).
 */
export function stillOf(chunks: Uint8Array, { width, height }: Size): Uint8Array {
  const parts = [...riffChunks(chunks, 0)].filter(({ type }) => /^(ALPH|VP8 |VP8L)$/.test(type));
  const extended = new Uint8Array(18);
  extended.set(ascii('VP8X'));
  extended[4] = 10;
  extended[8] = parts.some(({ type }) => type === 'ALPH') ? 0x10 : 0;
  const sides = new DataView(extended.buffer);
  sides.setUint32(12, width - 1, true);
  sides.setUint16(15, (height - 1) & 0xffff, true);
  extended[17] = (height - 1) >> 16;
  const isSimple = parts.length === 1;
  return riffFile([...(isSimple ? [] : [extended]), ...parts.map(asBytes)]);
}

/**
 * A lossy file that was cut in its VP8 chunk, filled up with zeros to the length that it declares:
 * libwebp then decodes what is there, and goes on with plain blocks where there is nothing.
 *
 * @returns the same file where nothing is to be done; `missing` is the share that was filled up
 * @throws CaptionError `DECODE_FAILED` for a share that is too large
 */
export function repaired(file: Uint8Array): { file: Uint8Array; missing: number } {
  for (const { type, data, declared } of riffChunks(file, 12)) {
    if (data.length === declared) continue;
    const missing = 1 - data.length / declared;
    if (type !== 'VP8 ') break;
    refuseFragment('WebP', missing);
    const whole = new Uint8Array(file.length + declared - data.length);
    whole.set(file);
    return { file: whole, missing };
  }
  return { file, missing: 0 };
}

function asBytes({ type, data, declared }: RiffChunk): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  bytes.set(ascii(type));
  new DataView(bytes.buffer).setUint32(4, declared, true);
  bytes.set(data, 8);
  return bytes;
}

function riffFile(chunks: readonly Uint8Array[]): Uint8Array {
  const padded = (chunk: Uint8Array) => chunk.length + (chunk.length & 1);
  const length = chunks.reduce((sum, chunk) => sum + padded(chunk), 4);
  const file = new Uint8Array(8 + length);
  file.set(ascii('RIFF'));
  new DataView(file.buffer).setUint32(4, length, true);
  file.set(ascii('WEBP'), 8);
  let at = 12;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += padded(chunk);
  }
  return file;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
