import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeWithJpegJs } from '../../../test/jpeg/decoders.js';
import { type Encoding, encodeJpeg, type WrittenColours } from '../../../test/jpeg/encode.js';
import { makePicture } from '../../../test/jpeg/pictures.js';
import { seeded } from '../../../test/jpeg/random.js';
import { distance } from '../../../test/jpeg/reference.js';
import { decodeJpeg } from './decoder.js';

const picture = makePicture(seeded(5), 'smooth', 40, 24);

/** Writes the picture; with the right reading of its colours it comes out nearly as it went in. */
function file(colours: WrittenColours, more: Partial<Encoding> = {}): Uint8Array {
  const count = { grey: 1, ycbcr: 3, rgb: 3, cmyk: 4, ycck: 4 }[colours];
  return encodeJpeg(picture, {
    colours,
    sampling: Array.from({ length: count }, () => [1, 1]),
    quality: 95,
    progressive: false,
    scans: [{ components: Array.from({ length: count }, (_, i) => i) }],
    ...more,
  }).bytes;
}

/** Whether a file comes out as the picture that went into it. */
function isRead(bytes: Uint8Array): boolean {
  return distance(decodeJpeg(bytes).data, picture.data).mean < 3;
}

const RGB_IDS = [...'RGB'].map((letter) => letter.charCodeAt(0));

describe('three components are', () => {
  it('YCbCr by a JFIF segment, whatever else is said', () => {
    expect(isRead(file('ycbcr', { jfif: true }))).toBe(true);
    expect(isRead(file('ycbcr', { jfif: true, adobeTransform: 0 }))).toBe(true);
    expect(isRead(file('ycbcr', { jfif: true, ids: RGB_IDS }))).toBe(true);
  });

  it('what an Adobe segment says', () => {
    expect(isRead(file('rgb', { adobeTransform: 0 }))).toBe(true);
    expect(isRead(file('ycbcr', { adobeTransform: 1 }))).toBe(true);
    expect(isRead(file('ycbcr', { adobeTransform: 1, ids: RGB_IDS }))).toBe(true);
  });

  it('RGB by the identifiers R, G, B', () => {
    expect(isRead(file('rgb', { ids: RGB_IDS }))).toBe(true);
  });

  it('YCbCr by habit', () => {
    expect(isRead(file('ycbcr'))).toBe(true);
    expect(isRead(file('ycbcr', { ids: [0, 1, 2] }))).toBe(true);
    // As some cameras write it.
    expect(isRead(file('ycbcr', { ids: [7, 7, 7] }))).toBe(true);
  });
});

describe('four components are', () => {
  it('inks stored inverted by an Adobe segment', () => {
    expect(isRead(file('cmyk', { adobeTransform: 0 }))).toBe(true);
    expect(isRead(file('ycck', { adobeTransform: 2 }))).toBe(true);
  });

  it.each([0, 2])('as jpeg-js reads them (transform %i)', (adobeTransform) => {
    const bytes = file(adobeTransform === 0 ? 'cmyk' : 'ycck', { adobeTransform });
    expect(distance(decodeJpeg(bytes).data, decodeWithJpegJs(bytes).data).max).toBeLessThan(4);
  });

  it('the same without one, as sharp reads them', async () => {
    const bytes = file('cmyk');
    expect(isRead(bytes)).toBe(true);
    expect(decodeJpeg(bytes).data).toEqual(decodeJpeg(file('cmyk', { adobeTransform: 0 })).data);
    // Without a profile in the file libvips takes one of a press, whose inks are duller.
    const theirs = await sharp(bytes).toColourspace('srgb').raw().toBuffer();
    expect(distance(decodeJpeg(bytes).data, theirs).mean).toBeLessThan(25);
    const negative = decodeJpeg(bytes).data.map((level) => 255 - level);
    expect(distance(negative, theirs).mean).toBeGreaterThan(60);
  });
});

it('one component is grey', () => {
  const { data } = decodeJpeg(file('grey'));
  for (let i = 0; i < data.length; i += 3) {
    expect(data[i + 1]).toBe(data[i]);
    expect(data[i + 2]).toBe(data[i]);
  }
});
