/**
 * The sample photos of the page. src/samples/samples.json lists them, in the page's order; the photos lie in
 * samples/ at the repository's root, whose README.md says where each is from. Captions are never written
 * down: the page makes them when a visitor asks.
 *
 *   node packages/demo/scripts/samples.mjs     makes the small pictures, src/samples/*.avif, anew
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../src/samples', import.meta.url));
const photos = fileURLToPath(new URL('../../../samples', import.meta.url));
/** One and a half times the width that a sample has in the page's widest column: all of them are in the first view. */
const WIDTH = 270;
const HEIGHT = 180;

/**
 * @typedef {object} Sample
 * @property {string} file name in samples/
 * @property {string} alt what is to be seen, for those who do not see it
 * @property {string[]} names words for what it shows: the model's caption has one of them
 * @property {string} [limit] why it has none of them, where the model gets it wrong
 * @property {string} [crop] what the small picture keeps: `centre` (default), `top`, …
 * @property {{ title: string, by: string, terms: string }} credit
 */

/** @returns {Promise<Sample[]>} */
export async function readSamples() {
  return JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8'));
}

/** Where each file is, and where it lies in the page's folder. */
export function sampleFiles(samples) {
  return samples.flatMap(({ file }) => [
    { from: join(photos, file), to: `samples/${file}` },
    { from: join(folder, thumbnail(file)), to: `samples/${thumbnail(file)}` },
  ]);
}

export function thumbnail(file) {
  return `${parse(file).name}.avif`;
}

/** List items with a button each, a sentence on what the model gets wrong, and one with the credits, as HTML. */
export function sampleMarkup(samples) {
  const items = samples.map(({ file, alt, limit }) => {
    const image = `<img src="samples/${thumbnail(file)}" width="${WIDTH}" height="${HEIGHT}" alt="Sample photo: ${escapeHtml(alt)}${limit ? ' (the model gets it wrong)' : ''}">`;
    const badge = limit ? '<span class="badge" aria-hidden="true">wrong caption</span>' : '';
    return `<li><button type="button" data-sample="samples/${escapeHtml(file)}">${image}${badge}</button></li>`;
  });
  const credits = samples.map(
    ({ credit }) =>
      `<cite>${escapeHtml(credit.title)}</cite> by ${escapeHtml(credit.by)} (${escapeHtml(credit.terms)})`,
  );
  const limits = samples.flatMap(({ limit }) => (limit ? [escapeHtml(limit)] : []));
  return {
    items: items.join('\n      '),
    limits: `The model gets the marked ones wrong: ${limits.join('; ')}.`,
    credits: `Sample photos: ${credits.join(', ')}.`,
  };
}

function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { default: sharp } = await import('sharp');
  for (const { file, crop } of await readSamples()) {
    const small = await sharp(join(photos, file))
      .resize(WIDTH, HEIGHT, { fit: 'cover', position: crop ?? 'centre' })
      .avif({ quality: 24, effort: 9 })
      .toBuffer();
    await writeFile(join(folder, thumbnail(file)), small);
    console.log(`${thumbnail(file)}, ${small.length} bytes`);
  }
}
