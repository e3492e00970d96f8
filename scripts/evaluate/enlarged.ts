/*
 * Does a large photo get the caption of the small one? Blows photos up to about 12 megapixels, saves
 * them as JPEG, and counts how many keep
 *
 * - their own caption, which also tells how much the model minds that an enlarged photo is softer;
 * - the caption that the enlarged photo gets when every pixel of it is decoded (by sharp), which tells
 *   what decoding at a reduced size changes.
 *
 * They are enlarged in two ways: by Pillow's Lanczos filter, and by libvips (sharp), which interpolates
 * bicubically whatever filter is asked for, and misplaces the picture by half a pixel of the large one.
 *
 *   node scripts/run.mjs scripts/evaluate/enlarged.ts --images folder [--count 200] [--model folder]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { loadCaptioner } from 'zipcaption';
import { resize } from '../../packages/core/src/image/resize.js';
import type { Size } from '../../packages/core/src/image/types.js';

const PIXELS = 12_000_000;

const { values: options } = parseArgs({
  options: {
    images: { type: 'string' },
    count: { type: 'string', default: '200' },
    model: { type: 'string' },
  },
});
if (!options.images) {
  console.error(
    'usage: node scripts/run.mjs scripts/evaluate/enlarged.ts --images folder [--count N] [--model folder]',
  );
  process.exit(2);
}
const { images } = options;
const files = readdirSync(images)
  .filter((name) => /\.(jpe?g|png)$/i.test(name))
  .sort();
// Spread over the folder: names often go by date or subject.
const step = Math.max(1, Math.floor(files.length / Number(options.count)));
const chosen = files.filter((_, i) => i % step === 0).slice(0, Number(options.count));

type Enlarge = (path: string, size: Size) => Promise<Sharp>;

const WAYS: Readonly<Record<string, Enlarge>> = {
  "Pillow's Lanczos": async (path, size) => {
    const { data, info } = await rgb(sharp(path)).raw().toBuffer({ resolveWithObject: true });
    // The same pixels as Pillow's, to the bit.
    const large = resize({ width: info.width, height: info.height, data }, size, 'lanczos');
    return sharp(large.data, { raw: { ...size, channels: 3 } });
  },
  libvips: async (path, { width, height }) =>
    rgb(sharp(path).resize(width, height, { kernel: 'lanczos3', fit: 'fill' })),
};

function rgb(image: Sharp): Sharp {
  return image.removeAlpha().toColourspace('srgb');
}

const captioner = await loadCaptioner(options.model ? { model: options.model } : {});
const same = new Map(Object.keys(WAYS).map((way) => [way, { asSmall: 0, asWhole: 0 }]));
for (const [i, name] of chosen.entries()) {
  const path = join(images, name);
  const { width, height } = await sharp(path).metadata();
  const factor = Math.sqrt(PIXELS / (width * height));
  const size = { width: Math.round(width * factor), height: Math.round(height * factor) };
  const small = await captioner.caption(path);
  for (const [way, enlarge] of Object.entries(WAYS)) {
    const large = await (await enlarge(path, size)).jpeg({ quality: 92 }).toBuffer();
    const { data, info } = await sharp(large).raw().toBuffer({ resolveWithObject: true });
    const pixels = { data, width: info.width, height: info.height, channels: 3 } as const;
    const enlarged = await captioner.caption(large);
    const whole = await captioner.caption(pixels);
    const counts = same.get(way) as { asSmall: number; asWhole: number };
    if (small.text === enlarged.text) counts.asSmall++;
    if (whole.text === enlarged.text) counts.asWhole++;
    if (small.text !== enlarged.text || whole.text !== enlarged.text) {
      console.error(`${name}, ${way}\n  ${small.text}\n  ${enlarged.text}\n  ${whole.text}`);
    }
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${i + 1}/${chosen.length}`);
}
await captioner.dispose();
const share = (count: number) =>
  `${count} of ${chosen.length} (${((100 * count) / chosen.length).toFixed(1)} %)`;
for (const [way, { asSmall, asWhole }] of same) {
  console.log(`Enlarged by ${way}: ${share(asSmall)} keep the caption of the small photo,`);
  console.log(`${share(asWhole)} have that of the same file with every pixel decoded.`);
}
