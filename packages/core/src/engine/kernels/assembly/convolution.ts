// Convolutions over channels-last maps, [height][width][channels], other than 1 × 1 ones (those are
// matrix products). Borders are not copied: the kernel's window is cut where it leaves the map.

import { clamp, storeRowApart } from './epilogue';

/** Kernel rows (or columns) that lie inside: the first, and the one after the last. */
@inline
function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}
@inline
function endTap(start: i32, dilation: i32, taps: i32, size: i32): i32 {
  const inside = size - start;
  return inside <= 0 ? 0 : min(taps, (inside + dilation - 1) / dilation);
}

/** One kernel a channel. Weights [kernelHeight][kernelWidth][channels]. */
export function depthwise(
  out: usize, input: usize, weights: usize, bias: usize, channels: i32,
  height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padTop: i32, padLeft: i32,
  dilationY: i32, dilationX: i32, low: f32, high: f32,
): void {
  const pixel = <usize>channels << 2;
  const inputRow = pixel * <usize>width;
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  const stepX = pixel * <usize>dilationX;
  const stepY = inputRow * <usize>dilationY;
  const next = pixel * <usize>strideX;
  // Neighbours of most kernels look at the same columns: each is read once for four of them.
  const isShared = strideX == 1 && dilationX == 1 && (kernelWidth == 3 || kernelWidth == 5)
    && outWidth >= 4 && channels % 4 == 0;
  for (let y = 0; y < outHeight; y++) {
    const top = y * strideY - padTop;
    const rowStart = firstTap(top, dilationY);
    const rowEnd = endTap(top, dilationY, kernelHeight, height);
    if (isShared) {
      for (let x = 0; x < outWidth; x += 4) {
        // The last four may overlap with those before.
        const left = min(x, outWidth - 4) - padLeft;
        const to = out + <usize>(y * outWidth + left + padLeft) * pixel;
        const from = input + <usize>(top + rowStart * dilationY) * inputRow + <usize>left * pixel;
        const taps = weights + <usize>(rowStart * kernelWidth) * pixel;
        const rows = rowEnd - rowStart;
        // A bit for each of the columns that the four see, 0 where it is outside of the map.
        const inside = (-1 << max(0, min(8, -left))) & ~(-1 << max(0, min(8, width - left)));
        if (kernelWidth == 3) {
          depthwiseThree(to, pixel, from, stepY, taps, rows, bias, channels, inside, lows, highs);
        } else {
          depthwiseFive(to, pixel, from, stepY, taps, rows, bias, channels, inside, lows, highs);
        }
      }
      continue;
    }
    let x = 0;
    while (x < outWidth) {
      const left = x * strideX - padLeft;
      const to = out + <usize>(y * outWidth + x) * pixel;
      const isInside = left >= 0 && x + 4 <= outWidth
        && left + 3 * strideX + (kernelWidth - 1) * dilationX < width;
      const columnStart = isInside ? 0 : firstTap(left, dilationX);
      const columnEnd = isInside ? kernelWidth : endTap(left, dilationX, kernelWidth, width);
      const from = input + <usize>(top + rowStart * dilationY) * inputRow + <usize>(left + columnStart * dilationX) * pixel;
      const taps = weights + <usize>(rowStart * kernelWidth + columnStart) * pixel;
      if (isInside) {
        depthwiseFour(to, pixel, from, next, stepX, stepY, taps, kernelWidth, rowEnd - rowStart, bias, channels, lows, highs);
        x += 4;
      } else {
        onePixel(to, from, stepX, stepY, taps, pixel, kernelWidth, columnEnd - columnStart, rowEnd - rowStart, bias, channels, lows, highs);
        x++;
      }
    }
  }
}

/** Four neighbouring pixels. Exported as convolveTile is, and for the same reason. */
export function depthwiseFour(
  out: usize, pixel: usize, input: usize, next: usize, stepX: usize, stepY: usize, weights: usize,
  kernelWidth: i32, rows: i32, bias: usize, channels: i32, low: v128, high: v128,
): void {
  const vectors = channels & ~3;
  for (let c = 0; c < vectors; c += 4) {
    const offset = <usize>c << 2;
    let s0 = v128.load(bias + offset), s1 = s0, s2 = s0, s3 = s0;
    let w = weights + offset;
    let line = input + offset;
    for (let row = 0; row < rows; row++) {
      let p0 = line;
      for (let column = 0; column < kernelWidth; column++) {
        const factor = v128.load(w);
        let p = p0;
        s0 = f32x4.add(s0, f32x4.mul(factor, v128.load(p)));
        p += next;
        s1 = f32x4.add(s1, f32x4.mul(factor, v128.load(p)));
        p += next;
        s2 = f32x4.add(s2, f32x4.mul(factor, v128.load(p)));
        p += next;
        s3 = f32x4.add(s3, f32x4.mul(factor, v128.load(p)));
        w += pixel;
        p0 += stepX;
      }
      line += stepY;
    }
    let to = out + offset;
    v128.store(to, f32x4.pmin(f32x4.pmax(s0, low), high));
    to += pixel;
    v128.store(to, f32x4.pmin(f32x4.pmax(s1, low), high));
    to += pixel;
    v128.store(to, f32x4.pmin(f32x4.pmax(s2, low), high));
    to += pixel;
    v128.store(to, f32x4.pmin(f32x4.pmax(s3, low), high));
  }
  for (let i = 0; i < 4 && vectors < channels; i++) {
    lastChannels(
      out + pixel * i, input + next * i, stepX, stepY, weights, pixel,
      kernelWidth, kernelWidth, rows, bias, vectors, channels, low, high,
    );
  }
}

