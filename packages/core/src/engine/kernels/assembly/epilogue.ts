// What happens to a tile of sums before it is stored: residual, limits, a last panel of fewer than
// eight columns. Used by every kernel that multiplies and adds.

/** The residual is added before the limits are applied (ResNet), not after (MobileNet). */
export const ADD_FIRST: i32 = 1;

// pmax and pmin are one instruction each and let NaN through, as IEEE comparisons are false for it.
@inline
export function clamp(v: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(v, low), high);
}

/** `storeRow` as a function of its own: V8 compiles tiles twice, and smaller ones sooner. */
export function storeRowApart(
  out: usize, left: v128, right: v128, residual: usize, flags: i32, low: v128, high: v128, columns: i32,
): void {
  storeRow(out, left, right, residual, flags, low, high, columns);
}

/** Stores eight columns of one row, or the first `columns` of them. */
@inline
export function storeRow(
  out: usize, left: v128, right: v128, residual: usize, flags: i32, low: v128, high: v128, columns: i32,
): void {
  if (residual) {
    const a = v128.load(residual);
    const b = v128.load(residual, 16);
    if (flags & ADD_FIRST) {
      left = clamp(f32x4.add(left, a), low, high);
      right = clamp(f32x4.add(right, b), low, high);
    } else {
      left = f32x4.add(clamp(left, low, high), a);
      right = f32x4.add(clamp(right, low, high), b);
    }
  } else {
    left = clamp(left, low, high);
    right = clamp(right, low, high);
  }
  if (columns >= 8) {
    v128.store(out, left);
    v128.store(out, right, 16);
  } else {
    storeColumns(out, left, right, columns);
  }
}

function storeColumns(out: usize, left: v128, right: v128, columns: i32): void {
  if (columns & 4) {
    v128.store(out, left);
    out += 16;
    left = right;
  }
  if (columns & 2) {
    v128.store64_lane(out, left, 0);
    out += 8;
    left = i64x2.splat(i64x2.extract_lane(left, 1));
  }
  if (columns & 1) f32.store(out, f32x4.extract_lane(left, 0));
}
