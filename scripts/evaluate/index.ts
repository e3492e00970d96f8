/*
 * `pnpm eval`: captions a labelled set with all cores and scores the captions.
 *
 *   pnpm eval --captions captions.json --images folder [--split val] [--model folder] [--beams 3]
 *             [--jobs N] [--limit N] [--json] [--report out.html] [--save captions.jsonl]
 *
 * For models that have tags, also their mean average precision. With a set of things to name instead,
 * how many are named by the caption and by the tags:
 *
 *   pnpm eval --naming folder [--model folder] [--beams 3] [--jobs N] [--limit N] [--json]
 */
import { createWriteStream, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type CaptionError, type CaptionResult, loadCaptioner } from 'zipcaption';
import { type LabelledPhoto, readLabelledSet } from './data.js';
import { type NamedPhoto, namingLines, readNamingSet, scoreNaming } from './naming.js';
import { reportPage } from './report.js';
import { score } from './scores.js';
import { RANKED, tagPrecision, tagVocabulary } from './tag-precision.js';

const usage = `usage: pnpm eval --captions captions.json --images folder [--split val] [--model folder] [--beams N] [--jobs N] [--limit N] [--json] [--report out.html] [--save captions.jsonl]
       pnpm eval --naming folder [--model folder] [--beams N] [--jobs N] [--limit N] [--json]`;

/** The embedded model. */
// Relative to the repository's root, where the command is run.
const LITE = 'models/lite';

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
        naming: { type: 'string' },
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
    const { captions = '', images = '', naming } = values;
    if (naming === undefined && !(captions && images)) {
      throw new Error('--captions and --images are needed, or --naming.');
    }
    if (naming !== undefined && (captions || images)) {
      throw new Error('--naming is for a set of its own, without --captions and --images.');
    }
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
if (options.naming !== undefined) await evaluateNaming(options.naming);

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
const { tags } = captioner.model.encoder;
const results: CaptionResult[] = [];
const done: LabelledPhoto[] = [];
const save = options.save ? createWriteStream(options.save) : undefined;
const started = performance.now();
for await (const outcome of captioner.captionAll(
  photos.map(({ path }) => path),
  {
    concurrency: Number(options.jobs),
    attention: options.report !== undefined,
    ...(tags && { numTags: RANKED }),
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

/** The other kind of set; the end of the program. */
async function evaluateNaming(folder: string): Promise<never> {
  let things: NamedPhoto[];
  try {
    things = readNamingSet(folder);
  } catch (error) {
    return fail((error as Error).message, 2);
  }
  if (options.limit) things = things.slice(0, Number(options.limit));
  const model = await loadCaptioner(options.model ? { model: options.model } : {}).catch(
    (error: CaptionError) => fail(error.message, 2),
  );
  const scores = await scoreNaming(model, things, {
    concurrency: Number(options.jobs),
    ...(options.beams && { numBeams: Number(options.beams) }),
  });
  await model.dispose();
  const text = options.json ? JSON.stringify(scores, null, 2) : namingLines(scores).join('\n');
  await new Promise((resolve) => process.stdout.write(`${text}\n`, resolve));
  process.exit(scores.failed > 0 ? 1 : 0);
}

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
const precision =
  tags &&
  tagPrecision(
    results.map((result, i) => ({
      tags: result.tags ?? [],
      captions: done[i]?.references ?? [],
    })),
    tagVocabulary(options.model ?? LITE, captioner.model),
  );
const words = captions.reduce((sum, caption) => sum + caption.split(' ').length, 0);
const summary = {
  model: `${name} ${version}`,
  ...scores.set,
  ...(precision !== undefined && { tagPrecision: precision }),
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
    file: done[i]?.file,
    caption: text,
    confidence,
    ...scores.photos[i],
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
    ['tags, mean AP', precision?.toFixed(3) ?? 'the model gives no tags'],
    ['failed', String(summary.failed)],
    ['photos per second', summary.photosPerSecond.toFixed(1)],
    ['words per second', summary.wordsPerSecond.toFixed(0)],
  ];
  for (const [key, value] of rows) console.log(`${key.padEnd(18)} ${value}`);
}
process.exitCode = summary.failed > 0 ? 1 : 0;
