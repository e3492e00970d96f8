/** Cuts a decoder's output, which comes in blocks of its own length, into pieces of any length. */
export class RowAssembler {
  private block: Uint8Array = new Uint8Array(0);
  private at = 0;

  constructor(private readonly blocks: Iterator<Uint8Array>) {}

  /** Fills `row` from `offset` on; false when the data end before it is full. */
  fill(row: Uint8Array, offset = 0): boolean {
    for (let to = offset; to < row.length; ) {
      if (!this.isAvailable()) return false;
      const count = Math.min(row.length - to, this.block.length - this.at);
      row.set(this.block.subarray(this.at, this.at + count), to);
      this.at += count;
      to += count;
    }
    return true;
  }

  /** The next byte, or undefined at the end. */
  byte(): number | undefined {
    return this.isAvailable() ? this.block[this.at++] : undefined;
  }

  private isAvailable(): boolean {
    while (this.at >= this.block.length) {
      const next = this.blocks.next();
      if (next.done) return false;
      this.block = next.value;
      this.at = 0;
    }
    return true;
  }
}
