/**
 * Prefix-code tables for inflate (RFC 1951, section 3.2.2), read with one or two look-ups a symbol.
 *
 * An entry's low four bits are the length of the code. A literal is `value << 4 | length` and so
 * below {@link LITERAL_LIMIT}, which makes the commonest case one comparison. All others carry one
 * flag, the number of extra bits at bit 4, and a base value (or a sub-table's place) at bit 16.
 */
export const LITERAL_LIMIT = 0x1000;
export const BASE = 0x1000;
export const END_OF_BLOCK = 0x2000;
export const SUBTABLE = 0x4000;
export const INVALID = 0x8000;

export const LITERAL_ROOT = 10;
export const DISTANCE_ROOT = 8;

/** Code lengths beyond these are not defined; no code is longer than 15 bits. */
const MAX_BITS = 15;

/** First length that each of the codes 257–285 stands for, and how many extra bits it has (3.2.5). */
const LENGTH_EXTRA = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_EXTRA = [0, 0, 0, 0, ...Array.from({ length: 26 }, (_, i) => 1 + (i >> 1))];

const LITERALS = literalSymbols();
const DISTANCES = distanceSymbols();

/** Room for the root table and every sub-table that complete codes can need (zlib's `enough`). */
const TABLE_ENTRIES = 2048;

export class PrefixTable {
  readonly entries = new Int32Array(TABLE_ENTRIES);

  private readonly counts = new Uint16Array(MAX_BITS + 1);
  private readonly next = new Uint16Array(MAX_BITS + 2);
  private readonly codes: Uint16Array;
  private readonly longest: Uint8Array;

  constructor(
    private readonly root: number,
    private readonly symbols: Int32Array,
  ) {
    this.codes = new Uint16Array(symbols.length);
    this.longest = new Uint8Array(1 << root);
  }

  /**
   * @param lengths code length of each symbol, 0 for a symbol that does not occur
   * @returns whether the lengths make a code: none used twice, and none left over, except that a
   *   distance code may be empty or a single code of one bit (3.2.7)
   */
  build(lengths: Uint8Array): boolean {
    const { entries, root, symbols, counts, next, codes, longest } = this;
    counts.fill(0);
    next.fill(0);
    for (const length of lengths) counts[length] = counts[length] + 1;
    counts[0] = 0;
    let left = 1;
    let used = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      left = (left << 1) - counts[bits];
      used += counts[bits];
      if (left < 0) return false;
    }
    const mayBeIncomplete =
      symbols === DISTANCES && (used === 0 || (used === 1 && counts[1] === 1));
    if (left > 0 && !mayBeIncomplete) return false;

    for (let bits = 1; bits <= MAX_BITS; bits++) {
      next[bits + 1] = (next[bits] + counts[bits]) << 1;
    }
    // Longest code of each root prefix: it decides how large that prefix's sub-table is.
    const rootSize = 1 << root;
    longest.fill(0);
    let hasLong = false;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol];
      if (length === 0) continue;
      const code = next[length];
      next[length] = code + 1;
      const reversed = reverse(code, length);
      codes[symbol] = reversed;
      const prefix = reversed & (rootSize - 1);
      if (length > root) {
        hasLong = true;
        if (length > longest[prefix]) longest[prefix] = length;
      }
    }

    // Complete codes fill every entry.
    if (left > 0) entries.fill(INVALID, 0, rootSize);
    let free = rootSize;
    for (let prefix = 0; prefix < rootSize && hasLong; prefix++) {
      const length = longest[prefix];
      if (length === 0) continue;
      const subBits = length - root;
      entries[prefix] = (free << 16) | SUBTABLE | (subBits << 4);
      free += 1 << subBits;
    }

    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol];
      if (length === 0) continue;
      const code = codes[symbol];
      const entry = symbols[symbol] | length;
      if (length <= root) {
        for (let at = code; at < rootSize; at += 1 << length) entries[at] = entry;
      } else {
        const pointer = entries[code & (rootSize - 1)];
        const start = pointer >> 16;
        const size = 1 << ((pointer >> 4) & 15);
        for (let at = code >> root; at < size; at += 1 << (length - root)) {
          entries[start + at] = entry;
        }
      }
    }
    return true;
  }
}

export function literalTable(): PrefixTable {
  return new PrefixTable(LITERAL_ROOT, LITERALS);
}

export function distanceTable(): PrefixTable {
  return new PrefixTable(DISTANCE_ROOT, DISTANCES);
}

/** The code that code lengths are themselves written in: 19 symbols, read as literals. */
export function lengthTable(): PrefixTable {
  return new PrefixTable(7, LITERALS);
}

function literalSymbols(): Int32Array {
  const symbols = new Int32Array(288).fill(INVALID);
  for (let value = 0; value < 256; value++) symbols[value] = value << 4;
  symbols[256] = END_OF_BLOCK;
  let base = 3;
  LENGTH_EXTRA.forEach((extra, i) => {
    // Code 285 is length 258 with no extra bits, which code 284 could have said as well.
    symbols[257 + i] = ((i === 28 ? 258 : base) << 16) | BASE | (extra << 4);
    base += 1 << extra;
  });
  return symbols;
}

function distanceSymbols(): Int32Array {
  const symbols = new Int32Array(32).fill(INVALID);
  let base = 1;
  DISTANCE_EXTRA.forEach((extra, i) => {
    symbols[i] = (base << 16) | BASE | (extra << 4);
    base += 1 << extra;
  });
  return symbols;
}

/** Codes are packed most significant bit first into a stream that is read from the least (3.1.1). */
function reverse(code: number, length: number): number {
  let bits = ((code >> 1) & 0x5555) | ((code & 0x5555) << 1);
  bits = ((bits >> 2) & 0x3333) | ((bits & 0x3333) << 2);
  bits = ((bits >> 4) & 0x0f0f) | ((bits & 0x0f0f) << 4);
  bits = (bits >> 8) | ((bits & 0xff) << 8);
  return bits >> (16 - length);
}
