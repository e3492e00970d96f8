import { nextTask } from '../next-task.js';

/** Smaller pieces are put together as they come: an array for every few bytes takes many times their memory. */
const SMALL = 2 ** 14;
const BLOCK = 2 ** 16;

/** Bytes copied at a time when the pieces are joined, so that a large photo does not block the thread. */
const COPIED_AT_ONCE = 2 ** 20;

/** The pieces of a file as they come, in memory of about their own size. */
export class BytePieces {
  length = 0;
  readonly #pieces: Uint8Array[] = [];
  /** The last piece, as far as `#filled`, while it can grow. */
  #block = new Uint8Array(0);
  #filled = 0;

  /** Larger pieces are kept, not copied. */
  add(piece: Uint8Array): void {
    this.length += piece.length;
    if (piece.length > SMALL || this.#filled + piece.length > this.#block.length)
      this.#closeBlock();
    if (piece.length > SMALL) {
      this.#pieces.push(piece);
      return;
    }
    if (this.#block.length === 0) this.#block = new Uint8Array(BLOCK);
    this.#block.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** All of them in one, copied a megabyte at a time with other work on this thread between. */
  async joined(): Promise<Uint8Array<ArrayBuffer>> {
    this.#closeBlock();
    const bytes = new Uint8Array(this.length);
    let at = 0;
    let sincePause = 0;
    for (const piece of this.#pieces) {
      for (let from = 0; from < piece.length; from += COPIED_AT_ONCE) {
        const part = piece.subarray(from, from + COPIED_AT_ONCE);
        bytes.set(part, at);
        at += part.length;
        sincePause += part.length;
        if (sincePause < COPIED_AT_ONCE) continue;
        await nextTask();
        sincePause = 0;
      }
    }
    return bytes;
  }

  #closeBlock(): void {
    if (this.#filled > 0) this.#pieces.push(this.#block.subarray(0, this.#filled));
    this.#block = new Uint8Array(0);
    this.#filled = 0;
  }
}
