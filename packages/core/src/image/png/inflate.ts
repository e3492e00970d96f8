import {
  BASE,
  DISTANCE_ROOT,
  distanceTable,
  END_OF_BLOCK,
  LITERAL_LIMIT,
  LITERAL_ROOT,
  lengthTable,
  literalTable,
  SUBTABLE,
} from './huffman.js';

/** Distances reach this far back (RFC 1951, section 2). */
const WINDOW = 32_768;
/** Decoded bytes that are handed over at once. */
const BLOCK = 65_536;
/** One match at most. */
const LONGEST_MATCH = 258;
/** Input that lies in one piece; a dynamic block's header (at most 565 bytes) must fit. */
const STAGE = 32_768;
const HEADER_ROOM = 1024;
/** One round takes a literal of 10 bits and a match of 48, and reads up to four bytes ahead. */
const SYMBOL_ROOM = 16;

/** Order in which the lengths of the length code are written (RFC 1951, section 3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The data are damaged: a code, a distance or a block type that no encoder writes. */
export class InflateError extends Error {}

/**
 * Inflates a zlib stream (RFC 1950, RFC 1951) piece by piece: takes the next part of the input only
 * when it is needed and hands over at most 96 KiB at a time, so that memory stays the same however
 * much comes out, and a caller who has enough just stops asking.
 *
 * Each block is a view of a buffer that the next one overwrites. Input that ends early ends the
 * output after the last whole symbol; `isComplete` of {@link Inflater} tells. The Adler-32 at the
 * end is not looked at: PNG's own checksums cover the compressed bytes.
 *
 * Written by hand for speed: for the pixels of a photo it takes 0.6 of the time of fflate's stream and
 * 0.85 of `DecompressionStream`'s, and it allocates nothing on the way (`scripts/bench/inflate.mjs`).
 *
 * @throws InflateError from the iterator
 */
export class Inflater {
  /** Whether the end of the compressed data was reached. */
  isComplete = false;

  private readonly parts: Iterator<Uint8Array>;
  private part: Uint8Array = new Uint8Array(0);
  private partAt = 0;
  private isInputDone = false;

  // The bytes after `end` stay readable so that reading four at a time needs no check.
  private readonly stage = new Uint8Array(STAGE + 2 * SYMBOL_ROOM);
  private readonly view = new DataView(this.stage.buffer);
  private at = 0;
  private end = 0;
  /** Bits taken from the stage but not used; the lowest comes first. */
  private hold = 0;
  private bits = 0;

  private readonly output = new Uint8Array(WINDOW + BLOCK + LONGEST_MATCH);
  private outAt = 0;
  private outFrom = 0;

  private readonly literals = literalTable();
  private readonly distances = distanceTable();
  private readonly lengthCode = lengthTable();
  private readonly lengths = new Uint8Array(320);

  constructor(parts: Iterable<Uint8Array>) {
    this.parts = parts[Symbol.iterator]();
  }

  /** The decoded bytes in order; views that are good until the next one is asked for. */
  *blocks(): Generator<Uint8Array, void, void> {
    try {
      this.readZlibHeader();
      let isLast = false;
      while (!isLast) {
        isLast = this.take(1) === 1;
        const type = this.take(2);
        if (type === 0) {
          yield* this.stored();
          continue;
        }
        if (type === 3) throw new InflateError('a block of the undefined type 3');
        if (type === 1) this.setFixedCodes();
        else this.readDynamicCodes();
        while (!this.decode()) yield* this.flush();
      }
      this.isComplete = true;
    } catch (error) {
      // What came out before the damage is good, and the caller decides what it is worth.
      if (!(error instanceof EndOfInput)) {
        yield* this.flush();
        throw error;
      }
    }
    yield* this.flush();
  }

  private readZlibHeader(): void {
    const method = this.take(8);
    const flags = this.take(8);
    if ((method & 15) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 !== 0) {
      throw new InflateError('no zlib header');
    }
    if (flags & 0x20) throw new InflateError('a preset dictionary');
  }

  /** A block that was not compressed (section 3.2.4). */
  private *stored(): Generator<Uint8Array, void, void> {
    this.take(this.bits & 7);
    const length = this.take(16);
    if ((length ^ this.take(16)) !== 0xffff) throw new InflateError('a damaged stored block');
    let left = length;
    while (left > 0) {
      // Bytes that were already taken up as bits come first.
      while (this.bits > 0 && left > 0) {
        this.output[this.outAt++] = this.take(8);
        left--;
      }
      if (left === 0) break;
      this.hold = 0;
      if (this.at >= this.end && !this.fillStage(1)) throw new EndOfInput();
      const room = WINDOW + BLOCK - this.outAt;
      const count = Math.min(left, this.end - this.at, room);
      this.output.set(this.stage.subarray(this.at, this.at + count), this.outAt);
      this.at += count;
      this.outAt += count;
      left -= count;
      if (this.outAt >= WINDOW + BLOCK) yield* this.flush();
    }
    if (this.outAt >= WINDOW + BLOCK) yield* this.flush();
  }

