import { notDecodable } from '../header.js';

/** The bits of a lossless picture, lowest first; beyond the end they are 0. */
export class BitReader {
  private readonly bytes: Uint8Array;
  private at: number;

  /** @param start where in the bytes to begin */
  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.at = start * 8;
  }

  /** At least the next 25 bits, without moving on. */
  peek(): number {
    const { bytes } = this;
    const from = this.at >>> 3;
    const word =
      (bytes[from] ?? 0) |
      ((bytes[from + 1] ?? 0) << 8) |
      ((bytes[from + 2] ?? 0) << 16) |
      ((bytes[from + 3] ?? 0) << 24);
    return word >>> (this.at & 7);
  }

  skip(count: number): void {
    this.at += count;
  }

  /** The next `count` bits, up to 24. */
  take(count: number): number {
    const value = this.peek() & ((1 << count) - 1);
    this.at += count;
    return value;
  }

  /** Whether more bits were taken than there are. */
  get isBeyondEnd(): boolean {
    return this.at > this.bytes.length * 8;
  }
}

const MAX_LENGTH = 15;
/** Codes up to this length are looked up at once, longer ones bit by bit. */
const ROOT = 8;

/** A prefix code (RFC 9649, section 3.7.2.1): canonical, as in deflate. */
export class PrefixCode {
  /** The one symbol of a code that takes no bits. */
  readonly only: number | undefined;
  private readonly root: Uint16Array;
  /** By length: the first code, how many there are, and where their symbols begin. */
  private readonly counts = new Uint16Array(MAX_LENGTH + 1);
  private readonly symbols: Uint16Array;

  /** @param lengths by symbol; 0 where it has no code */
  constructor(lengths: Uint8Array) {
    const { counts } = this;
    for (const length of lengths) if (length > 0) counts[length] = counts[length] + 1;
    const used = counts.reduce((sum, count) => sum + count, 0);
    this.root = new Uint16Array(used > 1 ? 1 << ROOT : 0);
    this.symbols = new Uint16Array(used);
    if (used <= 1) {
      if (used === 0) throw notDecodable('its data are damaged: a code without symbols');
      this.only = lengths.findIndex((length) => length > 0);
      return;
    }
    const next = new Uint16Array(MAX_LENGTH + 2);
    let room = 1;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      next[length + 1] = next[length] + counts[length];
      room = room * 2 - counts[length];
      if (room < 0) break;
    }
    if (room !== 0) throw notDecodable('its data are damaged: an impossible code');
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol];
      if (length === 0) continue;
      const place = next[length];
      next[length] = place + 1;
      this.symbols[place] = symbol;
    }
    this.fillRoot();
  }

  private fillRoot(): void {
    let code = 0;
    let place = 0;
    for (let length = 1; length <= ROOT; length++) {
      for (let i = 0; i < this.counts[length]; i++, code++, place++) {
        const entry = (this.symbols[place] << 4) | length;
        for (let at = reversed(code, length); at < 1 << ROOT; at += 1 << length)
          this.root[at] = entry;
      }
      code *= 2;
    }
  }

  read(bits: BitReader): number {
    if (this.only !== undefined) return this.only;
    const word = bits.peek();
    const entry = this.root[word & ((1 << ROOT) - 1)];
    if (entry !== 0) {
      bits.skip(entry & 15);
      return entry >> 4;
    }
    let code = 0;
    let first = 0;
    let place = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      code = code * 2 + ((word >>> (length - 1)) & 1);
      const count = this.counts[length];
      if (code - first < count) {
        bits.skip(length);
        return this.symbols[place + code - first];
      }
      place += count;
      first = (first + count) * 2;
    }
    throw notDecodable('its data are damaged: a code that does not exist');
  }
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}

/** Order in which the lengths of the code of lengths are written (section 3.7.2.1.2). */
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** Reads a code for symbols below `count`. */
export function readPrefixCode(bits: BitReader, count: number): PrefixCode {
  const lengths = new Uint8Array(count);
  if (bits.take(1) === 1) {
    const isPair = bits.take(1) === 1;
    const first = bits.take(bits.take(1) === 1 ? 8 : 1);
    lengths[first] = 1;
    if (isPair) lengths[bits.take(8)] = 1;
    return new PrefixCode(lengths);
  }
  const ofLengths = new Uint8Array(LENGTH_ORDER.length);
  const written = 4 + bits.take(4);
  for (const symbol of LENGTH_ORDER.slice(0, written)) ofLengths[symbol] = bits.take(3);
  const lengthCode = new PrefixCode(ofLengths);
  let left = bits.take(1) === 1 ? 2 + bits.take(2 + 2 * bits.take(3)) : count;
  let previous = 8;
  for (let symbol = 0; symbol < count && left > 0; left--) {
    const length = lengthCode.read(bits);
    if (length < 16) {
      lengths[symbol++] = length;
      if (length > 0) previous = length;
      continue;
    }
    const value = length === 16 ? previous : 0;
    const run =
      length === 16 ? 3 + bits.take(2) : length === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
    if (symbol + run > count) throw notDecodable('its data are damaged: too many code lengths');
    lengths.fill(value, symbol, symbol + run);
    symbol += run;
  }
  return new PrefixCode(lengths);
}
