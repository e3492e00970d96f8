// Filters of many taps over whole levels: sums of 8-bit samples times weights in 1/2²², modulo 2³², as Pillow has
// them. A weight is high · 2¹² + low, so that both parts fit the products of int16. Samples are read by eight:
// memory goes on after the last of them, and so it does after the last result, written by four or eight.
//
// Weights: for each result position `pairs` times four int16: high, high, low, low of two neighbouring taps.

const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

@inline
function levels(high: v128, low: v128): v128 {
  const sum = i32x4.add(i32x4.add(i32x4.shl(high, 12), low), i32x4.splat(HALF));
  return i32x4.shr_s(sum, PRECISION);
}

/** Along rows of RGB, `stride` bytes apart; `first`: where each result position begins, in bytes. */
export function across(
  out: usize, source: usize, stride: usize, rows: i32, first: usize, weights: usize, width: i32, pairs: i32,
): void {
  for (let row = 0; row < rows; row++) {
    acrossRow(out, source, first, weights, width, pairs);
    out += <usize>width * 3;
    source += stride;
  }
}

/** Exported so that it is not inlined: V8 optimises a function at its next call only. */
export function acrossRow(
  out: usize, source: usize, first: usize, weights: usize, width: i32, pairs: i32,
): void {
  const end = first + (<usize>width << 2);
  const step = <usize>pairs << 3;
  for (; first < end; first += 4) {
    let at = source + <usize>i32.load(first);
    let high = i32x4.splat(0), low = i32x4.splat(0);
    for (const last = weights + step; weights < last; weights += 8, at += 6) {
      // R, R, G, G, B, B of two neighbours.
      const v = i8x16.shuffle(
        v128.load64_zero(at), i64x2.splat(0),
        0, 16, 3, 16, 1, 16, 4, 16, 2, 16, 5, 16, 16, 16, 16, 16,
      );
      high = i32x4.add(high, i32x4.dot_i16x8_s(v, v128.load32_splat(weights)));
      low = i32x4.add(low, i32x4.dot_i16x8_s(v, v128.load32_splat(weights, 4)));
    }
    const short = i16x8.narrow_i32x4_s(levels(high, low), i64x2.splat(0));
    v128.store32_lane(out, i8x16.narrow_i16x8_u(short, short), 0);
    out += 3;
  }
}

/** Down columns; `first`: the first row of each result row. */
export function down(
  out: usize, source: usize, stride: usize, first: usize, weights: usize, height: i32, pairs: i32,
): void {
  const step = <usize>pairs << 3;
  for (let row = 0; row < height; row++) {
    downRow(out, source + <usize>i32.load(first) * stride, stride, weights, weights + step);
    out += stride;
    first += 4;
    weights += step;
  }
}

/** Exported as acrossRow is. */
export function downRow(out: usize, source: usize, stride: usize, weights: usize, last: usize): void {
  const end = out + stride;
  for (; out < end; out += 8, source += 8) {
    let at = source;
    let highs = i32x4.splat(0), lows = i32x4.splat(0), moreHighs = i32x4.splat(0), moreLows = i32x4.splat(0);
    for (let w = weights; w < last; w += 8) {
      const both = i8x16.shuffle(
        v128.load64_zero(at), v128.load64_zero(at + stride),
        0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
      );
      const v = i16x8.extend_low_i8x16_u(both), more = i16x8.extend_high_i8x16_u(both);
      const high = v128.load32_splat(w), low = v128.load32_splat(w, 4);
      highs = i32x4.add(highs, i32x4.dot_i16x8_s(v, high));
      lows = i32x4.add(lows, i32x4.dot_i16x8_s(v, low));
      moreHighs = i32x4.add(moreHighs, i32x4.dot_i16x8_s(more, high));
      moreLows = i32x4.add(moreLows, i32x4.dot_i16x8_s(more, low));
      at += stride << 1;
    }
    const short = i16x8.narrow_i32x4_s(levels(highs, lows), levels(moreHighs, moreLows));
    v128.store64_lane(out, i8x16.narrow_i16x8_u(short, short), 0);
  }
}
