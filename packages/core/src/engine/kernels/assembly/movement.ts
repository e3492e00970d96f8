// Elements moved, none computed.

/**
 * Copies 32-bit elements between two strided views; `shape`: sides, strides of `out` in bytes, strides
 * of `x`. A stride may be zero (repeat) or negative (reverse).
 */
export function copyStrided(out: usize, x: usize, rank: i32, axis: i32, shape: usize): void {
  const at = shape + (<usize>axis << 2);
  const side = i32.load(at);
  const stepOut = <usize>i32.load(at + (<usize>rank << 2));
  const stepX = <usize>i32.load(at + (<usize>rank << 3));
  if (axis == rank - 1) {
    if (stepOut == 4 && stepX == 4) {
      memory.copy(out, x, <usize>side << 2);
      return;
    }
    for (let i = 0; i < side; i++) {
      i32.store(out, i32.load(x));
      out += stepOut;
      x += stepX;
    }
    return;
  }
  for (let i = 0; i < side; i++) {
    copyStrided(out, x, rank, axis + 1, shape);
    out += stepOut;
    x += stepX;
  }
}

export function fill(out: usize, value: i32, count: i32): void {
  const end = out + (<usize>count << 2);
  for (; out < end; out += 4) i32.store(out, value);
}

/** out[o, i, r] = x[o, indices[i], r]. Gives 0, or 1 + the place of an index that is out of range. */
export function gather(
  out: usize, x: usize, indices: usize, outer: i32, count: i32, side: i32, inner: i32,
): i32 {
  const bytes = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    const from = x + <usize>o * <usize>side * bytes;
    for (let i = 0; i < count; i++) {
      let index = i32.load(indices + (<usize>i << 2));
      if (index < 0) index += side;
      if (index < 0 || index >= side) return i + 1;
      memory.copy(out, from + <usize>index * bytes, bytes);
      out += bytes;
    }
  }
  return 0;
}

/**
 * out[…] = x[… indices[…] …] along one axis, over `count` indices; `shape`: sides of the indices,
 * then strides of x in bytes, that of the axis first set to 0; `axisStride` is its own.
 */
export function gatherElements(
  out: usize, x: usize, indices: usize, rank: i32, shape: usize, side: i32, axisStride: usize, count: i32,
): i32 {
  for (let i = 0; i < count; i++) {
    let rest = i;
    let from = x;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const size = i32.load(shape + (<usize>axis << 2));
      from += <usize>(rest % size) * <usize>i32.load(shape + (<usize>(rank + axis) << 2));
      rest /= size;
    }
    let index = i32.load(indices + (<usize>i << 2));
    if (index < 0) index += side;
    if (index < 0 || index >= side) return i + 1;
    i32.store(out + (<usize>i << 2), i32.load(from + <usize>index * axisStride));
  }
  return 0;
}
