/**
 * Bits that index {@link HuffmanTable.lookup}. Nearly all symbols of a photo have their code and
 * their value within them; more would push the tables of luma and chroma out of the first-level
 * cache.
 */
export const LOOKUP_BITS = 11;

/** Bits that index {@link HuffmanTable.skips}. */
export const SKIP_BITS = 12;

/**
 * A decoded symbol, packed into a number:
 *
 *     bits 0–4    bits that it takes: its code and, if that is here, its value
 *     bits 5–11   how far it moves in the block: over its run of zeros and itself, or `END_OF_BLOCK`
 *     bits 12–15  size: how many bits of value follow; at the end of a band, the exponent of its run
 *     bits 16–31  the value (T.81, F.1.2.1 and F.1.2.2), if it is here; never 0 then
 *
 * 0 stands for bits that are no code, or in {@link HuffmanTable.lookup} for a code longer than the index.
 */
export const ENTRY_LENGTH = 31;
export const ENTRY_ADVANCE_SHIFT = 5;
export const ENTRY_ADVANCE = 127;
export const ENTRY_SIZE_SHIFT = 12;
export const ENTRY_SIZE = 15;
export const ENTRY_VALUE_SHIFT = 16;
/** The advance of a symbol that ends the block or band. */
export const END_OF_BLOCK = 64;

/**
 * Fields of an entry of {@link HuffmanTable.skips}, which stands for as many whole symbols as the
 * index shows: bits that they take (0–4), how far they move in the block (5–10), and whether the last
 * ends it (11). An entry that shows no whole symbol moves by 63, which never is allowed.
 */
export const SKIP_LENGTH = 31;
export const SKIP_ADVANCE_SHIFT = 5;
export const SKIP_ADVANCE = 63;
export const SKIP_ENDS = 1 << 11;

/**
 * A Huffman table (T.81, annex C), with look-up tables that are made when they are first asked for:
 * a file may define many tables that no scan uses.
 */
export class HuffmanTable {
  /** Left-aligned in 16 bits: the first value above all codes of each length (F.2.2.3's MAXCODE + 1). */
  readonly #limits = new Int32Array(18);
  /** What to add to a code of each length to get the index of its symbol (VALPTR − MINCODE). */
  readonly #offsets = new Int32Array(17);
  readonly #symbols: Uint8Array;
  #lookup: Int32Array | undefined;
  #skips: Uint16Array | undefined;

  /**
   * @param counts how many codes have each length, 1 to 16 (BITS)
   * @param symbols the symbols in order of their codes (HUFFVAL); codes without one are none
   * @returns `undefined` when the counts ask for more codes than there can be
   */
  static from(counts: Uint8Array, symbols: Uint8Array): HuffmanTable | undefined {
    const table = new HuffmanTable(symbols);
    return table.#assignCodes(counts) ? table : undefined;
  }

  private constructor(symbols: Uint8Array) {
    this.#symbols = symbols;
  }

