// The same product with int8 weights: each row of `a` is quantised to int16 with a scale of its own,
// the products are those of whole numbers and exact, and the sums are scaled back.
//
//   out[m, n] = clamp(rowScale[m] · columnScale[n] · Σk q[m, k] · w[k, n] + bias[n]) + residual
//
// Bound on the sums: |q| ≤ limit, and the caller chooses limit ≤ (2³¹ − 1) / max_n Σk |w[k, n]|, at
// most 32767. Then every partial sum, in any order, is at most 2³¹ − 1 in size: no sum overflows.
//
// Weights: panels of eight columns, [k / 2][8 columns][2 rows] as int8, an odd last row padded by 0.

import { clamp, storeRowApart } from './epilogue';

/** A row whose largest value is below this is taken as zeros: its scale would not be a normal number. */
const TINY: f32 = 1e-30;

/**
 * Bytes of `scratch` that are needed: `gemmInt8Rows(k)` rows of 4 · ⌈k / 2⌉ bytes and 16 for scales
 * a group of four.
 */
export function gemmInt8Rows(k: i32): i32 {
  return max(4, (64 * 1024 / max(1, k * 2)) & ~3);
}

export function gemmInt8(
  out: usize, outStride: usize, a: usize, aStride: usize, weights: usize, scales: usize,
  m: i32, n: i32, k: i32, limit: f32, scratch: usize,
  bias: usize, residual: usize, flags: i32, low: f32, high: f32,
): void {
  const pairs = (k + 1) >> 1;
  const group = (<usize>pairs << 4) + 16;
  const panelStride = <usize>pairs << 4;
  const four = outStride << 2;
  const block = gemmInt8Rows(k);
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (let start = 0; start < m; start += block) {
    const end = min(m, start + block);
    let quantised = scratch;
    for (let row = start; row < end; row += 4) {
      quantiseRows(quantised, a + <usize>row * aStride, aStride, min(4, end - row), k, limit);
      quantised += group;
    }
    for (let column = 0; column < n; column += 8) {
      const panel = weights + <usize>(column >> 3) * panelStride;
      const offset = <usize>column << 2;
      quantised = scratch;
      let to = out + <usize>start * outStride + offset;
      let sum = residual ? residual + <usize>start * outStride + offset : 0;
      let row = start;
      for (; row + 4 <= end; row += 4) {
        tile(to, outStride, quantised, panel, pairs, n - column, scales + offset, bias + offset, sum, flags, lows, highs);
        quantised += group;
        to += four;
        if (sum) sum += four;
      }
      if (row < end) {
        tileOfFew(to, outStride, quantised, panel, pairs, end - row, n - column, scales + offset, bias + offset, sum, flags, lows, highs);
      }
    }
  }
}

/**
 * The largest absolute value, NaN if there is one: as bits without their sign, floats are in the order of whole
 * numbers, NaN after infinity. The maximum of floats is ten instructions, that of whole numbers one.
 */
function largestOfRow(x: usize, k: i32): f32 {
  let most = i32x4.splat(0), more = i32x4.splat(0);
  const end = x + (<usize>k << 2);
  const pairs = x + (<usize>(k & ~7) << 2);
  for (; x < pairs; x += 32) {
    most = i32x4.max_s(most, f32x4.abs(v128.load(x)));
    more = i32x4.max_s(more, f32x4.abs(v128.load(x, 16)));
  }
  most = i32x4.max_s(most, more);
  let bits = max(
    max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
    max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
  );
  for (; x < end; x += 4) bits = max(bits, i32.load(x) & 0x7fff_ffff);
  return reinterpret<f32>(bits);
}

/** 1.5 · 2²³: a sum with it has no digits after the point, and the whole number in its lowest bits. */
const ROUNDER: f32 = 12_582_912;

/** Eight products as whole numbers, the nearest, of equally near ones the even; none is beyond 2²². */
@inline
function narrow(x: usize, factor: v128): v128 {
  const rounder = f32x4.splat(ROUNDER);
  return i16x8.narrow_i32x4_s(
    i32x4.sub(f32x4.add(f32x4.mul(v128.load(x), factor), rounder), rounder),
    i32x4.sub(f32x4.add(f32x4.mul(v128.load(x, 16), factor), rounder), rounder),
  );
}

@inline
function factorOf(most: f32, limit: f32): f32 {
  return most < TINY ? 0 : limit / most;
}

@inline
function narrowOne(x: usize, factor: f32): i32 {
  return reinterpret<i32>(f32.load(x) * factor + ROUNDER) - reinterpret<i32>(ROUNDER);
}