  private setFixedCodes(): void {
    const lengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
    this.literals.build(lengths);
    this.distances.build(new Uint8Array(32).fill(5));
  }

  /** Section 3.2.7. */
  private readDynamicCodes(): void {
    if (this.end - this.at < HEADER_ROOM) this.fillStage(HEADER_ROOM);
    const literals = this.take(5) + 257;
    const distances = this.take(5) + 1;
    const lengthCodes = this.take(4) + 4;
    if (literals > 286 || distances > 30) throw new InflateError('too many codes');
    const { lengths } = this;
    lengths.fill(0, 0, 19);
    for (let i = 0; i < lengthCodes; i++) lengths[LENGTH_ORDER[i]] = this.take(3);
    if (!this.lengthCode.build(lengths.subarray(0, 19))) {
      throw new InflateError('a damaged code for code lengths');
    }
    for (let i = 0; i < literals + distances; ) {
      const symbol = this.takeLengthSymbol();
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw new InflateError('a repeated length with none before it');
      const value = symbol === 16 ? lengths[i - 1] : 0;
      const count =
        symbol === 16 ? 3 + this.take(2) : symbol === 17 ? 3 + this.take(3) : 11 + this.take(7);
      if (i + count > literals + distances) throw new InflateError('too many code lengths');
      lengths.fill(value, i, i + count);
      i += count;
    }
    if (lengths[256] === 0) throw new InflateError('a block without an end');
    if (!this.literals.build(lengths.subarray(0, literals))) {
      throw new InflateError('a damaged code for literals and lengths');
    }
    if (!this.distances.build(lengths.subarray(literals, literals + distances))) {
      throw new InflateError('a damaged code for distances');
    }
  }

  private takeLengthSymbol(): number {
    this.need(7);
    const entry = this.lengthCode.entries[this.hold & 127];
    if (entry >= LITERAL_LIMIT) throw new InflateError('a code that does not exist');
    this.take(entry & 15);
    return entry >> 4;
  }

  /** @returns whether the block's end was reached; otherwise the output wants to be flushed */
  private decode(): boolean {
    while (this.outAt < WINDOW + BLOCK) {
      if (this.end - this.at < SYMBOL_ROOM && !this.isInputDone) this.fillStage(SYMBOL_ROOM);
      const isNearEnd = this.end - this.at < SYMBOL_ROOM;
      const before = this.outAt;
      // The last bytes: one round at a time, taken back if it reached beyond the end.
      const result = isNearEnd
        ? this.symbols(Number.MAX_SAFE_INTEGER, before + 1)
        : this.symbols(this.end - SYMBOL_ROOM, WINDOW + BLOCK);
      if (isNearEnd && this.isBeyondEnd()) {
        this.outAt = before;
        throw new EndOfInput();
      }
      if (result === 'end') return true;
      if (result !== 'more') throw new InflateError(result);
    }
    return false;
  }

