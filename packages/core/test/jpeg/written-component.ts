/** A component to be written, with its samples in blocks already transformed and quantised. */
export interface WrittenComponent {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quantSlot: number;
  /** Steps in zigzag order. */
  readonly quant: readonly number[];
  /** Quantised coefficients in zigzag order, block rows over whole MCUs. */
  readonly blocks: readonly Int32Array[][];
  /** Blocks across and down that a scan of this component alone codes. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
}
