import { describe, expect, test } from 'vitest';
import { float16ToFloat32, float32ToFloat16 } from './float16.js';

describe('half floats', () => {
  // Bit patterns from IEEE 754-2008, table 3.5, and Wikipedia's list of half-precision examples.
  test.each([
    [0x0000, 0],
    [0x0001, 2 ** -24],
    [0x03ff, 2 ** -14 * (1023 / 1024)],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3bff, 1 - 2 ** -11],
    [0x3c00, 1],
    [0x3c01, 1 + 2 ** -10],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xc000, -2],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ])('%i is %d, both ways', (bits, value) => {
    expect(float16ToFloat32(Uint16Array.of(bits))[0]).toBe(value);
    expect(float32ToFloat16(Float32Array.of(value))[0]).toBe(bits);
  });

  test('every finite half survives the way to a float and back', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00,
    );
    expect(float32ToFloat16(float16ToFloat32(halves))).toEqual(halves);
  });

  test('rounds to the nearest half, ties to the even one', () => {
    const value = (bits: number) => float16ToFloat32(Uint16Array.of(bits))[0] as number;
    const middle = (value(0x3c00) + value(0x3c01)) / 2;
    const next = (value(0x3c01) + value(0x3c02)) / 2;
    expect([...float32ToFloat16(Float32Array.of(middle, next, middle + 1e-6))]).toEqual([
      0x3c00, 0x3c02, 0x3c01,
    ]);
    expect(float32ToFloat16(Float32Array.of(65519.9))[0]).toBe(0x7bff);
    expect(float32ToFloat16(Float32Array.of(1e9))[0]).toBe(0x7c00);
  });

  test('not a number stays none', () => {
    expect(float16ToFloat32(float32ToFloat16(Float32Array.of(Number.NaN)))[0]).toBeNaN();
  });
});
