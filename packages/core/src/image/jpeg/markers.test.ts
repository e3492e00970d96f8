import { describe, expect, it } from 'vitest';
import { findMarker, nextSegment } from './markers.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('the next marker', () => {
  it.each([
    ['right there', bytes(0xff, 0xda, 1), 0],
    ['after stuffed data', bytes(1, 0xff, 0, 2, 0xff, 0xd9), 4],
    ['after fill bytes', bytes(0xff, 0xff, 0xff, 0xd9), 2],
    ['after stuffed data that looks like fill bytes', bytes(0xff, 0xff, 0, 0xff, 0xd9), 3],
    ['nowhere', bytes(1, 2, 3), 3],
    ['cut off', bytes(1, 2, 0xff), 3],
  ])('%s', (_, data, at) => {
    expect(findMarker(data, 0)).toBe(at);
  });

  it('may be a restart marker, or not', () => {
    const data = bytes(1, 0xff, 0xd3, 2, 0xff, 0xd9);
    expect(findMarker(data, 0)).toBe(1);
    expect(findMarker(data, 0, true)).toBe(4);
  });
});

describe('a segment', () => {
  it('has the bytes that its length says', () => {
    const data = bytes(0xff, 0xfe, 0, 4, 7, 8, 9);
    expect(nextSegment(data, 0)).toEqual({ marker: 0xfe, at: 0, start: 4, end: 6, damaged: false });
  });

  it('has none after a marker that stands alone', () => {
    expect(nextSegment(bytes(0xff, 0xd9, 0, 9), 0)).toMatchObject({ start: 2, end: 2 });
  });

  it.each([
    ['too long', bytes(0xff, 0xfe, 0, 9, 1, 2), 6],
    ['shorter than itself', bytes(0xff, 0xfe, 0, 1, 1, 2), 2],
    ['cut off', bytes(0xff, 0xfe, 0), 2],
  ])('whose length is %s is damaged, and ends within the file', (_, data, end) => {
    expect(nextSegment(data, 0)).toMatchObject({ damaged: true, end });
  });

  it('is missing at the end', () => {
    expect(nextSegment(bytes(1, 2), 0)).toBeUndefined();
  });
});
