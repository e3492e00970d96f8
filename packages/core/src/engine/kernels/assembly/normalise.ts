// Softmax and the normalisations over a last axis.

/** x as [outer][side][inner], over the middle. */
export function softmax(out: usize, x: usize, outer: i32, side: i32, inner: i32, isLog: i32): void {
  const next = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < inner; r++) {
      const start = <usize>(o * side * inner + r) << 2;
      let p = x + start;
      let most: f32 = -Infinity;
      for (let i = 0; i < side; i++, p += next) most = max(most, f32.load(p));
      let sum: f32 = 0;
      p = x + start;
      let to = out + start;
      for (let i = 0; i < side; i++, p += next, to += next) {
        const e = Mathf.exp(f32.load(p) - most);
        sum += e;
        f32.store(to, isLog ? f32.load(p) - most : e);
      }
      const share = isLog ? Mathf.log(sum) : 1 / sum;
      to = out + start;
      for (let i = 0; i < side; i++, to += next) {
        f32.store(to, isLog ? f32.load(to) - share : f32.load(to) * share);
      }
    }
  }
}

@inline
function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)
    + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
}

/** Each row of `side`: less its mean, over its standard deviation, times `scale`, plus `bias` (or 0). */
export function layerNorm(out: usize, x: usize, scale: usize, bias: usize, rows: i32, side: i32, epsilon: f32): void {
  const bytes = <usize>side << 2;
  const vectors = <usize>(side & ~3) << 2;
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    let i: usize = 0;
    for (; i < vectors; i += 16) sums = f32x4.add(sums, v128.load(x + i));
    let sum = total(sums);
    for (; i < bytes; i += 4) sum += f32.load(x + i);
    const mean = sum / <f32>side;
    const means = f32x4.splat(mean);
    sums = f32x4.splat(0);
    for (i = 0; i < vectors; i += 16) {
      const d = f32x4.sub(v128.load(x + i), means);
      sums = f32x4.add(sums, f32x4.mul(d, d));
    }
    sum = total(sums);
    for (; i < bytes; i += 4) {
      const d = f32.load(x + i) - mean;
      sum += d * d;
    }
    const factor: f32 = 1 / sqrt(sum / <f32>side + epsilon);
    const factors = f32x4.splat(factor);
    for (i = 0; i < vectors; i += 16) {
      const v = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(x + i), means), factors), v128.load(scale + i));
      v128.store(out + i, bias ? f32x4.add(v, v128.load(bias + i)) : v);
    }
    for (; i < bytes; i += 4) {
      const v = (f32.load(x + i) - mean) * factor * f32.load(scale + i);
      f32.store(out + i, bias ? v + f32.load(bias + i) : v);
    }
    x += bytes;
    out += bytes;
  }
}
