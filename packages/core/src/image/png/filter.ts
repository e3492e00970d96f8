/**
 * Undoes the filter of one row in place (PNG, third edition, section 9.2).
 *
 * @param row `step` zero bytes (what lies left of the first pixel), then the row's bytes
 * @param above the row above, unfiltered, laid out alike; all zeros for the first row
 * @param step bytes a pixel, at least 1
 * @returns false when there is no such filter
 */
export function unfilter(type: number, row: Uint8Array, above: Uint8Array, step: number): boolean {
  const end = row.length;
  switch (type) {
    case 0:
      return true;
    case 1:
      for (let i = step; i < end; i++) row[i] = (row[i] as number) + (row[i - step] as number);
      return true;
    case 2:
      for (let i = step; i < end; i++) row[i] = (row[i] as number) + (above[i] as number);
      return true;
    case 3:
      for (let i = step; i < end; i++) {
        row[i] = (row[i] as number) + (((row[i - step] as number) + (above[i] as number)) >> 1);
      }
      return true;
    case 4:
      paeth(row, above, step);
      return true;
    default:
      return false;
  }
}

/** Section 9.4: whichever of left, above and upper left is nearest to left + above − upper left. */
function paeth(row: Uint8Array, above: Uint8Array, step: number): void {
  for (let channel = 0; channel < step; channel++) {
    let left = 0;
    let upperLeft = 0;
    for (let i = step + channel; i < row.length; i += step) {
      const up = above[i] as number;
      const toLeft = Math.abs(up - upperLeft);
      const toUp = Math.abs(left - upperLeft);
      const toUpperLeft = Math.abs(left + up - 2 * upperLeft);
      const nearest =
        toLeft <= toUp && toLeft <= toUpperLeft ? left : toUp <= toUpperLeft ? up : upperLeft;
      left = ((row[i] as number) + nearest) & 255;
      upperLeft = up;
      row[i] = left;
    }
  }
}