/**
 * Four neighbours of a kernel three wide, which look at six columns, those whose bit in `inside` is set. Exported as
 * convolveTile is, and for the same reason.
 */
export function depthwiseThree(
  out: usize, pixel: usize, input: usize, stepY: usize, weights: usize, rows: i32, bias: usize,
  channels: i32, inside: i32, low: v128, high: v128,
): void {
  for (let end = bias + (<usize>channels << 2); bias < end; bias += 16) {
    let s0 = v128.load(bias), s1 = s0, s2 = s0, s3 = s0;
    let line = input;
    let w = weights;
    for (let row = 0; row < rows; row++) {
      const w0 = v128.load(w);
      w += pixel;
      const w1 = v128.load(w);
      w += pixel;
      const w2 = v128.load(w);
      w += pixel;
      let p = line;
      if (inside & 1) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 2) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w1));
        s1 = f32x4.add(s1, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 4) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w2));
        s1 = f32x4.add(s1, f32x4.mul(v, w1));
        s2 = f32x4.add(s2, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 8) {
        const v = v128.load(p);
        s1 = f32x4.add(s1, f32x4.mul(v, w2));
        s2 = f32x4.add(s2, f32x4.mul(v, w1));
        s3 = f32x4.add(s3, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 16) {
        const v = v128.load(p);
        s2 = f32x4.add(s2, f32x4.mul(v, w2));
        s3 = f32x4.add(s3, f32x4.mul(v, w1));
      }
      p += pixel;
      if (inside & 32) {
        const v = v128.load(p);
        s3 = f32x4.add(s3, f32x4.mul(v, w2));
      }
      line += stepY;
    }
    let to = out;
    v128.store(to, clamp(s0, low, high));
    to += pixel;
    v128.store(to, clamp(s1, low, high));
    to += pixel;
    v128.store(to, clamp(s2, low, high));
    to += pixel;
    v128.store(to, clamp(s3, low, high));
    out += 16;
    input += 16;
    weights += 16;
  }
}

/** The same of a kernel five wide, and eight columns. */
export function depthwiseFive(
  out: usize, pixel: usize, input: usize, stepY: usize, weights: usize, rows: i32, bias: usize,
  channels: i32, inside: i32, low: v128, high: v128,
): void {
  for (let end = bias + (<usize>channels << 2); bias < end; bias += 16) {
    let s0 = v128.load(bias), s1 = s0, s2 = s0, s3 = s0;
    let line = input;
    let w = weights;
    for (let row = 0; row < rows; row++) {
      const w0 = v128.load(w);
      w += pixel;
      const w1 = v128.load(w);
      w += pixel;
      const w2 = v128.load(w);
      w += pixel;
      const w3 = v128.load(w);
      w += pixel;
      const w4 = v128.load(w);
      w += pixel;
      let p = line;
      if (inside & 1) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 2) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w1));
        s1 = f32x4.add(s1, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 4) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w2));
        s1 = f32x4.add(s1, f32x4.mul(v, w1));
        s2 = f32x4.add(s2, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 8) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w3));
        s1 = f32x4.add(s1, f32x4.mul(v, w2));
        s2 = f32x4.add(s2, f32x4.mul(v, w1));
        s3 = f32x4.add(s3, f32x4.mul(v, w0));
      }
      p += pixel;
      if (inside & 16) {
        const v = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(v, w4));
        s1 = f32x4.add(s1, f32x4.mul(v, w3));
        s2 = f32x4.add(s2, f32x4.mul(v, w2));
        s3 = f32x4.add(s3, f32x4.mul(v, w1));
      }
      p += pixel;
      if (inside & 32) {
        const v = v128.load(p);
        s1 = f32x4.add(s1, f32x4.mul(v, w4));
        s2 = f32x4.add(s2, f32x4.mul(v, w3));
        s3 = f32x4.add(s3, f32x4.mul(v, w2));
      }
      p += pixel;
      if (inside & 64) {
        const v = v128.load(p);
        s2 = f32x4.add(s2, f32x4.mul(v, w4));
        s3 = f32x4.add(s3, f32x4.mul(v, w3));
      }
      p += pixel;
      if (inside & 128) {
        const v = v128.load(p);
        s3 = f32x4.add(s3, f32x4.mul(v, w4));
      }
      line += stepY;
    }
    let to = out;
    v128.store(to, clamp(s0, low, high));
    to += pixel;
    v128.store(to, clamp(s1, low, high));
    to += pixel;
    v128.store(to, clamp(s2, low, high));
    to += pixel;
    v128.store(to, clamp(s3, low, high));
    out += 16;
    input += 16;
    weights += 16;
  }
}

