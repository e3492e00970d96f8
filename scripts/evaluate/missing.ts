/*
 * How much of a photo may be missing before its caption is worth nothing? Leaves the lower part of
 * photos of one thing grey, as a decoder does with a file that was cut off, and counts the captions
 * that still name the thing, and those that are the whole photo's.
 *
 *   node scripts/run.mjs scripts/evaluate/missing.ts --naming folder [--count 200] [--model folder]
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadCaptioner } from 'zipcaption';
import { names, readNamingSet } from './naming.js';

const SHARES = [0, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99];
const GREY = 128;

const { values: options } = parseArgs({
  options: {
    naming: { type: 'string' },
    count: { type: 'string', default: '200' },
    model: { type: 'string' },
  },
});
if (!options.naming) {
  console.error(
    'usage: node scripts/run.mjs scripts/evaluate/missing.ts --naming folder [--count N] [--model folder]',
  );
  process.exit(2);
}
const all = readNamingSet(options.naming);
const step = Math.max(1, Math.floor(all.length / Number(options.count)));
const photos = all.filter((_, i) => i % step === 0).slice(0, Number(options.count));

const captioner = await loadCaptioner(options.model ? { model: options.model } : {});
const named = SHARES.map(() => 0);
const same = SHARES.map(() => 0);
for (const { path, words } of photos) {
  const { data, info } = await sharp(path)
    .rotate()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  let whole = '';
  for (const [i, share] of SHARES.entries()) {
    const rows = Math.max(1, Math.round(info.height * (1 - share)));
    const cut = data.fill(GREY, rows * info.width * 3);
    const pixels = { data: cut, width: info.width, height: info.height, channels: 3 } as const;
    const { text } = await captioner.caption(pixels);
    if (i === 0) whole = text;
    if (names(text, words)) named[i] = (named[i] ?? 0) + 1;
    if (text === whole) same[i] = (same[i] ?? 0) + 1;
  }
}
await captioner.dispose();

console.log(`${photos.length} photos\n\n| missing | named | same caption |\n|---|---|---|`);
const percent = (count = 0) => `${Math.round((100 * count) / photos.length)} %`;
for (const [i, share] of SHARES.entries()) {
  console.log(`| ${Math.round(share * 100)} % | ${percent(named[i])} | ${percent(same[i])} |`);
}
