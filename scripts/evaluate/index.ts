/*
 * `pnpm eval`: captions a labelled set with all cores and scores the captions.
 *
 *   pnpm eval --captions captions.json --images folder [--split val] [--model folder] [--beams 3]
 *             [--jobs N] [--limit N] [--json] [--report out.html] [--save captions.jsonl]
 */
import { createWriteStream, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type CaptionError, type CaptionResult, loadCaptioner } from 'zipcaption';
import { type LabelledPhoto, readLabelledSet } from './data.js';
import { reportPage } from './report.js';
import { score } from './scores.js';

const usage =
  'usage: pnpm eval --captions captions.json --images folder [--split val] [--model folder] [--beams N] [--jobs N] [--limit N] [--json] [--report out.html] [--save captions.jsonl]';

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        captions: { type: 'string' },
        images: { type: 'string' },
        split: { type: 'string' },
        model: { type: 'string' },
        beams: { type: 'string' },
        jobs: { type: 'string', default: String(availableParallelism()) },
        limit: { type: 'string' },
        json: { type: 'boolean', default: false },
        report: { type: 'string' },
        save: { type: 'string' },
      },
    });
    const { captions, images } = values;
    if (!captions || !images) throw new Error('--captions and --images are needed.');
    for (const name of ['jobs', 'limit', 'beams'] as const) {
      if (values[name] !== undefined && !/^[1-9]\d*$/.test(values[name])) {
        throw new Error(`--${name} must be a whole number from 1.`);
      }
    }
    return { ...values, captions, images };
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`, 2);
  }
}

const options = readArguments();
let photos: LabelledPhoto[];
try {
  photos = readLabelledSet(options.captions, options.images, options.split);
} catch (error) {
  fail((error as Error).message, 2);
}
if (options.limit) photos = photos.slice(0, Number(options.limit));

const captioner = await loadCaptioner(options.model ? { model: options.model } : {}).catch(
  (error: CaptionError) => fail(error.message, 2),
);
const results: CaptionResult[] = [];
const done: LabelledPhoto[] = [];
const save = options.save ? createWriteStream(options.save) : undefined;
const started = performance.now();
for await (const outcome of captioner.captionAll(
  photos.map(({ path }) => path),
  {
    concurrency: Number(options.jobs),
    attention: options.report !== undefined,
    ...(options.beams && { numBeams: Number(options.beams) }),
  },
)) {
  const photo = photos[outcome.index] as LabelledPhoto;
  if (outcome.error) console.error(`${photo.file}: ${outcome.error.message}`);
  else {
    results.push(outcome);
    done.push(photo);
    const { text, confidence, score: logProb, tokens } = outcome;
    const logProbs = tokens.map((token) => token.logProb);
    save?.write(
      `${JSON.stringify({ file: photo.file, caption: text, confidence, score: logProb, logProbs })}\n`,
    );
  }
  progress(outcome.index + 1);
}
const seconds = (performance.now() - started) / 1000;
await captioner.dispose();
save?.end();
if (results.length === 0) fail('No photo could be captioned.', 1);

function progress(count: number): void {
  if (!process.stderr.isTTY) return;
  const share = count / photos.length;
  const left = ((performance.now() - started) / 1000 / share) * (1 - share);
  const bar = '█'.repeat(Math.round(30 * share)).padEnd(30, '░');
  process.stderr.write(`\r${bar} ${count}/${photos.length}, ${left.toFixed(0)} s left \x1b[K`);
  if (count === photos.length) process.stderr.write('\r\x1b[K');
}

const captions = results.map(({ text }) => text);
const scores = score(
  captions,
  done.map(({ references }) => references),
);
const { name, version } = captioner.model;
const words = captions.reduce((sum, caption) => sum + caption.split(' ').length, 0);
const summary = {
  model: `${name} ${version}`,
  ...scores.set,
  failed: photos.length - results.length,
  photosPerSecond: results.length / seconds,
  wordsPerSecond: words / seconds,
};

if (options.report) {
  const entries = results.map((result, i) => {
    const photo = done[i] as LabelledPhoto;
    return { result, photo, scores: scores.photos[i] ?? { ciderD: 0, rougeL: 0 } };
  });
  writeFileSync(options.report, reportPage(summary, entries));
  console.error(`Report: ${options.report}`);
}
if (options.json) {
  const perPhoto = results.map(({ text, confidence }, i) => ({
    ...{ file: done[i]?.file, caption: text, confidence, ...scores.photos[i] },
  }));
  console.log(JSON.stringify({ ...summary, perPhoto }, null, 2));
} else {
  const rows: [string, string][] = [
    ['model', summary.model],
    ['photos', String(summary.photos)],
    ['BLEU-1', summary.bleu1.toFixed(1)],
    ['BLEU-2', summary.bleu2.toFixed(1)],
    ['BLEU-3', summary.bleu3.toFixed(1)],
    ['BLEU-4', summary.bleu4.toFixed(1)],
    ['ROUGE-L', summary.rougeL.toFixed(1)],
    ['CIDEr-D', summary.ciderD.toFixed(3)],
    ['mean length', `${summary.meanLength.toFixed(1)} words`],
    ['distinct captions', `${(100 * summary.distinct).toFixed(0)} %`],
    ['vocabulary used', `${summary.vocabulary} words`],
    ['failed', String(summary.failed)],
    ['photos per second', summary.photosPerSecond.toFixed(1)],
    ['words per second', summary.wordsPerSecond.toFixed(0)],
  ];
  for (const [key, value] of rows) console.log(`${key.padEnd(18)} ${value}`);
}
process.exitCode = summary.failed > 0 ? 1 : 0;