function onePixel(
  out: usize, input: usize, stepX: usize, stepY: usize, weights: usize, pixel: usize,
  kernelWidth: i32, columns: i32, rows: i32, bias: usize, channels: i32, low: v128, high: v128,
): void {
  const vectors = channels & ~3;
  for (let c = 0; c < vectors; c += 4) {
    const offset = <usize>c << 2;
    let sum = v128.load(bias + offset);
    for (let row = 0; row < rows; row++) {
      let p = input + offset + stepY * row;
      let w = weights + offset + pixel * (row * kernelWidth);
      for (let column = 0; column < columns; column++) {
        sum = f32x4.add(sum, f32x4.mul(v128.load(w), v128.load(p)));
        w += pixel;
        p += stepX;
      }
    }
    v128.store(out + offset, f32x4.pmin(f32x4.pmax(sum, low), high));
  }
  if (vectors < channels) {
    lastChannels(out, input, stepX, stepY, weights, pixel, kernelWidth, columns, rows, bias, vectors, channels, low, high);
  }
}

/** The one to three channels after the last four. */
function lastChannels(
  out: usize, input: usize, stepX: usize, stepY: usize, weights: usize, pixel: usize,
  kernelWidth: i32, columns: i32, rows: i32, bias: usize, from: i32, channels: i32, low: v128, high: v128,
): void {
  for (let c = from; c < channels; c++) {
    const offset = <usize>c << 2;
    let sum = f32.load(bias + offset);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        sum += f32.load(weights + offset + pixel * (row * kernelWidth + column))
          * f32.load(input + offset + stepY * row + stepX * column);
      }
    }
    f32.store(out + offset, f32x4.extract_lane(f32x4.pmin(f32x4.pmax(f32x4.splat(sum), low), high), 0));
  }
}

/**
 * Any convolution, one group of it. Weights: panels of eight output channels,
 * [kernelHeight][kernelWidth][inChannels][8]. `pixel` and `outPixel` are the bytes from one pixel of
 * the whole map to the next.
 */
export function convolve(
  out: usize, outPixel: usize, input: usize, pixel: usize, weights: usize, bias: usize,
  inChannels: i32, outChannels: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padTop: i32, padLeft: i32,
  dilationY: i32, dilationX: i32, residual: usize, flags: i32, low: f32, high: f32,
): void {
  const inputRow = pixel * <usize>width;
  const tapBytes = <usize>inChannels << 5;
  const panelBytes = tapBytes * (kernelHeight * kernelWidth);
  const stepX = pixel * <usize>dilationX;
  const stepY = inputRow * <usize>dilationY;
  // A row of taps that lies in one piece is read in one go.
  const isOnePiece = dilationX == 1 && pixel == <usize>inChannels << 2;
  for (let y = 0; y < outHeight; y++) {
    const top = y * strideY - padTop;
    const rowStart = firstTap(top, dilationY);
    const rows = endTap(top, dilationY, kernelHeight, height) - rowStart;
    for (let channel = 0; channel < outChannels; channel += 8) {
      const offset = <usize>channel << 2;
      const panel = weights + panelBytes * (channel >> 3);
      let x = 0;
      while (x < outWidth) {
        const left = x * strideX - padLeft;
        const isInside = left >= 0 && x + 4 <= outWidth
          && left + 3 * strideX + (kernelWidth - 1) * dilationX < width;
        const columnStart = isInside ? 0 : firstTap(left, dilationX);
        const columns = max(0, (isInside ? kernelWidth : endTap(left, dilationX, kernelWidth, width)) - columnStart);
        const at = <usize>(y * outWidth + x) * outPixel + offset;
        convolveTile(
          out + at, outPixel,
          input + <usize>(top + rowStart * dilationY) * inputRow + <usize>(left + columnStart * dilationX) * pixel,
          isInside ? pixel * <usize>strideX : 0, stepX, stepY,
          panel + tapBytes * (rowStart * kernelWidth + columnStart), tapBytes, tapBytes * kernelWidth,
          max(0, rows), isOnePiece ? 1 : columns, (isOnePiece ? columns : 1) * inChannels,
          bias + offset, residual ? residual + at : 0, flags, low, high, outChannels - channel,
        );
        x += isInside ? 4 : 1;
      }
    }
  }
}

