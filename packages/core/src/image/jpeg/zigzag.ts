/**
 * The order in which a block's coefficients are coded, from low frequencies to high (T.81, A.3.6,
 * figure A.6): `ZIGZAG[k]` is the place `8·v + u` of the k-th, u counting horizontal half-waves and v
 * vertical ones.
 */
export const ZIGZAG: Uint8Array = zigzag();

function zigzag(): Uint8Array {
  const order = new Uint8Array(64);
  let k = 0;
  for (let diagonal = 0; diagonal < 15; diagonal++) {
    const first = Math.max(0, diagonal - 7);
    const last = Math.min(7, diagonal);
    for (let i = first; i <= last; i++) {
      // Even diagonals run up to the right, odd ones down to the left.
      const v = diagonal % 2 === 0 ? diagonal - i : i;
      order[k++] = 8 * v + (diagonal - v);
    }
  }
  return order;
}
