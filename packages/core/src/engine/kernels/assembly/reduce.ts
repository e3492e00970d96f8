// Many elements to one: x is [outer][side][inner], the result [outer][inner].

import { fitted } from './elementwise';

@inline
function at(x: usize, outer: i32, i: i32, r: i32, side: i32, inner: i32): usize {
  return x + (<usize>((outer * side + i) * inner + r) << 2);
}

/** 0 sum, 1 mean, 2 max, 3 min, 4 product, 5 sum of squares, 6 L2 norm, 7 L1 norm, 8 log of the sum of exponentials. */
export function reduce(operation: i32, out: usize, x: usize, outer: i32, side: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    let r = 0;
    if (operation < 2) {
      const share: f32 = operation == 1 ? 1 / <f32>side : 1;
      for (; r + 4 <= inner; r += 4) {
        let sum = f32x4.splat(0);
        for (let i = 0; i < side; i++) sum = f32x4.add(sum, v128.load(at(x, o, i, r, side, inner)));
        v128.store(out, f32x4.mul(sum, f32x4.splat(share)));
        out += 16;
      }
    }
    for (; r < inner; r++) {
      f32.store(out, reduceOne(operation, x, o, r, side, inner));
      out += 4;
    }
  }
}

function reduceOne(operation: i32, x: usize, o: i32, r: i32, side: i32, inner: i32): f32 {
  if (operation == 2 || operation == 3) {
    let most: f32 = operation == 2 ? -Infinity : Infinity;
    for (let i = 0; i < side; i++) {
      const v = f32.load(at(x, o, i, r, side, inner));
      most = operation == 2 ? max(most, v) : min(most, v);
    }
    return most;
  }
  // In double precision: a single sum over thousands of floats loses digits.
  let sum: f64 = operation == 4 ? 1 : 0;
  const top: f64 = operation == 8 ? <f64>reduceOne(2, x, o, r, side, inner) : 0;
  // Less infinity, infinity would be no number.
  if (operation == 8 && (top == Infinity || top == -Infinity)) return <f32>top;
  for (let i = 0; i < side; i++) {
    const v = <f64>f32.load(at(x, o, i, r, side, inner));
    switch (operation) {
      case 4: sum *= v; break;
      case 5:
      case 6: sum += v * v; break;
      case 7: sum += abs(v); break;
      case 8: sum += Math.exp(v - top); break;
      default: sum += v;
    }
  }
  switch (operation) {
    case 1: return <f32>(sum / <f64>side);
    case 6: return <f32>sqrt(sum);
    case 8: return <f32>(Math.log(sum) + top);
    default: return <f32>sum;
  }
}

/** Whole numbers: 0 sum, 2 max, 3 min, 4 product. */
export function reduceWhole(operation: i32, out: usize, x: usize, outer: i32, side: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < inner; r++) {
      let result: i64 = operation == 4 ? 1 : operation == 2 ? i32.MIN_VALUE : operation == 3 ? i32.MAX_VALUE : 0;
      for (let i = 0; i < side; i++) {
        const v = <i64>i32.load(at(x, o, i, r, side, inner));
        result = operation == 4 ? <i64>fitted(result * v) : operation == 2 ? max(result, v) : operation == 3 ? min(result, v) : result + v;
      }
      i32.store(out, fitted(result));
      out += 4;
    }
  }
}

/** Place of the largest (`sign` 1) or smallest (-1) value; of equals the first, or the last. */
export function argMost(out: usize, x: usize, outer: i32, side: i32, inner: i32, sign: f32, last: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < inner; r++) {
      let best: f32 = -Infinity;
      let place = 0;
      for (let i = 0; i < side; i++) {
        const v = sign * f32.load(at(x, o, i, r, side, inner));
        if (v > best || (last && v == best)) {
          best = v;
          place = i;
        }
      }
      i32.store(out, place);
      out += 4;
    }
  }
}

/** The `count` largest (`sign` 1) or smallest (-1) of each [side], in order; of equals the first one. */
export function topK(
  values: usize, indices: usize, x: usize, outer: i32, side: i32, inner: i32, count: i32, sign: f32,
): void {
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < inner; r++) {
      let held = 0;
      for (let i = 0; i < side; i++) {
        const v = f32.load(at(x, o, i, r, side, inner));
        if (held == count && !(sign * v > sign * f32.load(at(values, o, count - 1, r, count, inner)))) continue;
        let place = held < count ? held++ : count - 1;
        while (place > 0) {
          const before = f32.load(at(values, o, place - 1, r, count, inner));
          if (!(sign * v > sign * before)) break;
          f32.store(at(values, o, place, r, count, inner), before);
          i32.store(at(indices, o, place, r, count, inner), i32.load(at(indices, o, place - 1, r, count, inner)));
          place--;
        }
        f32.store(at(values, o, place, r, count, inner), v);
        i32.store(at(indices, o, place, r, count, inner), i);
      }
    }
  }
}
