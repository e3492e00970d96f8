// One output element from one element of each input. Elements are 32 bits wide: float32, or int32 for
// whole numbers and truth values (0 and 1). The numbers of the operations stand in ../operations.ts.

/** 1 once a whole number needed more than the 32 bits that it is held in. */
let lost: i32 = 0;

/** Whether a whole number was lost since this was asked last. Only for int64: int32 overflows, as ONNX has it. */
export function takeLost(): i32 {
  const was = lost;
  lost = 0;
  return was;
}

@inline
export function fitted(value: i64): i32 {
  if (value != <i64><i32>value) lost = 1;
  return <i32>value;
}

/** Cut off at the ends of 32 bits. What 64 bits cannot hold either, ONNX leaves open. */
function toWhole(value: f32): i32 {
  if ((value >= 2147483648.0 || value < -2147483648.0) && abs(value) < 9223372036854775808.0) lost = 1;
  return i32x4.extract_lane(i32x4.trunc_sat_f32x4_s(f32x4.splat(value)), 0);
}

export function unary(operation: i32, out: usize, x: usize, count: i32): void {
  const end = x + (<usize>count << 2);
  const vectors = x + (<usize>(count & ~3) << 2);
  switch (operation) {
    case 0: // Relu; NaN stays, as everywhere here
      for (; x < vectors; x += 16, out += 16) v128.store(out, f32x4.pmax(v128.load(x), f32x4.splat(0)));
      break;
    case 1: // Sqrt
      for (; x < vectors; x += 16, out += 16) v128.store(out, f32x4.sqrt(v128.load(x)));
      break;
    case 2: // Neg
      for (; x < vectors; x += 16, out += 16) v128.store(out, f32x4.neg(v128.load(x)));
      break;
    case 3: // Abs
      for (; x < vectors; x += 16, out += 16) v128.store(out, f32x4.abs(v128.load(x)));
      break;
  }
  for (; x < end; x += 4, out += 4) {
    const v = f32.load(x);
    const whole = i32.load(x);
    switch (operation) {
      case 0: f32.store(out, v < 0 ? 0 : v); break;
      case 1: f32.store(out, sqrt(v)); break;
      case 2: f32.store(out, -v); break;
      case 3: f32.store(out, abs(v)); break;
      case 4: f32.store(out, 1 / (1 + Mathf.exp(-v))); break;
      case 5: f32.store(out, Mathf.tanh(v)); break;
      case 6: f32.store(out, Mathf.exp(v)); break;
      case 7: f32.store(out, Mathf.log(v)); break;
      case 8: f32.store(out, erf(v)); break;
      case 9: f32.store(out, 1 / v); break;
      case 10: f32.store(out, floor(v)); break;
      case 11: f32.store(out, ceil(v)); break;
      case 12: f32.store(out, nearest(v)); break;
      case 13: f32.store(out, v > 0 ? 1 : v < 0 ? -1 : v); break;
      case 14: i32.store(out, v != v ? 1 : 0); break;
      case 15: i32.store(out, whole == 0 ? 1 : 0); break; // Not
      case 16: f32.store(out, <f32>whole); break; // int to float
      case 17: i32.store(out, toWhole(v)); break;
      case 18: i32.store(out, v != 0 ? 1 : 0); break; // float to bool
      case 19: i32.store(out, whole != 0 ? 1 : 0); break; // int to bool
      case 20: i32.store(out, fitted(-<i64>whole)); break;
      case 21: i32.store(out, fitted(whole < 0 ? -<i64>whole : whole)); break;
      case 22: f32.store(out, v * (v < -3 ? 0 : v > 3 ? 1 : (v + 3) / 6)); break; // HardSwish
      case 23: f32.store(out, v > 20 ? v : Mathf.log1p(Mathf.exp(v))); break; // Softplus
      case 24: f32.store(out, Mathf.sin(v)); break;
      case 25: f32.store(out, Mathf.cos(v)); break;
      case 26: i32.store(out, whole > 0 ? 1 : whole < 0 ? -1 : 0); break;
      case 27: f32.store(out, v * 0.5 * (1 + erf(v * <f32>Math.SQRT1_2))); break; // Gelu
      case 28: f32.store(out, v * 0.5 * (1 + Mathf.tanh(0.7978845608 * (v + 0.044715 * v * v * v)))); break;
    }
  }
}

/**
 * The error function, to 1.2e-7: the fit of Numerical Recipes (Press et al., 2nd edition, section
 * 6.2, erfcc).
 */
function erf(x: f32): f32 {
  const z = abs(<f64>x);
  // The fit is exact to so many digits after the point, not to so many digits.
  if (z < 0.05) return <f32>(2 / Math.sqrt(Math.PI) * <f64>x * (1 - z * z / 3 + z * z * z * z / 10));
  const t = 1 / (1 + 0.5 * z);
  const fit = t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  const complement = t * Math.exp(-z * z - 1.26551223 + fit);
  const result = <f32>(1 - complement);
  return x != x ? x : x < 0 ? -result : result;
}

export function clip(out: usize, x: usize, count: i32, low: f32, high: f32): void {
  const vectors = x + (<usize>(count & ~3) << 2);
  const end = x + (<usize>count << 2);
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  for (; x < vectors; x += 16, out += 16) {
    v128.store(out, f32x4.pmin(f32x4.pmax(v128.load(x), lows), highs));
  }
  for (; x < end; x += 4, out += 4) {
    const v = f32x4.splat(f32.load(x));
    f32.store(out, f32x4.extract_lane(f32x4.pmin(f32x4.pmax(v, lows), highs), 0));
  }
}

