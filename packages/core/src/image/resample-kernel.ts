import { RESAMPLE } from './resample.generated.js';
import type { Taps } from './taps.js';

/** What assembly/resample.ts exports; pointers are in bytes. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  across(
    ...args: [
      ...[out: number, source: number, stride: number, rows: number],
      ...[first: number, weights: number, width: number, pairs: number],
    ]
  ): void;
  down(
    ...args: [
      ...[out: number, source: number, stride: number],
      ...[first: number, weights: number, height: number, pairs: number],
    ]
  ): void;
}

/** Bytes of the source that are worked on at once: memory does not grow with the photo. */
const BAND = 512 * 1024;
/** What kernels read or write, and nobody uses, beyond an end. */
const SLACK = 16;
const PAGE = 65_536;

let shared: ResampleKernel | null | undefined;

/** The kernel of this thread; undefined where there is no WebAssembly. */
export function resampleKernel(): ResampleKernel | undefined {
  if (shared === undefined) {
    try {
      shared = new ResampleKernel();
    } catch {
      // Node with --jitless, or a page whose policy forbids it.
      shared = null;
    }
  }
  return shared ?? undefined;
}

/** Both passes of a resize over whole levels, in WebAssembly. */
export class ResampleKernel {
  readonly #exports: Exports;

  constructor() {
    const bytes = Uint8Array.from(atob(RESAMPLE), (character) => character.charCodeAt(0));
    // Of a kilobyte: browsers compile so little on the spot, on any thread.
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#exports = instance.exports as unknown as Exports;
  }

  /**
   * Along the rows of `source`, which are `stride` samples of RGB.
   *
   * @param columns weights in 1/2²²
   */
  across(source: Uint8Array, stride: number, columns: Taps<Int32Array>, result: Uint8Array): void {
    const { first, weights, pairs } = inPairs(columns, 3);
    const width = columns.first.length;
    const rows = source.length / stride;
    const band = Math.max(1, Math.floor(BAND / stride));
    const place = this.#placed([
      ...[first.byteLength, weights.byteLength],
      ...[Math.min(rows, band) * stride, Math.min(rows, band) * width * 3],
    ]);
    const [firstAt = 0, weightsAt = 0, sourceAt = 0, resultAt = 0] = place;
    const memory = new Uint8Array(this.#exports.memory.buffer);
    memory.set(bytesOf(first), firstAt);
    memory.set(bytesOf(weights), weightsAt);
    for (let top = 0; top < rows; top += band) {
      const count = Math.min(band, rows - top);
      memory.set(source.subarray(top * stride, (top + count) * stride), sourceAt);
      this.#exports.across(resultAt, sourceAt, stride, count, firstAt, weightsAt, width, pairs);
      const bytes = count * width * 3;
      result.set(memory.subarray(resultAt, resultAt + bytes), top * width * 3);
    }
  }

  /**
   * Down the columns of `source`, whose first row is row `firstRow` of the photo.
   *
   * @param stride samples a row
   */
  down(
    source: Uint8Array,
    stride: number,
    rows: Taps<Int32Array>,
    firstRow: number,
    result: Uint8Array,
  ): void {
    const { first, weights, pairs } = inPairs(rows, 1);
    const height = rows.first.length;
    const sourceRows = source.length / stride;
    const most = Math.max(2 * pairs, Math.floor(BAND / stride));
    for (let top = 0; top < height; ) {
      const from = (first[top] ?? 0) - firstRow;
      let bottom = top + 1;
      while (bottom < height && (first[bottom] ?? 0) - firstRow + rows.count - from <= most)
        bottom++;
      const to = Math.min(sourceRows, (first[bottom - 1] ?? 0) - firstRow + rows.count);
      const firsts = first.slice(top, bottom).map((row) => row - firstRow - from);
      const ours = weights.subarray(top * pairs * 4, bottom * pairs * 4);
      const [firstAt = 0, weightsAt = 0, sourceAt = 0, resultAt = 0] = this.#placed([
        ...[firsts.byteLength, ours.byteLength],
        // Of an odd number of taps the last pair reads a row more.
        ...[(to - from + 1) * stride, (bottom - top) * stride],
      ]);
      const memory = new Uint8Array(this.#exports.memory.buffer);
      memory.set(bytesOf(firsts), firstAt);
      memory.set(bytesOf(ours), weightsAt);
      memory.set(source.subarray(from * stride, to * stride), sourceAt);
      this.#exports.down(resultAt, sourceAt, stride, firstAt, weightsAt, bottom - top, pairs);
      const bytes = (bottom - top) * stride;
      result.set(memory.subarray(resultAt, resultAt + bytes), top * stride);
      top = bottom;
    }
  }

  /** Where pieces of these sizes lie, one after another, memory grown to hold them. */
  #placed(sizes: readonly number[]): number[] {
    let end = 0;
    const places = sizes.map((size) => {
      const place = end;
      end = Math.ceil((end + size + SLACK) / 16) * 16;
      return place;
    });
    const missing = Math.ceil((end - this.#exports.memory.buffer.byteLength) / PAGE);
    if (missing > 0) this.#exports.memory.grow(missing);
    return places;
  }
}

/** The weights in halves, by pairs of taps; positions times `step`. */
function inPairs(
  { first, count, weights }: Taps<Int32Array>,
  step: number,
): { first: Int32Array; weights: Int16Array; pairs: number } {
  const pairs = Math.ceil(count / 2);
  const halves = new Int16Array(first.length * pairs * 4);
  for (let x = 0; x < first.length; x++) {
    for (let tap = 0; tap < count; tap++) {
      const weight = weights[x * count + tap];
      const high = (weight + 2048) >> 12;
      const to = (x * pairs + (tap >> 1)) * 4 + (tap & 1);
      halves[to] = high;
      halves[to + 2] = weight - (high << 12);
    }
  }
  return { first: first.map((position) => position * step), weights: halves, pairs };
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array | Int16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
