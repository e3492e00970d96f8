import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { noise } from '../../test/image/pictures.js';
import { applyOrientation, uprightSize } from './orient.js';
import { resize } from './resize.js';
import type { Orientation } from './types.js';

const ALL = [1, 2, 3, 4, 5, 6, 7, 8] as const;

describe('applyOrientation', () => {
  it.each(ALL)('%i as sharp turns it', async (orientation) => {
    const image = noise(7, 4, 5);
    const tiff = await sharp(image.data, { raw: { width: 7, height: 4, channels: 3 } })
      .withMetadata({ orientation })
      .tiff({ compression: 'none' })
      .toBuffer();
    const theirs = await sharp(tiff).autoOrient().raw().toBuffer({ resolveWithObject: true });
    const ours = applyOrientation(image, orientation);
    expect([ours.width, ours.height]).toEqual([theirs.info.width, theirs.info.height]);
    expect(ours.data).toEqual(new Uint8Array(theirs.data));
    expect(uprightSize(image, orientation)).toEqual({ width: ours.width, height: ours.height });
  });

  it('gives the same object for 1', () => {
    const image = noise(2, 2, 1);
    expect(applyOrientation(image, 1)).toBe(image);
  });
});

describe('a reduced picture', () => {
  // 10 × 7 averaged by 4 × 3: the last column stands for two columns, the last row for one row.
  const full = { width: 10, height: 7 };
  const reduced = {
    ...noise(3, 3, 8),
    data: Float32Array.from(noise(3, 3, 8).data, (level) => level * 0.97),
    reduction: { full, x: 4, y: 3, left: 0, top: 0 },
  };

  it.each([
    [1, { full, x: 4, y: 3, left: 0, top: 0 }],
    [2, { full, x: 4, y: 3, left: 0.5, top: 0 }],
    [3, { full, x: 4, y: 3, left: 0.5, top: 2 / 3 }],
    [4, { full, x: 4, y: 3, left: 0, top: 2 / 3 }],
    [5, { full: { width: 7, height: 10 }, x: 3, y: 4, left: 0, top: 0 }],
    [6, { full: { width: 7, height: 10 }, x: 3, y: 4, left: 2 / 3, top: 0 }],
    [7, { full: { width: 7, height: 10 }, x: 3, y: 4, left: 2 / 3, top: 0.5 }],
    [8, { full: { width: 7, height: 10 }, x: 3, y: 4, left: 0, top: 0.5 }],
  ] as const)('%i: the edge that stands for less turns along', (orientation, expected) => {
    const { reduction } = applyOrientation(reduced, orientation);
    expect(reduction?.left).toBeCloseTo(expected.left, 12);
    expect(reduction?.top).toBeCloseTo(expected.top, 12);
    expect({ ...reduction, left: 0, top: 0 }).toEqual({ ...expected, left: 0, top: 0 });
  });

  it('resized by its box, gives the same turned before or after', () => {
    const box = (r: { left: number; top: number; x: number; y: number; full: typeof full }) => ({
      left: r.left,
      top: r.top,
      width: r.full.width / r.x,
      height: r.full.height / r.y,
    });
    const upright = resize(reduced, { width: 5, height: 4 }, 'bilinear', {
      box: box(reduced.reduction),
    });
    for (const orientation of ALL) {
      const turned = applyOrientation(reduced, orientation);
      const size = uprightSize({ width: 5, height: 4 }, orientation);
      const area = turned.reduction ?? reduced.reduction;
      const after = resize(turned, size, 'bilinear', { box: box(area) });
      const before = applyOrientation(upright, orientation as Orientation);
      // Rows and columns come in the other order where the picture lies on its side.
      expect(after.data).toBeInstanceOf(Float32Array);
      after.data.forEach((value, i) => {
        expect(value).toBeCloseTo(before.data[i] ?? -9, 3);
      });
    }
  });
});
