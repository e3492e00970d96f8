/*
 * `pnpm eval:runtimes`: captions a labelled set on two runtimes, one photo after another, and tells how
 * often the captions are equal and how far scores, attention and metrics lie apart.
 *
 *   pnpm eval:runtimes --captions captions.json --images folder [--split val] [--model folder]
 *                      [--runtimes engine,node] [--limit N] [--json]
 */
import { parseArgs } from 'node:util';
import { type CaptionResult, loadCaptioner, type RuntimeName } from 'zipcaption';
import { readLabelledSet } from './data.js';
import { score } from './scores.js';

const { values: options } = parseArgs({
  options: {
    captions: { type: 'string' },
    images: { type: 'string' },
    split: { type: 'string' },
    model: { type: 'string' },
    runtimes: { type: 'string', default: 'engine,node' },
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (!options.captions || !options.images) {
  console.error('usage: pnpm eval:runtimes --captions captions.json --images folder [--split val]');
  process.exit(2);
}
const all = readLabelledSet(options.captions, options.images, options.split);
const photos = options.limit ? all.slice(0, Number(options.limit)) : all;
const [first, second] = await Promise.all(
  options.runtimes.split(',').map((runtime) =>
    loadCaptioner({
      ...(options.model && { model: options.model }),
      runtime: runtime as RuntimeName,
    }),
  ),
);
if (!first || !second) throw new Error('--runtimes must name two, as in engine,node');

function attentionDistance(a: CaptionResult, b: CaptionResult): number {
  const values = (result: CaptionResult) =>
    (result.attention ?? []).flatMap((word) => [...word.values]);
  const other = values(b);
  return Math.max(0, ...values(a).map((value, i) => Math.abs(value - (other[i] ?? 0))));
}

const captions: [string[], string[]] = [[], []];
const different: string[] = [];
let scoreDistance = 0;
let attention = 0;
for (const { path, file } of photos) {
  const a = await first.caption(path, { attention: true });
  const b = await second.caption(path, { attention: true });
  captions[0].push(a.text);
  captions[1].push(b.text);
  if (a.text !== b.text) different.push(`${file}: ${a.text} | ${b.text}`);
  else {
    scoreDistance = Math.max(scoreDistance, Math.abs(a.score - b.score));
    attention = Math.max(attention, attentionDistance(a, b));
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${captions[0].length}/${photos.length} \x1b[K`);
}
const references = photos.map((photo) => photo.references);
const [ciderA, ciderB] = captions.map((list) => score(list, references).set.ciderD);
const summary = {
  photos: photos.length,
  equal: 1 - different.length / photos.length,
  ciderD: {
    [options.runtimes.split(',')[0] ?? '']: ciderA,
    [options.runtimes.split(',')[1] ?? '']: ciderB,
  },
  largestScoreDistance: scoreDistance,
  largestAttentionDistance: attention,
  different,
};
if (options.json) console.log(JSON.stringify(summary, null, 2));
else {
  console.log(`${photos.length} photos, ${(100 * summary.equal).toFixed(2)} % captions equal`);
  console.log(`CIDEr-D ${ciderA?.toFixed(4)} and ${ciderB?.toFixed(4)}`);
  console.log(
    `equal captions: scores within ${scoreDistance.toExponential(1)}, attention within ${attention.toExponential(1)}`,
  );
  for (const line of different) console.log(line);
}
await Promise.all([first.dispose(), second.dispose()]);
