// out[m, n] = clamp(a[m, k] · b[k, n] + bias[n]) + residual, in float32.
//
// b comes as panels of eight columns: panel p starts at b + p · panelStride, and its row k at
// k · rowStride. Packed weights have rowStride 32; a plain row-major matrix works as well.

import { storeRow } from './epilogue';

/** Rows of `a` that are multiplied with one panel after another before the next rows are read. */
const BLOCK_BYTES: i32 = 96 * 1024;

export function gemmFloat(
  out: usize, outStride: usize, a: usize, aStride: usize, b: usize, panelStride: usize, rowStride: usize,
  m: i32, n: i32, k: i32, bias: usize, residual: usize, flags: i32, low: f32, high: f32,
): void {
  const block = max(4, (BLOCK_BYTES / max(1, k * 4)) & ~3);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let start = 0; start < m; start += block) {
    const end = min(m, start + block);
    for (let column = 0; column < n; column += 8) {
      const panel = b + <usize>(column >> 3) * panelStride;
      const offset = <usize>column << 2;
      const left = bias ? v128.load(bias + offset) : f32x4.splat(0);
      const right = bias ? v128.load(bias + offset, 16) : f32x4.splat(0);
      for (let row = start; row < end; row += 4) {
        tile(
          out + <usize>row * outStride + offset, outStride, a + <usize>row * aStride, aStride, panel, rowStride,
          end - row, n - column, k, left, right,
          residual ? residual + <usize>row * outStride + offset : 0, flags, lows, highs,
        );
      }
    }
  }
}

/** Up to four rows by eight columns. Rows past the end repeat the last one and are not stored. */
function tile(
  out: usize, outStride: usize, a0: usize, aStride: usize, b: usize, rowStride: usize,
  rows: i32, columns: i32, k: i32, left: v128, right: v128,
  residual: usize, flags: i32, low: v128, high: v128,
): void {
  if (rows == 1) {
    let l0 = left, r0 = right, l1 = f32x4.splat(0), r1 = f32x4.splat(0);
    const last = a0 + (<usize>k << 2);
    const even = a0 + (<usize>(k & ~1) << 2);
    while (a0 < even) {
      const x0 = v128.load32_splat(a0);
      l0 = f32x4.add(l0, f32x4.mul(x0, v128.load(b)));
      r0 = f32x4.add(r0, f32x4.mul(x0, v128.load(b, 16)));
      b += rowStride;
      const x1 = v128.load32_splat(a0, 4);
      l1 = f32x4.add(l1, f32x4.mul(x1, v128.load(b)));
      r1 = f32x4.add(r1, f32x4.mul(x1, v128.load(b, 16)));
      b += rowStride;
      a0 += 8;
    }
    if (a0 < last) {
      const x0 = v128.load32_splat(a0);
      l0 = f32x4.add(l0, f32x4.mul(x0, v128.load(b)));
      r0 = f32x4.add(r0, f32x4.mul(x0, v128.load(b, 16)));
    }
    storeRow(out, f32x4.add(l0, l1), f32x4.add(r0, r1), residual, flags, low, high, columns);
    return;
  }
  let a1 = a0 + aStride;
  let a2 = rows > 2 ? a1 + aStride : a1;
  let a3 = rows > 3 ? a2 + aStride : a2;
  let l0 = left, r0 = right, l1 = left, r1 = right, l2 = left, r2 = right, l3 = left, r3 = right;
  const end = a0 + (<usize>k << 2);
  // One step of k per basic block, with an exit in each: compilers that schedule across a longer
  // block spill registers (measured on V8 of Node 20 and 22).
  while (a0 < end) {
    let w0 = v128.load(b), w1 = v128.load(b, 16);
    let x = v128.load32_splat(a0);
    l0 = f32x4.add(l0, f32x4.mul(x, w0));
    r0 = f32x4.add(r0, f32x4.mul(x, w1));
    x = v128.load32_splat(a1);
    l1 = f32x4.add(l1, f32x4.mul(x, w0));
    r1 = f32x4.add(r1, f32x4.mul(x, w1));
    x = v128.load32_splat(a2);
    l2 = f32x4.add(l2, f32x4.mul(x, w0));
    r2 = f32x4.add(r2, f32x4.mul(x, w1));
    x = v128.load32_splat(a3);
    l3 = f32x4.add(l3, f32x4.mul(x, w0));
    r3 = f32x4.add(r3, f32x4.mul(x, w1));
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    b += rowStride;
  }
  storeRow(out, l0, r0, residual, flags, low, high, columns);
  out += outStride;
  residual = residual ? residual + outStride : 0;
  storeRow(out, l1, r1, residual, flags, low, high, columns);
  if (rows < 3) return;
  out += outStride;
  residual = residual ? residual + outStride : 0;
  storeRow(out, l2, r2, residual, flags, low, high, columns);
  if (rows < 4) return;
  out += outStride;
  residual = residual ? residual + outStride : 0;
  storeRow(out, l3, r3, residual, flags, low, high, columns);
}

/** out[m, n] = a[m, k] · b[n, k]ᵀ: both rows contiguous, as in the scores of attention. */
export function gemmTransposed(
  out: usize, outStride: usize, a: usize, aStride: usize, b: usize, bStride: usize, m: i32, n: i32, k: i32,
): void {
  const vectors = <usize>(k & ~3) << 2;
  const bytes = <usize>k << 2;
  for (let row = 0; row < m; row++) {
    const x = a + <usize>row * aStride;
    let y = b;
    let to = out + <usize>row * outStride;
    for (let column = 0; column < n; column++) {
      let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0);
      let i: usize = 0;
      const pairs = vectors & ~31;
      for (; i < pairs; i += 32) {
        sum0 = f32x4.add(sum0, f32x4.mul(v128.load(x + i), v128.load(y + i)));
        sum1 = f32x4.add(sum1, f32x4.mul(v128.load(x + i, 16), v128.load(y + i, 16)));
      }
      if (i < vectors) {
        sum0 = f32x4.add(sum0, f32x4.mul(v128.load(x + i), v128.load(y + i)));
        i += 16;
      }
      sum0 = f32x4.add(sum0, sum1);
      let sum = f32x4.extract_lane(sum0, 0) + f32x4.extract_lane(sum0, 1)
        + f32x4.extract_lane(sum0, 2) + f32x4.extract_lane(sum0, 3);
      for (; i < bytes; i += 4) sum += f32.load(x + i) * f32.load(y + i);
      f32.store(to, sum);
      to += 4;
      y += bStride;
    }
  }
}
