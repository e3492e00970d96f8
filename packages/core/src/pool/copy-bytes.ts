import { nextTask } from '../next-task.js';

/** Bytes copied at a time: some hundred microseconds, so that a large photo does not block the thread. */
const PIECE = 2 ** 20;

/**
 * The same bytes in a buffer of their own, which can be transferred to another thread.
 *
 * @param mayTake take the buffer itself, where it holds nothing else and can be transferred
 */
export async function ownBytes(
  bytes: Uint8Array | Uint8ClampedArray,
  mayTake: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const { buffer, byteOffset, length } = bytes;
  const isWhole = byteOffset === 0 && length === buffer.byteLength;
  if (mayTake && isWhole && buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  const copy = new Uint8Array(length);
  for (let at = 0; at < length; at += PIECE) {
    copy.set(bytes.subarray(at, at + PIECE), at);
    if (at + PIECE < length) await nextTask();
  }
  return copy;
}
