import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePng } from './png.js';

async function decoded(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return {
    data: new Uint8Array(data),
    width: info.width,
    height: info.height,
    channels: info.channels,
  };
}

describe('encodePng', () => {
  it('writes what another decoder reads back', async () => {
    const picture = fc
      .record({
        width: fc.integer({ min: 1, max: 20 }),
        height: fc.integer({ min: 1, max: 20 }),
        channels: fc.constantFrom(3 as const, 4 as const),
      })
      .chain(({ width, height, channels }) => {
        const length = width * height * channels;
        return fc
          .uint8Array({ minLength: length, maxLength: length })
          .map((data) => ({ width, height, channels, data: new Uint8Array(data) }));
      });
    await fc.assert(
      fc.asyncProperty(picture, async (pixels) => {
        expect(await decoded(encodePng(pixels))).toEqual(pixels);
      }),
      { numRuns: 40 },
    );
  });

  it('makes good use of filters: a smooth picture becomes a small file', () => {
    const [width, height] = [200, 200];
    const data = Uint8Array.from({ length: 3 * width * height }, (_, index) => {
      const pixel = Math.floor(index / 3);
      return ((pixel % width) + Math.floor(pixel / width)) / 2 + (index % 3);
    });
    expect(encodePng({ width, height, channels: 3, data }).length).toBeLessThan(data.length / 50);
  });
});
