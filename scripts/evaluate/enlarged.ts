/*
 * Does a large photo get the caption of the small one? Blows photos up to about 12 megapixels, saves
 * them as JPEG, and counts how many keep
 *
 * - their own caption, which also tells how much the model minds that an enlarged photo is softer;
 * - the caption that the enlarged photo gets when every pixel of it is decoded (by sharp), which tells
 *   what decoding at a reduced size changes.
 *
 *   node scripts/run.mjs scripts/evaluate/enlarged.ts --images folder [--count 200] [--model folder]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadCaptioner } from 'zipcaption';

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

const captioner = await loadCaptioner(options.model ? { model: options.model } : {});
const same = { asSmall: 0, asWhole: 0 };
for (const [i, name] of chosen.entries()) {
  const path = join(images, name);
  const { width, height } = await sharp(path).metadata();
  const factor = Math.sqrt(PIXELS / (width * height));
  const large = await sharp(path)
    .resize(Math.round(width * factor), Math.round(height * factor), {
      kernel: 'lanczos3',
      fit: 'fill',
    })
    .removeAlpha()
    .toColourspace('srgb')
    .jpeg({ quality: 92 })
    .toBuffer();
  const { data, info } = await sharp(large).raw().toBuffer({ resolveWithObject: true });
  const pixels = { data, width: info.width, height: info.height, channels: 3 } as const;
  const small = await captioner.caption(path);
  const enlarged = await captioner.caption(large);
  const whole = await captioner.caption(pixels);
  if (small.text === enlarged.text) same.asSmall++;
  if (whole.text === enlarged.text) same.asWhole++;
  if (small.text !== enlarged.text || whole.text !== enlarged.text) {
    console.error(`${name}\n  ${small.text}\n  ${enlarged.text}\n  ${whole.text}`);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${i + 1}/${chosen.length}`);
}
await captioner.dispose();
const share = (count: number) =>
  `${count} of ${chosen.length} (${((100 * count) / chosen.length).toFixed(1)} %)`;
console.log(`At 12 megapixels ${share(same.asSmall)} keep the caption of the small photo,`);
console.log(`${share(same.asWhole)} have that of the same file with every pixel decoded.`);
