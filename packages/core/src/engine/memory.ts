import { unsupported } from './errors.js';

const PAGE = 65_536;
/** A WebAssembly memory with 32-bit addresses has no more. */
const MOST_PAGES = 65_536;
/** Damaged networks may ask for anything; none that captions photos keeps more than this in tensors. */
const MOST_ARENA = 2 ** 30;
/** The kernels' own constants lie before it. */
const HEAP = PAGE;
/** Where the shapes that a call passes are written; see `scripts/build-kernels.mjs`. */
const SHAPES = 1024;
/** The numbers that fit there. The kernels' constants follow. */
const MOST_SHAPE = 768;
/** Kernels may read (never use) this much beyond the end of a tensor. */
const SLACK = 1024;

/** Sizes are rounded up to whole cache lines. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/**
 * One session's WebAssembly memory: weights, which stay, and after them the arena, where tensors live
 * during a run.
 */
export class EngineMemory {
  readonly memory = new WebAssembly.Memory({ initial: 2, maximum: MOST_PAGES });
  #top = HEAP;
  #arena = { address: HEAP, bytes: 0 };
  #bytes = new Uint8Array(this.memory.buffer);
  #ints = new Int32Array(this.memory.buffer);
  #floats = new Float32Array(this.memory.buffer);

  /** Takes memory for what is to come at once: growing it again and again is slower. */
  expect(bytes: number): void {
    this.#reserve(this.#top + bytes);
  }

  /** Space that stays taken. */
  allocate(bytes: number): number {
    const address = this.#top;
    this.#top += aligned(bytes);
    this.#reserve(this.#top + SLACK);
    return address;
  }

  /** Space for the moment: until the next allocation, or the next run. */
  spare(bytes: number): number {
    this.#reserve(this.#top + aligned(bytes) + SLACK);
    return this.#top;
  }

  /**
   * The arena's address, once it has at least so many bytes. It may move, which `onMove` tells: what
   * was planned for its old place is void.
   */
  arena(bytes: number, onMove: () => void): number {
    if (bytes > MOST_ARENA) throw unsupported(`A network whose tensors take ${bytes} bytes`);
    const { address, bytes: before } = this.#arena;
    if (bytes > before) {
      if (address + before === this.#top && before > 0) {
        this.#arena = { address, bytes: before + aligned(bytes - before) };
        this.allocate(bytes - before);
      } else {
        this.#arena = { address: this.allocate(bytes), bytes: aligned(bytes) };
        if (before > 0) onMove();
      }
    }
    return this.#arena.address;
  }

  /** Overwrites the arena, so that a test sees whatever reads what this run has not written. */
  poison(): void {
    const { address, bytes } = this.#arena;
    this.bytes.fill(0xff, address, address + bytes);
  }

  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  get ints(): Int32Array {
    this.#refresh();
    return this.#ints;
  }

  get floats(): Float32Array {
    this.#refresh();
    return this.#floats;
  }

  /** Puts down the numbers of a call's shape; valid until the next call. */
  shape(numbers: readonly number[]): number {
    if (numbers.length > MOST_SHAPE) throw unsupported('A tensor of so many axes');
    this.ints.set(numbers, SHAPES / 4);
    return SHAPES;
  }

  #reserve(bytes: number): void {
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      throw unsupported(`A network that needs more than ${bytes} bytes of memory (${cause})`);
    }
  }

  /** Growing replaces the buffer. */
  #refresh(): void {
    if (this.#bytes.buffer === this.memory.buffer) return;
    this.#bytes = new Uint8Array(this.memory.buffer);
    this.#ints = new Int32Array(this.memory.buffer);
    this.#floats = new Float32Array(this.memory.buffer);
  }
}
