/*
 * Fits the `confidence` of a model's manifest: how likely is it that a caption's own CIDEr-D is above
 * 0.5, given its log-probabilities? Captions a labelled set, fits, and checks on folds that the fit
 * has not seen.
 *
 *   pnpm calibrate --captions captions.json --images folder [--split val] [--model folder]
 *                  [--naming folder] [--jobs N] [--plot out.svg] [--naming-plot out.svg]
 *
 * Prints the field for the manifest and a reliability table. With `--naming` also whether captions of
 * that confidence name the thing in photos of one thing, which the fit has not seen.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { loadCaptioner } from 'zipcaption';
import { evidence } from '../../packages/core/src/confidence.js';
import { readLabelledSet } from './data.js';
import { fitLogistic, probability } from './logistic.js';
import { readNamingSet, scoreNaming } from './naming.js';
import { calibrationError, reliabilityBins, reliabilityTable } from './reliability.js';
import { reliabilityPlot } from './reliability-plot.js';
import { score } from './scores.js';

/** A caption that shares several telling words or a phrase with what people wrote. */
const GOOD = 0.5;
const FOLDS = 10;

const { values: options } = parseArgs({
  options: {
    captions: { type: 'string' },
    images: { type: 'string' },
    split: { type: 'string' },
    model: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    naming: { type: 'string' },
    plot: { type: 'string' },
    'naming-plot': { type: 'string' },
  },
});
if (!options.captions || !options.images) {
  console.error(
    'usage: pnpm calibrate --captions captions.json --images folder [--split val] [--model folder] [--naming folder] [--jobs N] [--plot out.svg] [--naming-plot out.svg]',
  );
  process.exit(2);
}
const photos = readLabelledSet(options.captions, options.images, options.split);
const captioner = await loadCaptioner(options.model ? { model: options.model } : {});

const captions: string[] = [];
const rows: number[][] = [];
for await (const outcome of captioner.captionAll(
  photos.map(({ path }) => path),
  { concurrency: Number(options.jobs) },
)) {
  if (outcome.error) throw outcome.error;
  captions.push(outcome.text);
  const { meanLogProb, minLogProb, length } = evidence(
    outcome.tokens.map((token) => token.logProb),
  );
  rows.push([meanLogProb, minLogProb, length]);
}

const scored = score(
  captions,
  photos.map(({ references }) => references),
).photos;
const labels = scored.map(({ ciderD }) => (ciderD > GOOD ? 1 : 0));

// What each caption is told by weights that were fitted without it.
const unseen = rows.map(() => 0);
for (let fold = 0; fold < FOLDS; fold++) {
  const training = rows.map((_, i) => i).filter((i) => i % FOLDS !== fold);
  const weights = fitLogistic(
    training.map((i) => rows[i] ?? []),
    training.map((i) => labels[i] ?? 0),
  );
  for (let i = fold; i < rows.length; i += FOLDS) unseen[i] = probability(weights, rows[i] ?? []);
}

const bins = reliabilityBins(unseen, labels);
const weights = fitLogistic(rows, labels);
const [intercept = 0, meanLogProb = 0, minLogProb = 0, length = 0] = weights;
const round = (value: number) => Number(value.toFixed(4));

console.log(
  JSON.stringify({
    confidence: {
      intercept: round(intercept),
      meanLogProb: round(meanLogProb),
      minLogProb: round(minLogProb),
      length: round(length),
    },
  }),
);
console.log(
  `\n${rows.length} captions, ${labels.filter((l) => l === 1).length} with CIDEr-D above ${GOOD}; expected calibration error ${calibrationError(bins).toFixed(3)}, ${FOLDS}-fold\n`,
);
console.log(reliabilityTable(bins));
const outcome = 'CIDEr-D above 0.5';
if (options.plot) writeFileSync(options.plot, reliabilityPlot(bins, outcome));

if (options.naming) {
  const things = readNamingSet(options.naming);
  const { perPhoto } = await scoreNaming(captioner, things, { concurrency: Number(options.jobs) });
  const told = perPhoto.map(({ logProbs }) => {
    const found = evidence(logProbs);
    return probability(weights, [found.meanLogProb, found.minLogProb, found.length]);
  });
  const named = reliabilityBins(
    told,
    perPhoto.map((photo) => Number(photo.named)),
  );
  console.log(`\n${perPhoto.length} photos of one thing: does the caption name it?\n`);
  console.log(reliabilityTable(named));
  const plot = options['naming-plot'];
  if (plot) writeFileSync(plot, reliabilityPlot(named, 'the thing named'));
}
await captioner.dispose();
