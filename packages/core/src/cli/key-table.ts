import { createHash } from 'node:crypto';

/** 64 bits that stand for a name. Among a million names two have the same key once in 40 million times. */
export interface Key {
  readonly high: number;
  readonly low: number;
}

/** The first 64 bits of SHA-256. */
export function keyOf(bytes: string | Uint8Array): Key {
  const digest = createHash('sha256').update(bytes).digest();
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

const FIRST_CAPACITY = 1024;

/**
 * A set of keys in typed arrays, 16 to 32 bytes for each, that numbers them in the order in which they
 * were added. A `Map` with a million names takes ten times as much.
 */
export class KeyTable {
  /** Open addressing with linear probing: number of the key + 1, 0 where the slot is free. */
  #slots = new Uint32Array(2 * FIRST_CAPACITY);
  /** High and low half of each key, by number. */
  #keys = new Uint32Array(2 * FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The key's number, or -1. */
  find(key: Key): number {
    return (this.#slots[this.#slotOf(key)] ?? 0) - 1;
  }

  /** Adds the key unless it is there; gives its number. */
  add(key: Key): number {
    const slot = this.#slotOf(key);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return known - 1;
    const number = this.#size++;
    if (2 * this.#size > this.#keys.length) this.#keys = grown(this.#keys);
    this.#keys[2 * number] = key.high;
    this.#keys[2 * number + 1] = key.low;
    this.#slots[slot] = number + 1;
    if (2 * this.#size > this.#slots.length) this.#rehash();
    return number;
  }

  #slotOf({ high, low }: Key): number {
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    for (;;) {
      const number = (this.#slots[slot] ?? 0) - 1;
      if (number < 0) return slot;
      if (this.#keys[2 * number] === high && this.#keys[2 * number + 1] === low) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 0; number < this.#size; number++) {
      const key = { high: this.#keys[2 * number] ?? 0, low: this.#keys[2 * number + 1] ?? 0 };
      this.#slots[this.#slotOf(key)] = number + 1;
    }
  }
}

/** The same numbers in an array twice as long. */
export function grown<A extends Uint8Array | Uint16Array | Uint32Array>(array: A): A {
  const larger = new (array.constructor as new (length: number) => A)(2 * array.length);
  larger.set(array);
  return larger;
}
