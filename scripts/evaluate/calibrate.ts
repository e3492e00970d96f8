/*
 * Fits the `confidence` of a model's manifest: how likely is it that a caption's own CIDEr-D is above
 * 0.5, given its log-probabilities? Captions a labelled set, fits, and checks on folds that the fit
 * has not seen.
 *
 *   pnpm calibrate --captions captions.json --images folder [--split val] [--model folder]
 *                  [--jobs N] [--plot out.svg]
 *
 * Prints the field for the manifest and a reliability table.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { loadCaptioner } from 'zipcaption';
import { evidence } from '../../packages/core/src/confidence.js';
import { table } from '../bench/table.js';
import { readLabelledSet } from './data.js';
import { fitLogistic, probability } from './logistic.js';
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
    plot: { type: 'string' },
  },
});
if (!options.captions || !options.images) {
  console.error(
    'usage: pnpm calibrate --captions captions.json --images folder [--split val] [--model folder] [--jobs N] [--plot out.svg]',
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
await captioner.dispose();

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

const bins = Array.from({ length: 10 }, (_, bin) => {
  const members = unseen
    .map((p, i) => ({ p, label: labels[i] ?? 0 }))
    .filter(({ p }) => Math.min(9, Math.floor(10 * p)) === bin);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  return {
    ...{ from: bin / 10, to: (bin + 1) / 10, count: members.length },
    predicted: mean(members.map(({ p }) => p)),
    observed: mean(members.map(({ label }) => label)),
  };
});
const expectedError =
  bins.reduce(
    (sum, { count, predicted, observed }) => sum + count * Math.abs(predicted - observed),
    0,
  ) / rows.length;
const [intercept = 0, meanLogProb = 0, minLogProb = 0, length = 0] = fitLogistic(rows, labels);
const round = (value: number) => Number(value.toFixed(4));

console.log(
  JSON.stringify({
    confidence: {
      ...{ intercept: round(intercept), meanLogProb: round(meanLogProb) },
      ...{ minLogProb: round(minLogProb), length: round(length) },
    },
  }),
);
console.log(
  `\n${rows.length} captions, ${labels.filter((l) => l === 1).length} with CIDEr-D above ${GOOD}; expected calibration error ${expectedError.toFixed(3)}, ${FOLDS}-fold\n`,
);
console.log(
  table(
    ['confidence', 'captions', 'predicted', 'observed'],
    bins
      .filter(({ count }) => count > 0)
      .map(({ from, to, count, predicted, observed }) => [
        ...[`${from.toFixed(1)}–${to.toFixed(1)}`, String(count)],
        ...[predicted.toFixed(2), observed.toFixed(2)],
      ]),
  ),
);
if (options.plot) writeFileSync(options.plot, reliabilityPlot(bins));
