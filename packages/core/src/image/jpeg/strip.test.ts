import sharp from 'sharp';
import { expect, it } from 'vitest';
import { scene } from '../../../test/image/pictures.js';
import { decodeJpeg } from './decoder.js';

/* Strips so long that decoding both axes at the scale of the shorter one would take hundreds of megabytes. */

const LONG = 20_004;
const SHORT = 801;

it.each([
  ['wide', 'baseline 4:4:4', LONG, SHORT, { x: 8, y: 2 }],
  ['high', 'progressive 4:2:0', SHORT, LONG, { x: 2, y: 8 }],
] as const)(
  'a %s strip, %s: means over boxes of the full decode',
  async (_, kind, width, height, factors) => {
    const progressive = kind.startsWith('progressive');
    const chromaSubsampling = kind.slice(-5);
    const small = scene(200, 200);
    const file = await sharp(small.data, { raw: { width: 200, height: 200, channels: 3 } })
      .resize(width, height, { fit: 'fill', kernel: 'cubic' })
      .jpeg({ quality: 90, chromaSubsampling, progressive })
      .toBuffer();
    const decoded = decodeJpeg(file, { atLeast: { width: 224, height: 224 } });
    expect(decoded.reduction).toEqual({ full: { width, height }, ...factors, left: 0, top: 0 });
    expect([decoded.width, decoded.height]).toEqual([
      ...[Math.ceil(width / factors.x), Math.ceil(height / factors.y)],
    ]);
    const full = await sharp(file).raw().toBuffer();
    let sum = 0;
    let samples = 0;
    // Every so many of them will do, those at the edges included.
    for (let y = 0; y < decoded.height; y += 3) {
      for (let x = y % 7; x < decoded.width; x += 7) {
        for (let channel = 0; channel < 3; channel++) {
          const ours = decoded.data[(y * decoded.width + x) * 3 + channel] ?? 0;
          sum += Math.abs(ours - boxMean(full, width, height, factors, x, y, channel));
          samples++;
        }
      }
    }
    expect(sum / samples).toBeLessThan(0.5);
  },
);

function boxMean(
  data: Uint8Array,
  width: number,
  height: number,
  factors: { readonly x: number; readonly y: number },
  boxX: number,
  boxY: number,
  channel: number,
): number {
  let sum = 0;
  let pixels = 0;
  for (let y = boxY * factors.y; y < Math.min(height, (boxY + 1) * factors.y); y++) {
    for (let x = boxX * factors.x; x < Math.min(width, (boxX + 1) * factors.x); x++) {
      sum += data[(y * width + x) * 3 + channel] ?? 0;
      pixels++;
    }
  }
  return sum / pixels;
}