  /**
   * Decodes symbols until the next one might pass `safeAt` in the input or `outEnd` in the output.
   * This is where nearly all the time goes: plain locals, no calls, and the commonest case, a
   * literal with a short code, first.
   *
   * @returns `'end'` at the end of the block, `'more'` before it, or else what is wrong with it
   */
  private symbols(safeAt: number, outEnd: number): string {
    const { view, output } = this;
    const literals = this.literals.entries;
    const distances = this.distances.entries;
    let { at, hold, bits, outAt } = this;
    let result = 'more';

    while (at <= safeAt && outAt < outEnd) {
      // Fills `hold` up to at least 24 bits without asking whether it is needed. What lies above
      // `bits` is the stream's continuation already and only gets OR-ed with itself next time.
      hold |= view.getInt32(at, true) << bits;
      at += (31 - bits) >> 3;
      bits |= 24;
      let entry = literals[hold & ((1 << LITERAL_ROOT) - 1)];
      if (entry < LITERAL_LIMIT) {
        hold >>>= entry & 15;
        bits -= entry & 15;
        output[outAt++] = entry >> 4;
        // At least 14 bits are left: a second short literal needs no filling up.
        entry = literals[hold & ((1 << LITERAL_ROOT) - 1)];
        if (entry < LITERAL_LIMIT) {
          hold >>>= entry & 15;
          bits -= entry & 15;
          output[outAt++] = entry >> 4;
          // And a third, if the bits that are left happen to be enough.
          entry = literals[hold & ((1 << LITERAL_ROOT) - 1)];
          if (entry < LITERAL_LIMIT && (entry & 15) <= bits) {
            hold >>>= entry & 15;
            bits -= entry & 15;
            output[outAt++] = entry >> 4;
          }
          continue;
        }
        hold |= view.getInt32(at, true) << bits;
        at += (31 - bits) >> 3;
        bits |= 24;
      }
      if (entry & SUBTABLE) {
        const sub = (hold >>> LITERAL_ROOT) & ((1 << ((entry >> 4) & 15)) - 1);
        entry = literals[(entry >> 16) + sub];
      }
      hold >>>= entry & 15;
      bits -= entry & 15;
      if (entry < LITERAL_LIMIT) {
        output[outAt++] = entry >> 4;
        continue;
      }
      if ((entry & BASE) === 0) {
        result = entry & END_OF_BLOCK ? 'end' : 'a code that does not exist';
        break;
      }
      let extra = (entry >> 4) & 15;
      const length = (entry >> 16) + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;

      hold |= view.getInt32(at, true) << bits;
      at += (31 - bits) >> 3;
      bits |= 24;
      entry = distances[hold & ((1 << DISTANCE_ROOT) - 1)];
      if (entry & SUBTABLE) {
        const sub = (hold >>> DISTANCE_ROOT) & ((1 << ((entry >> 4) & 15)) - 1);
        entry = distances[(entry >> 16) + sub];
      }
      if ((entry & BASE) === 0) {
        result = 'a distance code that does not exist';
        break;
      }
      hold >>>= entry & 15;
      bits -= entry & 15;
      hold |= view.getInt32(at, true) << bits;
      at += (31 - bits) >> 3;
      bits |= 24;
      extra = (entry >> 4) & 15;
      const distance = (entry >> 16) + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;
      if (distance > outAt) {
        result = 'a distance beyond the start';
        break;
      }
      const copyEnd = outAt + length;
      if (length >= LONG_MATCH) copyLongMatch(output, outAt, copyEnd, distance);
      else {
        for (let to = outAt; to < copyEnd; to++) output[to] = output[to - distance];
      }
      outAt = copyEnd;
    }

    this.at = at;
    this.hold = hold;
    this.bits = bits;
    this.outAt = outAt;
    return result;
  }

  /** Hands over what is new and keeps the last 32 KiB for matches to come. */
  private *flush(): Generator<Uint8Array, void, void> {
    if (this.outAt > this.outFrom) yield this.output.subarray(this.outFrom, this.outAt);
    if (this.outAt > WINDOW) {
      this.output.copyWithin(0, this.outAt - WINDOW, this.outAt);
      this.outAt = WINDOW;
    }
    this.outFrom = this.outAt;
  }

  private take(count: number): number {
    this.need(count);
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.bits -= count;
    if (this.bits < 0 || this.isBeyondEnd()) throw new EndOfInput();
    return value;
  }

  /** At least `count` (up to 16) bits in `hold`, those beyond the end of the input being zeros. */
  private need(count: number): void {
    while (this.bits < count) {
      if (this.at >= this.end && !this.fillStage(1)) return;
      this.hold |= this.stage[this.at++] << this.bits;
      this.bits += 8;
    }
  }

  /** Whether bits were used that the input does not have; possible only in its last bytes. */
  private isBeyondEnd(): boolean {
    return this.at - (this.bits >> 3) > this.end;
  }

  /** Takes up input until `wanted` bytes lie in the stage or no more come. @returns whether any do */
  private fillStage(wanted: number): boolean {
    const { stage } = this;
    stage.copyWithin(0, this.at, this.end);
    this.end -= this.at;
    this.at = 0;
    while (this.end < STAGE && !(this.isInputDone && this.partAt >= this.part.length)) {
      if (this.partAt >= this.part.length) {
        if (this.end >= wanted && this.end > STAGE / 2) break;
        const next = this.parts.next();
        this.isInputDone = next.done === true;
        this.part = next.done ? new Uint8Array(0) : next.value;
        this.partAt = 0;
        continue;
      }
      const count = Math.min(STAGE - this.end, this.part.length - this.partAt);
      stage.set(this.part.subarray(this.partAt, this.partAt + count), this.end);
      this.partAt += count;
      this.end += count;
    }
    stage.fill(0, this.end, this.end + 2 * SYMBOL_ROOM);
    return this.end > 0;
  }
}

/** From this length on a call of the runtime's own copying pays; photos have few such matches. */
const LONG_MATCH = 48;

/** Repeats the last `distance` bytes before `from` up to `end`: of a short distance, more each time. */
function copyLongMatch(output: Uint8Array, from: number, end: number, distance: number): void {
  if (distance === 1) {
    output.fill(output[from - 1], from, end);
    return;
  }
  for (let at = from, ready = distance; at < end; ready *= 2) {
    const count = Math.min(ready, end - at);
    output.copyWithin(at, from - distance, from - distance + count);
    at += count;
  }
}

/** The input ended before the data did. */
class EndOfInput extends Error {}
