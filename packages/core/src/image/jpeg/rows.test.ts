import { describe, expect, it } from 'vitest';
import { decodeWithSharp, encodeWithSharp } from '../../../test/jpeg/decoders.js';
import { makePicture } from '../../../test/jpeg/pictures.js';
import { seeded } from '../../../test/jpeg/random.js';
import { distance } from '../../../test/jpeg/reference.js';
import { decodeJpeg } from './decoder.js';
import { rowsOf } from './rows.js';

describe('interpolated colour', () => {
  // libjpeg repeats colour in pictures of up to four columns.
  const sizes: [number, number][] = [
    [1, 1],
    [6, 3],
    [16, 16],
    [17, 33],
    [40, 31],
    [67, 131],
  ];

  it.each(sizes)('%i × %i in 4:2:0: the pixels are those of libjpeg-turbo', async (w, h) => {
    for (const seed of [1, 2, 3, 4]) {
      const kind = seed % 2 === 0 ? 'photo' : 'edges';
      const picture = makePicture(seeded(seed), kind, w, h);
      const file = await encodeWithSharp(picture, { quality: 90, chromaSubsampling: '4:2:0' });
      const expected = await decodeWithSharp(file);
      const interpolated = decodeJpeg(file, { interpolateColour: true });
      // Each rounds the colour differences to levels before they are used, libjpeg not always upwards.
      expect(distance(interpolated.data, expected.data).max).toBeLessThanOrEqual(4);
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
  const plane = { data: Float32Array.of(0, 80, 40, 120), stride: 2 };

  it('interpolates between the middles of samples along both axes', () => {
    const row = rowsOf({ ...plane, shiftX: 1, shiftY: 1 }, { width: 4, height: 4 }, true);
    expect(Array.from(row(0).data)).toEqual([0, 20, 60, 80]);
    expect(Array.from(row(1).data)).toEqual([10, 30, 70, 90]);
    expect(Array.from(row(3).data)).toEqual([40, 60, 100, 120]);
  });

  it('gives four pixels of a sample their eighths, and takes nothing from beyond the picture', () => {
    const row = rowsOf({ ...plane, shiftX: 2, shiftY: 0 }, { width: 7, height: 2 }, true);
    expect(Array.from(row(0).data)).toEqual([0, 0, 10, 30, 50, 70, 80]);
    const narrow = rowsOf({ ...plane, shiftX: 2, shiftY: 0 }, { width: 4, height: 2 }, true);
    expect(Array.from(narrow(0).data)).toEqual([0, 0, 0, 0]);
  });
});
