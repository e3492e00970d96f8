import { describe, expect, it } from 'vitest';
import { decodeWithSharp, encodeWithSharp } from '../../../test/jpeg/decoders.js';
import { encodeJpeg } from '../../../test/jpeg/encode.js';
import { makePicture } from '../../../test/jpeg/pictures.js';
import { seeded } from '../../../test/jpeg/random.js';
import { averaged, distance } from '../../../test/jpeg/reference.js';
import { SAMPLINGS, type Sampling } from '../../../test/jpeg/variety.js';
import { decodeJpeg } from './decoder.js';
import { rowsOf } from './rows.js';

describe('interpolated colour', () => {
  const sizes: [number, number][] = [
    [1, 1],
    [4, 4],
    [5, 7],
    [6, 3],
    [16, 16],
    [17, 33],
    [40, 31],
    [67, 131],
  ];
  const samplings = [
    ...(['4:4:4', '4:2:0', '4:2:2', '4:4:0'] as const),
    ...(['4:1:1', '4:1:0', '4:2:1', 'thirds', 'colour finer than light'] as const),
  ];
  const cases = samplings.flatMap((sampling) =>
    sizes.map(([w, h]) => [sampling, w, h] as [(typeof samplings)[number], number, number]),
  );

  it.each(cases)('%s, %i × %i: the pixels of libjpeg-turbo, to the bit', async (sampling, w, h) => {
    for (const seed of [1, 2, 3, 4]) {
      const kind = seed % 2 === 0 ? 'photo' : 'edges';
      const picture = makePicture(seeded(seed), kind, w, h);
      const { bytes } = encodeJpeg(picture, {
        colours: 'ycbcr',
        sampling: SAMPLINGS[sampling] as Sampling,
        quality: 20 + 20 * seed,
        progressive: false,
        scans: [{ components: [0, 1, 2] }],
        jfif: true,
      });
      const expected = await decodeWithSharp(bytes);
      const found = decodeJpeg(bytes, { interpolateColour: true });
      expect(distance(found.data, expected.data).max).toBe(0);
      const half = decodeJpeg(bytes, {
        atLeast: { width: Math.ceil(picture.width / 2), height: Math.ceil(picture.height / 2) },
        interpolateColour: true,
      });
      if (half.width === picture.width) continue;
      expect(distance(half.data, averaged(expected, 2).data).max).toBeLessThan(1e-4);
    }
  });

  it('is another picture than repeated colour, and only where the file stores it coarsely', async () => {
    const picture = makePicture(seeded(5), 'edges', 60, 40);
    const coarse = await encodeWithSharp(picture, { quality: 95, chromaSubsampling: '4:2:0' });
    const expected = await decodeWithSharp(coarse);
    expect(distance(decodeJpeg(coarse).data, expected.data).max).toBeGreaterThan(8);
    const fine = await encodeWithSharp(picture, { quality: 95, chromaSubsampling: '4:4:4' });
    expect(decodeJpeg(fine, { interpolateColour: true })).toEqual(decodeJpeg(fine));
  });
});

describe('rows of a coarse plane', () => {
  const plane = { data: Float32Array.of(0, 80, 160, 40, 120, 200), stride: 3 };

  it('interpolates between the middles of samples along both axes', () => {
    const row = rowsOf({ ...plane, shiftX: 1, shiftY: 1 }, { width: 6, height: 4 }, true);
    expect(Array.from(row(0).data)).toEqual([0, 20, 60, 100, 140, 160]);
    expect(Array.from(row(1).data)).toEqual([10, 30, 70, 110, 150, 170]);
    expect(Array.from(row(3).data)).toEqual([40, 60, 100, 140, 180, 200]);
  });

  it('rounds middles between levels up and down by turns', () => {
    const middles = { data: Float32Array.of(0, 2, 4), stride: 3, shiftX: 1, shiftY: 0 };
    const row = rowsOf(middles, { width: 6, height: 1 }, true);
    expect(Array.from(row(0).data)).toEqual([0, 1, 1, 3, 3, 4]);
  });

  it('repeats what has fewer than three samples, as libjpeg does', () => {
    const narrow = rowsOf({ ...plane, shiftX: 1, shiftY: 1 }, { width: 4, height: 4 }, true)(3);
    const pixels = [0, 1, 2, 3].map((x) => narrow.data[narrow.at + (x >> narrow.shift)]);
    expect(pixels).toEqual([40, 40, 120, 120]);
  });
});
