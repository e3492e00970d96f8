import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { allocations } from '../../../test/jpeg/allocations.js';
import { encodeWithSharp } from '../../../test/jpeg/decoders.js';
import { encodeJpeg } from '../../../test/jpeg/encode.js';
import { makePicture } from '../../../test/jpeg/pictures.js';
import { seeded } from '../../../test/jpeg/random.js';
import { SAMPLINGS, type Sampling } from '../../../test/jpeg/variety.js';
import { decodeJpeg } from './decoder.js';
import { findMarker, Marker, nextSegment } from './markers.js';

// What is not needed at a reduced size is neither kept nor read.

const SMALL = { width: 224, height: 224 };

/** A picture of that size, of as much detail as a photo's. */
async function large(width: number, height: number, progressive: boolean, subsampling: string) {
  const part = makePicture(seeded(6), 'photo', 160, 120);
  const { data, info } = await sharp(part.data, { raw: { width: 160, height: 120, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'nearest' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const picture = { width: info.width, height: info.height, data };
  return encodeWithSharp(picture, { progressive, chromaSubsampling: subsampling, quality: 85 });
}

describe('a photo of 12 megapixels, of which 224×224 are wanted', () => {
  // The output, 500×375 pixels of three 32-bit numbers, has 2.25 MB, and the planes that it is made of
  // another 2.3; all pixels would be 36 MB, all coefficients 36 MB at 4:2:0.
  const output = 500 * 375 * 3 * 4;
  it.each([
    ['baseline', false, output, 5e6],
    ['progressive', true, 2.5e6, 11e6],
  ] as const)('%s takes memory for little more than that', async (_, progressive, one, all) => {
    const bytes = await large(4000, 3000, progressive, '4:2:0');
    let size = { width: 0, height: 0 };
    const { total, largest } = allocations(() => {
      size = decodeJpeg(bytes, { atLeast: SMALL });
    });
    expect(size).toMatchObject({ width: 500, height: 375 });
    expect(largest).toBeGreaterThanOrEqual(output);
    expect(largest).toBeLessThanOrEqual(one);
    expect(total).toBeLessThan(all);
  });
});

describe('at the full size and at 1/2, where blocks are decoded whole', () => {
  // A byte a sample, and three bytes a pixel of RGB; at 1/2 three 32-bit numbers for four pixels.
  const pixels = 480 * 360;
  it.each(['4:4:4', '4:2:0', 'two thirds', 'three quarters'])('%s takes no more', (name) => {
    const { bytes } = encodeJpeg(makePicture(seeded(7), 'photo', 480, 360), {
      colours: 'ycbcr',
      sampling: SAMPLINGS[name] as Sampling,
      quality: 80,
      jfif: true,
      progressive: false,
      scans: [{ components: [0, 1, 2] }],
    });
    for (const factor of [1, 2]) {
      const { total } = allocations(() => {
        decodeJpeg(bytes, { atLeast: { width: 480 / factor, height: 360 / factor } });
      });
      // What does not grow with the picture, such as the stretch of the file at hand, is the rest.
      expect(total).toBeLessThan(pixels * (3 + 3) + 4e5);
    }
  });
});

it('scans of AC coefficients are not entered where DC is all that is needed', async () => {
  const bytes = await large(1920, 1792, true, '4:4:4');
  const sound = decodeJpeg(bytes, { atLeast: SMALL });
  let overwritten = 0;
  for (let at = 2; ; ) {
    const segment = nextSegment(bytes, at);
    if (segment === undefined || segment.marker === Marker.EOI) break;
    at = segment.end;
    if (segment.marker !== Marker.SOS) continue;
    at = findMarker(bytes, segment.end, true);
    const firstCoefficient = bytes[segment.end - 3] as number;
    if (firstCoefficient === 0) continue;
    bytes.fill(0x55, segment.end, at);
    overwritten++;
  }
  expect(overwritten).toBeGreaterThan(3);
  expect(sound).toMatchObject({ width: 240, height: 224, warnings: [] });
  expect(decodeJpeg(bytes, { atLeast: SMALL })).toEqual(sound);
  expect(decodeJpeg(bytes, { atLeast: { width: 480, height: 448 } }).warnings).toHaveLength(1);
});
