import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { withoutOrientation } from './without-orientation.js';

const noise = Buffer.from(Array.from({ length: 24 * 16 * 3 }, (_, i) => (i * 73) % 256));

function photo(): Sharp {
  return sharp(noise, { raw: { width: 24, height: 16, channels: 3 } });
}

describe.each(['jpeg', 'png', 'webp'] as const)('a %s', (format) => {
  const options = format === 'webp' ? { lossless: true } : {};

  test('loses its orientation and keeps its pixels', async () => {
    const file = await photo()
      .withMetadata({ orientation: 6 })
      .toFormat(format, options)
      .toBuffer();
    expect((await sharp(file).metadata()).orientation).toBe(6);
    const bare = Buffer.concat(withoutOrientation(Uint8Array.from(file), format));
    expect((await sharp(bare).metadata()).orientation).toBeUndefined();
    const pixels = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
    expect(await pixels(bare)).toEqual(await pixels(file));
  });

  test('without one stays as it is', async () => {
    const file = await photo().toFormat(format, options).toBuffer();
    expect(Buffer.concat(withoutOrientation(Uint8Array.from(file), format))).toEqual(file);
  });

  test('that is cut off at any place is still a part of the file', async () => {
    const file = await photo().withMetadata({ orientation: 3 }).toFormat(format).toBuffer();
    for (let length = 12; length < file.length; length += 7) {
      const cut = Uint8Array.from(file.subarray(0, length));
      expect(Buffer.concat(withoutOrientation(cut, format)).length).toBeLessThanOrEqual(length);
    }
  });
});