@inline
function mod(a: i32, b: i32): i32 {
  const rest = a % b;
  return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}

function binaryOne(operation: i32, out: usize, left: usize, right: usize): void {
  const a = f32.load(left), b = f32.load(right);
  const m = i32.load(left), n = i32.load(right);
  switch (operation) {
    case 0: f32.store(out, a + b); break;
    case 1: f32.store(out, a - b); break;
    case 2: f32.store(out, a * b); break;
    case 3: f32.store(out, a / b); break;
    case 4: f32.store(out, min(a, b)); break;
    case 5: f32.store(out, max(a, b)); break;
    case 6: f32.store(out, b == 2 ? a * a : Mathf.pow(a, b)); break;
    case 7: i32.store(out, a == b ? 1 : 0); break;
    case 8: i32.store(out, a < b ? 1 : 0); break;
    case 9: i32.store(out, a <= b ? 1 : 0); break;
    case 10: i32.store(out, a > b ? 1 : 0); break;
    case 11: i32.store(out, a >= b ? 1 : 0); break;
    case 12: f32.store(out, a < 0 ? a * b : a); break; // PRelu
    case 20: i32.store(out, fitted(<i64>m + n)); break;
    case 21: i32.store(out, fitted(<i64>m - n)); break;
    case 22: i32.store(out, fitted(<i64>m * n)); break;
    // A division by zero would end the program; ONNX leaves its result open.
    case 23: i32.store(out, n == 0 ? 0 : n == -1 ? fitted(-<i64>m) : m / n); break;
    case 24: i32.store(out, min(m, n)); break;
    case 25: i32.store(out, max(m, n)); break;
    case 26: i32.store(out, n == 0 || n == -1 ? 0 : mod(m, n)); break;
    case 27: i32.store(out, m == n ? 1 : 0); break;
    case 28: i32.store(out, m < n ? 1 : 0); break;
    case 29: i32.store(out, m <= n ? 1 : 0); break;
    case 30: i32.store(out, m > n ? 1 : 0); break;
    case 31: i32.store(out, m >= n ? 1 : 0); break;
    case 32: i32.store(out, m & n); break; // And
    case 33: i32.store(out, m | n); break; // Or
    case 34: i32.store(out, m ^ n); break; // Xor
  }
}

/** A run of elements; the steps are bytes: 4, 0 for one that is repeated, or any other. */
function binaryRun(operation: i32, out: usize, a: usize, b: usize, count: i32, stepA: usize, stepB: usize): void {
  const end = out + (<usize>count << 2);
  if (operation < 6 && (stepA | stepB) == 4) {
    const vectors = out + (<usize>(count & ~3) << 2);
    const nextA = stepA << 2, nextB = stepB << 2;
    while (out < vectors) {
      const x = stepA ? v128.load(a) : v128.load32_splat(a);
      const y = stepB ? v128.load(b) : v128.load32_splat(b);
      v128.store(out,
        operation == 0 ? f32x4.add(x, y)
        : operation == 1 ? f32x4.sub(x, y)
        : operation == 2 ? f32x4.mul(x, y)
        : operation == 3 ? f32x4.div(x, y)
        : operation == 4 ? f32x4.min(x, y) : f32x4.max(x, y));
      out += 16;
      a += nextA;
      b += nextB;
    }
  }
  while (out < end) {
    binaryOne(operation, out, a, b);
    out += 4;
    a += stepA;
    b += stepB;
  }
}

/**
 * Broadcasting: `shape` points to `rank` sides, then the strides in bytes of a, then those of b. The
 * output is contiguous.
 */
export function binary(operation: i32, out: usize, a: usize, b: usize, rank: i32, shape: usize): void {
  const side = i32.load(shape);
  const stepA = <usize>i32.load(shape + (<usize>rank << 2));
  const stepB = <usize>i32.load(shape + (<usize>rank << 3));
  if (rank == 1) {
    binaryRun(operation, out, a, b, side, stepA, stepB);
    return;
  }
  nested(operation, out, a, b, rank, 0, shape);
}

function nested(operation: i32, out: usize, a: usize, b: usize, rank: i32, axis: i32, shape: usize): usize {
  const at = shape + (<usize>axis << 2);
  const side = i32.load(at);
  const stepA = <usize>i32.load(at + (<usize>rank << 2));
  const stepB = <usize>i32.load(at + (<usize>rank << 3));
  if (axis == rank - 1) {
    binaryRun(operation, out, a, b, side, stepA, stepB);
    return out + (<usize>side << 2);
  }
  for (let i = 0; i < side; i++) {
    out = nested(operation, out, a, b, rank, axis + 1, shape);
    a += stepA;
    b += stepB;
  }
  return out;
}

/** condition ? a : b; `shape`: sides, then strides of the condition, of a and of b. */
export function where(out: usize, condition: usize, a: usize, b: usize, rank: i32, axis: i32, shape: usize): usize {
  const at = shape + (<usize>axis << 2);
  const side = i32.load(at);
  const stepC = <usize>i32.load(at + (<usize>rank << 2));
  const stepA = <usize>i32.load(at + (<usize>rank << 3));
  const stepB = <usize>i32.load(at + <usize>rank * 12);
  for (let i = 0; i < side; i++) {
    if (axis == rank - 1) {
      i32.store(out, i32.load(condition) ? i32.load(a) : i32.load(b));
      out += 4;
    } else {
      out = where(out, condition, a, b, rank, axis + 1, shape);
    }
    condition += stepC;
    a += stepA;
    b += stepB;
  }
  return out;
}
