import { crc32 } from './crc.js';

const SIGNATURE_BYTES = 8;

/** One chunk of a PNG file (PNG, third edition, section 5.3). */
export class Chunk {
  constructor(
    /** Four letters; the first is a capital where a reader must understand the chunk. */
    readonly type: string,
    private readonly file: Uint8Array,
    /** Where the data start in the file. */
    private readonly start: number,
    /** Where they end, or would end where the file ends early. */
    private readonly end: number,
  ) {}

  /** Number of data bytes that are in the file. */
  get length(): number {
    return Math.min(this.end, this.file.length) - this.start;
  }

  /** The data; shorter than declared where the file ends early. */
  get data(): Uint8Array {
    return this.file.subarray(this.start, this.end);
  }

  /** Whether the file ends before this chunk does. */
  get isCut(): boolean {
    return this.end + 4 > this.file.length;
  }

  /** Whether the chunk is all there and its checksum, over type and data, agrees. */
  isIntact(): boolean {
    if (this.isCut) return false;
    const stored = new DataView(this.file.buffer, this.file.byteOffset + this.end, 4).getUint32(0);
    return crc32(this.file, this.start - 4, this.end) === stored;
  }
}

/**
 * The chunks of a PNG file in order, up to IEND, to the end of the file, or to where what should be
 * a chunk's type is not four letters. The last one may be cut short.
 */
export function* chunksOf(file: Uint8Array): Generator<Chunk, undefined> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = SIGNATURE_BYTES;
  while (at + 8 <= file.length) {
    const start = at + 8;
    const end = start + view.getUint32(at);
    const type = typeAt(file, at + 4);
    if (type === undefined) return;
    yield new Chunk(type, file, start, end);
    if (type === 'IEND') return;
    at = end + 4;
  }
}

function typeAt(file: Uint8Array, at: number): string | undefined {
  for (let i = at; i < at + 4; i++) {
    const lower = file[i] | 0x20;
    if (lower < 0x61 || lower > 0x7a) return undefined;
  }
  const [a, b, c, d] = [file[at], file[at + 1], file[at + 2], file[at + 3]] as const;
  return String.fromCharCode(a, b, c, d);
}