/** What a row's whole numbers are multiplied by; NaN for infinity, too, whose products are anything. */
@inline
function scaleOf(most: f32, limit: f32): f32 {
  return most < TINY ? 0 : most / limit + (most - most);
}

/** Four rows as [k / 2][4 rows][2] int16, then their four scales. Rows past the end repeat the last. */
function quantiseRows(to: usize, x0: usize, stride: usize, rows: i32, k: i32, limit: f32): void {
  const pairs = (k + 1) >> 1;
  const scalesAt = to + (<usize>pairs << 4);
  let x1 = rows > 1 ? x0 + stride : x0;
  let x2 = rows > 2 ? x1 + stride : x1;
  let x3 = rows > 3 ? x2 + stride : x2;
  const m0 = largestOfRow(x0, k);
  const m1 = rows > 1 ? largestOfRow(x1, k) : m0;
  const m2 = rows > 2 ? largestOfRow(x2, k) : m1;
  const m3 = rows > 3 ? largestOfRow(x3, k) : m2;
  const s0 = factorOf(m0, limit), s1 = factorOf(m1, limit), s2 = factorOf(m2, limit), s3 = factorOf(m3, limit);
  const f0 = f32x4.splat(s0), f1 = f32x4.splat(s1), f2 = f32x4.splat(s2), f3 = f32x4.splat(s3);
  f32.store(scalesAt, scaleOf(m0, limit));
  f32.store(scalesAt, scaleOf(m1, limit), 4);
  f32.store(scalesAt, scaleOf(m2, limit), 8);
  f32.store(scalesAt, scaleOf(m3, limit), 12);
  const end = x0 + (<usize>(k & ~7) << 2);
  while (x0 < end) {
    const q0 = narrow(x0, f0), q1 = narrow(x1, f1), q2 = narrow(x2, f2), q3 = narrow(x3, f3);
    // A 4 × 4 transposition of 32-bit pairs.
    const a = v128.shuffle<i32>(q0, q1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(q2, q3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(q0, q1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(q2, q3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(to, v128.shuffle<i64>(a, b, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(c, d, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(c, d, 1, 3), 48);
    x0 += 32;
    x1 += 32;
    x2 += 32;
    x3 += 32;
    to += 64;
  }
  for (let left = k & 7; left > 0; left -= 2) {
    const both = left > 1;
    i32.store(to, pair(x0, s0, both));
    i32.store(to, pair(x1, s1, both), 4);
    i32.store(to, pair(x2, s2, both), 8);
    i32.store(to, pair(x3, s3, both), 12);
    x0 += 8;
    x1 += 8;
    x2 += 8;
    x3 += 8;
    to += 16;
  }
}

@inline
function pair(x: usize, factor: f32, both: bool): i32 {
  return (narrowOne(x, factor) & 0xffff) | (both ? narrowOne(x + 4, factor) << 16 : 0);
}

@inline
function scaled(sum: v128, factor: v128, bias: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sum), factor), bias);
}

/** Four rows by eight columns. */
function tile(
  out: usize, outStride: usize, x: usize, w: usize, pairs: i32, columns: i32, scales: usize, bias: usize,
  residual: usize, flags: i32, low: v128, high: v128,
): void {
  const end = x + (<usize>pairs << 4);
  const leftScale = v128.load(scales), rightScale = v128.load(scales, 16);
  const leftBias = v128.load(bias), rightBias = v128.load(bias, 16);
  let l0 = i32x4.splat(0), r0 = i32x4.splat(0), l1 = i32x4.splat(0), r1 = i32x4.splat(0);
  let l2 = i32x4.splat(0), r2 = i32x4.splat(0), l3 = i32x4.splat(0), r3 = i32x4.splat(0);
  while (x < end) {
    const w0 = v128.load_ext<i8>(w), w1 = v128.load_ext<i8>(w, 8);
    let v = v128.load32_splat(x);
    l0 = i32x4.add(l0, i32x4.dot_i16x8_s(v, w0));
    r0 = i32x4.add(r0, i32x4.dot_i16x8_s(v, w1));
    v = v128.load32_splat(x, 4);
    l1 = i32x4.add(l1, i32x4.dot_i16x8_s(v, w0));
    r1 = i32x4.add(r1, i32x4.dot_i16x8_s(v, w1));
    v = v128.load32_splat(x, 8);
    l2 = i32x4.add(l2, i32x4.dot_i16x8_s(v, w0));
    r2 = i32x4.add(r2, i32x4.dot_i16x8_s(v, w1));
    v = v128.load32_splat(x, 12);
    l3 = i32x4.add(l3, i32x4.dot_i16x8_s(v, w0));
    r3 = i32x4.add(r3, i32x4.dot_i16x8_s(v, w1));
    x += 16;
    w += 16;
  }
  let s = v128.load32_splat(end);
  if (columns >= 8 && !residual) {
    // Nearly all tiles are whole ones. Of few k their end takes as long as their sums.
    v128.store(out, clamp(scaled(l0, f32x4.mul(s, leftScale), leftBias), low, high));
    v128.store(out, clamp(scaled(r0, f32x4.mul(s, rightScale), rightBias), low, high), 16);
    out += outStride;
    s = v128.load32_splat(end, 4);
    v128.store(out, clamp(scaled(l1, f32x4.mul(s, leftScale), leftBias), low, high));
    v128.store(out, clamp(scaled(r1, f32x4.mul(s, rightScale), rightBias), low, high), 16);
    out += outStride;
    s = v128.load32_splat(end, 8);
    v128.store(out, clamp(scaled(l2, f32x4.mul(s, leftScale), leftBias), low, high));
    v128.store(out, clamp(scaled(r2, f32x4.mul(s, rightScale), rightBias), low, high), 16);
    out += outStride;
    s = v128.load32_splat(end, 12);
    v128.store(out, clamp(scaled(l3, f32x4.mul(s, leftScale), leftBias), low, high));
    v128.store(out, clamp(scaled(r3, f32x4.mul(s, rightScale), rightBias), low, high), 16);
    return;
  }
  storeRowApart(out, scaled(l0, f32x4.mul(s, leftScale), leftBias), scaled(r0, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
  out += outStride;
  residual = residual ? residual + outStride : 0;
  s = v128.load32_splat(end, 4);
  storeRowApart(out, scaled(l1, f32x4.mul(s, leftScale), leftBias), scaled(r1, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
  out += outStride;
  residual = residual ? residual + outStride : 0;
  s = v128.load32_splat(end, 8);
  storeRowApart(out, scaled(l2, f32x4.mul(s, leftScale), leftBias), scaled(r2, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
  out += outStride;
  residual = residual ? residual + outStride : 0;
  s = v128.load32_splat(end, 12);
  storeRowApart(out, scaled(l3, f32x4.mul(s, leftScale), leftBias), scaled(r3, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
}

/**
 * The last one to three rows; three are what a search with the embedded model's beams asks for. A function here
 * returns one value, and these steps add to six, so those of `tile` are repeated.
 */
function tileOfFew(
  out: usize, outStride: usize, x: usize, w: usize, pairs: i32,
  rows: i32, columns: i32, scales: usize, bias: usize,
  residual: usize, flags: i32, low: v128, high: v128,
): void {
  const end = x + (<usize>pairs << 4);
  const leftScale = v128.load(scales), rightScale = v128.load(scales, 16);
  const leftBias = v128.load(bias), rightBias = v128.load(bias, 16);
  let l0 = i32x4.splat(0), r0 = i32x4.splat(0), l1 = i32x4.splat(0), r1 = i32x4.splat(0);
  let l2 = i32x4.splat(0), r2 = i32x4.splat(0);
  if (rows == 1) {
    const even = x + (<usize>(pairs & ~1) << 4);
    while (x < even) {
      const x0 = v128.load32_splat(x);
      l0 = i32x4.add(l0, i32x4.dot_i16x8_s(x0, v128.load_ext<i8>(w)));
      r0 = i32x4.add(r0, i32x4.dot_i16x8_s(x0, v128.load_ext<i8>(w, 8)));
      const x1 = v128.load32_splat(x, 16);
      l1 = i32x4.add(l1, i32x4.dot_i16x8_s(x1, v128.load_ext<i8>(w, 16)));
      r1 = i32x4.add(r1, i32x4.dot_i16x8_s(x1, v128.load_ext<i8>(w, 24)));
      x += 32;
      w += 32;
    }
    if (x < end) {
      const x0 = v128.load32_splat(x);
      l0 = i32x4.add(l0, i32x4.dot_i16x8_s(x0, v128.load_ext<i8>(w)));
      r0 = i32x4.add(r0, i32x4.dot_i16x8_s(x0, v128.load_ext<i8>(w, 8)));
    }
    l0 = i32x4.add(l0, l1);
    r0 = i32x4.add(r0, r1);
  } else {
    while (x < end) {
      const w0 = v128.load_ext<i8>(w), w1 = v128.load_ext<i8>(w, 8);
      let v = v128.load32_splat(x);
      l0 = i32x4.add(l0, i32x4.dot_i16x8_s(v, w0));
      r0 = i32x4.add(r0, i32x4.dot_i16x8_s(v, w1));
      v = v128.load32_splat(x, 4);
      l1 = i32x4.add(l1, i32x4.dot_i16x8_s(v, w0));
      r1 = i32x4.add(r1, i32x4.dot_i16x8_s(v, w1));
      v = v128.load32_splat(x, 8);
      l2 = i32x4.add(l2, i32x4.dot_i16x8_s(v, w0));
      r2 = i32x4.add(r2, i32x4.dot_i16x8_s(v, w1));
      x += 16;
      w += 16;
    }
  }
  let s = v128.load32_splat(end);
  storeRowApart(out, scaled(l0, f32x4.mul(s, leftScale), leftBias), scaled(r0, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
  if (rows < 2) return;
  out += outStride;
  residual = residual ? residual + outStride : 0;
  s = v128.load32_splat(end, 4);
  storeRowApart(out, scaled(l1, f32x4.mul(s, leftScale), leftBias), scaled(r1, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
  if (rows < 3) return;
  out += outStride;
  residual = residual ? residual + outStride : 0;
  s = v128.load32_splat(end, 8);
  storeRowApart(out, scaled(l2, f32x4.mul(s, leftScale), leftBias), scaled(r2, f32x4.mul(s, rightScale), rightBias), residual, flags, low, high, columns);
}

/** Columns of packed weights as floats, [k, count]: the rows of an embedding that shares its matrix. */
export function gatherInt8Columns(
  out: usize, weights: usize, scales: usize, indices: usize, count: i32, k: i32, n: i32,
): i32 {
  const pairs = (k + 1) >> 1;
  for (let i = 0; i < count; i++) {
    let column = i32.load(indices + (<usize>i << 2));
    if (column < 0) column += n;
    if (column < 0 || column >= n) return i + 1;
    const from = weights + (<usize>(column >> 3) * <usize>pairs << 4) + (<usize>(column & 7) << 1);
    const scale = f32.load(scales + (<usize>column << 2));
    for (let row = 0; row < k; row++) {
      const value = i32.load8_s(from + (<usize>(row >> 1) << 4) + <usize>(row & 1));
      f32.store(out + (<usize>(row * count + i) << 2), <f32>value * scale);
    }
  }
  return 0;
}

/**
 * Packs a matrix [k, n], whose rows lie `strideK` and whose columns `strideN` bytes apart (one of them
 * 1), into panels. Gives the largest Σk |w[k, n]| of a column.
 */
export function packInt8(to: usize, from: usize, k: i32, n: i32, strideK: usize, strideN: usize): i32 {
  let most = 0;
  for (let column = 0; column < n; column += 8) {
    const columns = min(8, n - column);
    let row = from + <usize>column * strideN;
    let left = i32x4.splat(0), right = i32x4.splat(0);
    for (let i = 0; i < k; i += 2) {
      const both = i + 1 < k;
      let pairs: v128;
      if (strideN == 1 && columns == 8) {
        const next = both ? v128.load64_zero(row + strideK) : i64x2.splat(0);
        pairs = i8x16.shuffle(v128.load64_zero(row), next, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        v128.store(to, pairs);
      } else if (strideK == 1 && columns == 8 && both) {
        let x = row;
        pairs = v128.load16_lane(x, i64x2.splat(0), 0);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 1);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 2);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 3);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 4);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 5);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 6);
        x += strideN;
        pairs = v128.load16_lane(x, pairs, 7);
        v128.store(to, pairs);
      } else {
        v128.store(to, i64x2.splat(0));
        let x = row;
        for (let c = 0; c < columns; c++) {
          i32.store8(to + (<usize>c << 1), i32.load8_s(x));
          if (both) i32.store8(to + (<usize>c << 1), i32.load8_s(x + strideK), 1);
          x += strideN;
        }
        pairs = v128.load(to);
      }
      left = i32x4.add(left, i32x4.extadd_pairwise_i16x8_s(i16x8.abs(i16x8.extend_low_i8x16_s(pairs))));
      right = i32x4.add(right, i32x4.extadd_pairwise_i16x8_s(i16x8.abs(i16x8.extend_high_i8x16_s(pairs))));
      to += 16;
      row += strideK << 1;
    }
    const larger = i32x4.max_s(left, right);
    most = max(most, max(
      max(i32x4.extract_lane(larger, 0), i32x4.extract_lane(larger, 1)),
      max(i32x4.extract_lane(larger, 2), i32x4.extract_lane(larger, 3)),
    ));
  }
  return most;
}