/**
 * Four neighbouring pixels (`next` apart; one where `next` is 0) by eight channels. Exported for one
 * reason: inlined, it would run in V8's baseline code until the whole map is done.
 */
export function convolveTile(
  out: usize, outPixel: usize, input: usize, next: usize, stepX: usize, stepY: usize,
  weights: usize, tapBytes: usize, tapRow: usize, rows: i32, pieces: i32, length: i32,
  bias: usize, residual: usize, flags: i32, low: f32, high: f32, columns: i32,
): void {
  const lows = f32x4.splat(low), highs = f32x4.splat(high);
  let l0 = v128.load(bias), r0 = v128.load(bias, 16);
  let l1 = l0, r1 = r0, l2 = l0, r2 = r0, l3 = l0, r3 = r0;
  for (let row = 0; row < rows; row++) {
    let start = input;
    let taps = weights;
    for (let piece = 0; piece < pieces; piece++) {
      let a0 = start;
      let w = taps;
      const end = a0 + (<usize>length << 2);
      if (next) {
        let a1 = a0 + next, a2 = a1 + next, a3 = a2 + next;
        while (a0 < end) {
          const w0 = v128.load(w), w1 = v128.load(w, 16);
          let v = v128.load32_splat(a0);
          l0 = f32x4.add(l0, f32x4.mul(v, w0));
          r0 = f32x4.add(r0, f32x4.mul(v, w1));
          v = v128.load32_splat(a1);
          l1 = f32x4.add(l1, f32x4.mul(v, w0));
          r1 = f32x4.add(r1, f32x4.mul(v, w1));
          v = v128.load32_splat(a2);
          l2 = f32x4.add(l2, f32x4.mul(v, w0));
          r2 = f32x4.add(r2, f32x4.mul(v, w1));
          v = v128.load32_splat(a3);
          l3 = f32x4.add(l3, f32x4.mul(v, w0));
          r3 = f32x4.add(r3, f32x4.mul(v, w1));
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          w += 32;
        }
      } else {
        while (a0 < end) {
          const v = v128.load32_splat(a0);
          l0 = f32x4.add(l0, f32x4.mul(v, v128.load(w)));
          r0 = f32x4.add(r0, f32x4.mul(v, v128.load(w, 16)));
          a0 += 4;
          w += 32;
        }
      }
      start += stepX;
      taps += tapBytes;
    }
    input += stepY;
    weights += tapRow;
  }
  storeRowApart(out, l0, r0, residual, flags, lows, highs, columns);
  if (!next) return;
  out += outPixel;
  residual = residual ? residual + outPixel : 0;
  storeRowApart(out, l1, r1, residual, flags, lows, highs, columns);
  out += outPixel;
  residual = residual ? residual + outPixel : 0;
  storeRowApart(out, l2, r2, residual, flags, lows, highs, columns);
  out += outPixel;
  residual = residual ? residual + outPixel : 0;
  storeRowApart(out, l3, r3, residual, flags, lows, highs, columns);
}

/** Largest (`mean` 0) or mean value of each window; 1: pads do not count, 2: they do. */
export function pool(
  out: usize, input: usize, channels: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padTop: i32, padLeft: i32, mean: i32,
): void {
  for (let y = 0; y < outHeight; y++) {
    const y0 = y * strideY - padTop;
    const rowEnd = min(height, y0 + kernelHeight);
    for (let x = 0; x < outWidth; x++) {
      const x0 = x * strideX - padLeft;
      const columnEnd = min(width, x0 + kernelWidth);
      for (let c = 0; c < channels; c++) {
        let result: f32 = mean ? 0 : -Infinity;
        for (let row = max(0, y0); row < rowEnd; row++) {
          for (let column = max(0, x0); column < columnEnd; column++) {
            const v = f32.load(input + (<usize>((row * width + column) * channels + c) << 2));
            result = mean ? result + v : max(result, v);
          }
        }
        if (mean) {
          const inside = (rowEnd - max(0, y0)) * (columnEnd - max(0, x0));
          result /= <f32>(mean == 2 ? kernelHeight * kernelWidth : inside);
        }
        f32.store(out + (<usize>((y * outWidth + x) * channels + c) << 2), result);
      }
    }
  }
}
