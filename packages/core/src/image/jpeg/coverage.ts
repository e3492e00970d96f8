/**
 * Which samples of a component go into which cell of the output along one axis, and with what share.
 *
 * A sample i stands for the pixels x with ⌊x·factor/factorMax⌋ = i; a cell is the mean of a run of
 * pixels, of those that the picture has. For the sampling factors in use a cell is a whole number of
 * samples, except for the last one, which the picture's edge may cut; for odd factors such as 2 of 3
 * cells and samples overlap in all ways.
 */
export interface Coverage {
  /** Sample i goes into `cells[j]` with `shares[j]` for j from `first[i]` to `first[i + 1] - 1`. */
  readonly first: Int32Array;
  readonly cells: Int32Array;
  readonly shares: Float64Array;
}

/**
 * @param pixels the picture's pixels along the axis
 * @param factor the component's sampling factor
 * @param factorMax the largest sampling factor of the frame
 * @param cellPixels pixels that a cell stands for
 */
export function coverageOf(
  pixels: number,
  factor: number,
  factorMax: number,
  cellPixels: number,
): Coverage {
  const samples = Math.ceil((pixels * factor) / factorMax);
  const first = new Int32Array(samples + 1);
  const cells: number[] = [];
  const shares: number[] = [];
  for (let i = 0; i < samples; i++) {
    first[i] = cells.length;
    const end = Math.min(pixels, Math.ceil(((i + 1) * factorMax) / factor));
    for (let x = Math.ceil((i * factorMax) / factor); x < end; ) {
      const cell = Math.floor(x / cellPixels);
      const cellEnd = Math.min(pixels, (cell + 1) * cellPixels);
      const until = Math.min(end, cellEnd);
      cells.push(cell);
      shares.push((until - x) / (cellEnd - cell * cellPixels));
      x = until;
    }
  }
  first[samples] = cells.length;
  return { first, cells: Int32Array.from(cells), shares: Float64Array.from(shares) };
}
