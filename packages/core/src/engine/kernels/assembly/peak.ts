// What this processor can do at most, for the benchmark: the step of a tile, one factor in registers and
// the other in the nearest cache. The memory is that of an instance of its own, all zeros.

// Factors are loaded even where they do not change: constants would be made anew at each step.

const FACTORS: usize = 1024;

/** 32 · `count` float32 multiplications with an addition each. */
export function peakFloat(count: i32): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  const p = v128.load(FACTORS), q = v128.load(FACTORS, 16);
  while (count-- > 0) {
    const at = FACTORS + (<usize>(count & 15) << 4);
    let x = v128.load32_splat(at);
    a = f32x4.add(a, f32x4.mul(x, p));
    b = f32x4.add(b, f32x4.mul(x, q));
    x = v128.load32_splat(at, 4);
    c = f32x4.add(c, f32x4.mul(x, p));
    d = f32x4.add(d, f32x4.mul(x, q));
    x = v128.load32_splat(at, 8);
    e = f32x4.add(e, f32x4.mul(x, p));
    f = f32x4.add(f, f32x4.mul(x, q));
    x = v128.load32_splat(at, 12);
    g = f32x4.add(g, f32x4.mul(x, p));
    h = f32x4.add(h, f32x4.mul(x, q));
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  return f32x4.extract_lane(a, 0);
}

/** 64 · `count` int16 multiplications with an addition each. */
export function peakInt16(count: i32): i32 {
  let a = i32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  const p = v128.load(FACTORS), q = v128.load(FACTORS, 16);
  while (count-- > 0) {
    const at = FACTORS + (<usize>(count & 15) << 4);
    let x = v128.load32_splat(at);
    a = i32x4.add(a, i32x4.dot_i16x8_s(x, p));
    b = i32x4.add(b, i32x4.dot_i16x8_s(x, q));
    x = v128.load32_splat(at, 4);
    c = i32x4.add(c, i32x4.dot_i16x8_s(x, p));
    d = i32x4.add(d, i32x4.dot_i16x8_s(x, q));
    x = v128.load32_splat(at, 8);
    e = i32x4.add(e, i32x4.dot_i16x8_s(x, p));
    f = i32x4.add(f, i32x4.dot_i16x8_s(x, q));
    x = v128.load32_splat(at, 12);
    g = i32x4.add(g, i32x4.dot_i16x8_s(x, p));
    h = i32x4.add(h, i32x4.dot_i16x8_s(x, q));
  }
  a = i32x4.add(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), i32x4.add(i32x4.add(e, f), i32x4.add(g, h)));
  return i32x4.extract_lane(a, 0);
}
