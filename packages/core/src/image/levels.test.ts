import { describe, expect, it } from 'vitest';
import { clampLevels, inWholeLevels, likeArray } from './levels.js';

it('likeArray makes zeros of the same kind', () => {
  expect(likeArray(Uint8Array.of(7), 3)).toEqual(new Uint8Array(3));
  expect(likeArray(Float32Array.of(7), 2)).toEqual(new Float32Array(2));
});

describe('inWholeLevels', () => {
  const reduction = { full: { width: 8, height: 4 }, x: 4, y: 4, left: 0, top: 0 };

  it('rounds averages to the nearest level, cuts them off at 0 and 255, and leaves them be', () => {
    const averages = [0.25, 0.75, 127.49, 127.51, 254.6, 300];
    const image = { width: 2, height: 1, data: Float32Array.from(averages), reduction };
    expect(inWholeLevels(image)).toEqual({
      width: 2,
      height: 1,
      reduction,
      data: Uint8Array.of(0, 1, 127, 128, 255, 255),
    });
    expect(image.data).toEqual(Float32Array.from(averages));
    const negative = { width: 1, height: 1, data: Float32Array.of(-0.6, -300, 0) };
    expect(inWholeLevels(negative).data).toEqual(new Uint8Array(3));
  });

  it('gives whole levels as they are', () => {
    const image = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3), reduction };
    expect(inWholeLevels(image)).toEqual(image);
    expect(inWholeLevels(image).data).toBe(image.data);
  });
});

it('clampLevels brings back what lies beyond 0 and 255, and rounds nothing', () => {
  const data = Float32Array.of(-40, -0.01, 0, 0.3, 254.7, 255, 255.01, 1000);
  clampLevels(data);
  expect(data).toEqual(Float32Array.of(0, 0, 0, 0.3, 254.7, 255, 255, 255));
});