  /** Codes of a length follow each other, and those of the next length follow them (C.2). */
  #assignCodes(counts: Uint8Array): boolean {
    let code = 0;
    let index = 0;
    for (let length = 1; length <= 16; length++) {
      const count = counts[length - 1] ?? 0;
      this.#offsets[length] = index - code;
      code += count;
      index += count;
      if (code > 1 << length) return false;
      this.#limits[length] = code << (16 - length);
      code <<= 1;
    }
    return true;
  }

  /** By the next {@link LOOKUP_BITS} bits: the symbol, and its value where the bits show it whole. */
  get lookup(): Int32Array {
    this.#lookup ??= this.#buildLookup();
    return this.#lookup;
  }

  /** By the next {@link SKIP_BITS} bits: all AC symbols in them at once, without their values. */
  get skips(): Uint16Array {
    this.#skips ??= this.#buildSkips();
    return this.#skips;
  }

  /**
   * Decodes a symbol by comparing with the codes of each length in turn (F.2.2.3, figure F.16): the
   * general way, for codes longer than the look-up tables' index.
   *
   * @param bits the next 16 bits
   * @returns the symbol, without its value, or 0
   */
  decode(bits: number): number {
    for (let length = 1; length <= 16; length++) {
      if (bits < this.#limits[length]) {
        const index = (bits >> (16 - length)) + this.#offsets[length];
        const symbol = this.#symbols[index];
        return symbol === undefined ? 0 : entryOf(symbol, length);
      }
    }
    return 0;
  }

  #buildLookup(): Int32Array {
    const table = this.#firstSymbols(LOOKUP_BITS);
    for (let index = 0; index < table.length; index++) {
      table[index] = withValue(table[index], index);
    }
    return table;
  }

  #buildSkips(): Uint16Array {
    const first = this.#firstSymbols(SKIP_BITS);
    return Uint16Array.from(first, (_, index) => skipEntry(first, index));
  }

  /** For every number of so many bits, the symbol that it begins with, or 0. */
  #firstSymbols(bits: number): Int32Array {
    const table = new Int32Array(1 << bits);
    for (let next = 0; next < table.length; ) {
      const entry = this.decode(next << (16 - bits));
      const length = entry & ENTRY_LENGTH;
      // Codes come in order of length: after one that is longer than the index there are only longer.
      if (entry === 0 || length > bits) break;
      const end = next + (1 << (bits - length));
      table.fill(entry, next, end);
      next = end;
    }
    return table;
  }
}

function entryOf(symbol: number, length: number): number {
  const run = symbol >> 4;
  const size = symbol & 15;
  if (size === 0 && run < 15) {
    return (run << ENTRY_SIZE_SHIFT) | (END_OF_BLOCK << ENTRY_ADVANCE_SHIFT) | length;
  }
  // Run 15 of size 0 is ZRL: sixteen zeros.
  return (size << ENTRY_SIZE_SHIFT) | ((run + 1) << ENTRY_ADVANCE_SHIFT) | length;
}

/** An entry with its value in it, if the `LOOKUP_BITS` bits of the index hold that whole. */
function withValue(entry: number, index: number): number {
  const length = entry & ENTRY_LENGTH;
  const advance = (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
  const size = (entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE;
  const spare = LOOKUP_BITS - length - size;
  if (size === 0 || spare < 0 || advance === END_OF_BLOCK) return entry;
  const value = extend((index >> spare) & ((1 << size) - 1), size);
  return (value << ENTRY_VALUE_SHIFT) | (advance << ENTRY_ADVANCE_SHIFT) | (length + size);
}

/** Follows the symbols in an index for as long as their codes are whole; the last value need not be. */
function skipEntry(first: Int32Array, index: number): number {
  const mask = (1 << SKIP_BITS) - 1;
  let taken = 0;
  let moved = 0;
  while (taken < SKIP_BITS) {
    const entry = first[(index << taken) & mask];
    const length = entry & ENTRY_LENGTH;
    if (entry === 0 || taken + length > SKIP_BITS) break;
    const advance = (entry >> ENTRY_ADVANCE_SHIFT) & ENTRY_ADVANCE;
    if (advance === END_OF_BLOCK) {
      return SKIP_ENDS | (moved << SKIP_ADVANCE_SHIFT) | (taken + length);
    }
    if (moved + advance >= SKIP_ADVANCE) break;
    moved += advance;
    taken += length + ((entry >> ENTRY_SIZE_SHIFT) & ENTRY_SIZE);
  }
  if (taken === 0) return SKIP_ADVANCE << SKIP_ADVANCE_SHIFT;
  return (moved << SKIP_ADVANCE_SHIFT) | taken;
}

/** The signed value that `size` bits stand for (T.81, F.2.2.1, figure F.12). */
export function extend(bits: number, size: number): number {
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}
