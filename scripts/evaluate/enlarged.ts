/*
 * Does a large photo get the caption of the small one? Blows photos up to about 12 megapixels, saves
 * them as JPEG, and counts how many keep their caption: what decoding at a reduced size must not
 * change.
 *
 *   node scripts/run.mjs scripts/evaluate/enlarged.ts --images folder [--count 200]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadCaptioner } from 'zipcaption';

const PIXELS = 12_000_000;

const { values: options } = parseArgs({
  options: { images: { type: 'string' }, count: { type: 'string', default: '200' } },
});
if (!options.images) {
  console.error(
    'usage: node scripts/run.mjs scripts/evaluate/enlarged.ts --images folder [--count N]',
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

const captioner = await loadCaptioner();
let same = 0;
for (const [i, name] of chosen.entries()) {
  const path = join(images, name);
  const { width, height } = await sharp(path).metadata();
  const factor = Math.sqrt(PIXELS / (width * height));
  const large = await sharp(path)
    .resize(Math.round(width * factor), Math.round(height * factor), {
      kernel: 'lanczos3',
      fit: 'fill',
    })
    .jpeg({ quality: 92 })
    .toBuffer();
  const [small, enlarged] = [await captioner.caption(path), await captioner.caption(large)];
  if (small.text === enlarged.text) same++;
  else console.error(`${name}\n  ${small.text}\n  ${enlarged.text}`);
  if (process.stderr.isTTY) process.stderr.write(`\r${i + 1}/${chosen.length}`);
}
await captioner.dispose();
console.log(
  `${same} of ${chosen.length} photos (${((100 * same) / chosen.length).toFixed(1)} %) keep their caption at 12 megapixels`,
);
