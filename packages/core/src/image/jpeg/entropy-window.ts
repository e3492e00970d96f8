import { findMarker } from './markers.js';

/** Bytes of entropy-coded data that are held at once. */
const CAPACITY = 1 << 16;

/**
 * More than a block can take: 64 coefficients of a 16-bit code and 15 bits each are 248 bytes, and a
 * decoder looks up to 4 bytes ahead.
 */
const BLOCK_BYTES = 256;

/** A position that is never reached. */
const NEVER = 0x3fffffff;

/**
 * A stretch of a scan's entropy-coded data with the stuffed zeros taken out (T.81, F.1.2.3), so that
 * the inner loops of decoding need no look at markers or the end: they read four bytes at any bit
 * position with one load. The stretch moves on between blocks; its memory does not grow with the file.
 *
 * A decoder takes `bit` into a local variable, reads from `view`, and puts it back after each block.
 */
export class EntropyWindow {
  /** The data; reading big-endian words from it is one machine instruction. */
  readonly view: DataView;
  /** The same bytes. */
  readonly bytes: Uint8Array;
  /** Position of the next bit to decode, counted from the first bit of the window. */
  bit = 0;
  /** One past the last bit of the segment, or far away while that is not in the window. */
  endBit = NEVER;
  /** Before a block that begins at or after this position, {@link refill} must be called. */
  refillBit = 0;

  readonly #source: Uint8Array;
  #next = 0;
  #filled = 0;
  readonly #capacity: number;

  /** @param source the whole file */
  constructor(source: Uint8Array) {
    this.#source = source;
    this.#capacity = Math.min(CAPACITY, source.length + 2 * BLOCK_BYTES);
    this.bytes = new Uint8Array(this.#capacity + BLOCK_BYTES);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Begins a new entropy-coded segment at a place in the file: after SOS or after a restart marker. */
  start(at: number): void {
    this.#next = at;
    this.#filled = 0;
    this.bit = 0;
    this.endBit = NEVER;
    this.refill();
  }

  /** Moves on: drops the bytes that are used up and takes in new ones until a marker comes. */
  refill(): void {
    if (this.endBit !== NEVER) return;
    const used = Math.min(this.bit >>> 3, this.#filled);
    this.bytes.copyWithin(0, used, this.#filled);
    this.bit -= used * 8;
    let filled = this.#filled - used;

    const source = this.#source;
    const bytes = this.bytes;
    const capacity = this.#capacity;
    const length = source.length;
    let next = this.#next;
    let ended = false;
    while (filled < capacity) {
      if (next >= length) {
        ended = true;
        break;
      }
      const byte = source[next++];
      if (byte === 0xff) {
        let after = next;
        while (after < length && source[after] === 0xff) after++;
        if (after >= length || source[after] !== 0) {
          // A marker, or the file ends within one.
          next = after - 1;
          ended = true;
          break;
        }
        next = after + 1;
      }
      bytes[filled++] = byte;
    }

    this.#next = next;
    this.#filled = filled;
    if (ended) {
      // Blocks that run over the end read zeros here; the decoder sees by `endBit` that they did.
      bytes.fill(0, filled, filled + BLOCK_BYTES);
      this.endBit = filled * 8;
      this.refillBit = NEVER;
    } else {
      this.refillBit = (filled - BLOCK_BYTES) * 8;
    }
  }

  /** The next 16 bits, without moving on. */
  peek16(): number {
    return (this.view.getInt32(this.bit >>> 3) << (this.bit & 7)) >>> 16;
  }

  /** Reads `count` bits, 0 to 16, as an unsigned number (F.2.2.4, RECEIVE). */
  readBits(count: number): number {
    const bits = this.peek16() >> (16 - count);
    this.bit += count;
    return bits;
  }

  /** Whether data of more than a byte's padding was left when decoding of the segment was done. */
  get hasLeftovers(): boolean {
    return this.endBit - this.bit >= 8;
  }

  /** Where in the file the marker is that ends this segment, or the file's length. */
  endOfSegment(): number {
    return findMarker(this.#source, this.#next);
  }
}
