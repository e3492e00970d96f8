/*
 * Damages JPEG files in many ways, reads them with our decoder, and compares with jpeg-js.
 *
 *   node scripts/run.mjs scripts/fuzz/jpeg.ts [--cases 100000] [--seed 1] [--show 3] [--alone] [--only CASE]
 *
 * Fails (exit code 1) when anything but pixels or a CaptionError comes out of ours, or a case takes more
 * than a second of CPU, or, with --alone, the process more than 300 MB. Prints how often the two decoders
 * agreed; then each way in which they did not, with some cases, which --only shows again. What lies behind
 * each way is written down in jpeg.md.
 * --alone leaves jpeg-js out, so that the memory reported is ours.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { decodeJpeg } from '../../packages/core/src/image/jpeg/index.js';
import type { Levels } from '../../packages/core/src/image/types.js';
import {
  type Comparison,
  compareWithJpegJs,
  type JpegJs,
} from '../../packages/core/test/jpeg/compare.js';
import { damagedFile, decodeAny, soundFile } from '../../packages/core/test/jpeg/fuzz.js';
import { pick, seeded, whole } from '../../packages/core/test/jpeg/random.js';

// It is a dependency of the core's tests, and of nothing else.
const jpegJs: JpegJs = createRequire(
  new URL('packages/core/package.json', `file://${process.cwd()}/`),
)('jpeg-js');

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string', default: '3' },
    alone: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

/** Damaged files made of one sound file, which takes longer to write than to read. */
const CASES_PER_FILE = 20;
const SLOW_CPU_MS = 1000;
/** With --alone: pictures of up to 16 megapixels are among them, which have 48 MB. */
const MEMORY_MB = 300;

interface Case {
  readonly seed: number;
  readonly bytes: Uint8Array;
  readonly atLeast: { width: number; height: number } | undefined;
  /** What the file shows without damage. */
  readonly sound: Levels;
}

let lastFile: { seed: number; bytes: Uint8Array; sound: Levels } | undefined;

function caseOf(seed: number): Case {
  const fileSeed = Math.floor(seed / CASES_PER_FILE);
  if (lastFile?.seed !== fileSeed) {
    const { bytes } = soundFile(fileSeed);
    lastFile = { seed: fileSeed, bytes, sound: decodeJpeg(bytes).data };
  }
  const random = seeded(seed ^ 0x5eed);
  const bytes = damagedFile(random, lastFile.bytes);
  const atLeast = { width: whole(random, 1, 40), height: whole(random, 1, 40) };
  return { seed, bytes, atLeast: pick(random, [undefined, atLeast]), sound: lastFile.sound };
}

/** Whether a pair needs no look: both read the same, or both refuse. */
function agree({ ours, theirs }: Comparison): boolean {
  return theirs === 'same pixels' || (theirs === 'refused' && ours !== 'read');
}

function run(): number {
  const cases = Number(options.cases);
  const first = Number(options.seed) * 1_000_000;
  const pairs = new Map<string, number>();
  const ways = new Map<string, number[]>();
  const failures: string[] = [];
  let settledMb = 0;
  for (let seed = first; seed < first + cases; seed++) {
    const fuzzCase = caseOf(seed);
    try {
      const start = process.cpuUsage();
      const whole = decodeAny(fuzzCase.bytes);
      if (fuzzCase.atLeast) decodeAny(fuzzCase.bytes, fuzzCase.atLeast);
      const { user, system } = process.cpuUsage(start);
      const ms = (user + system) / 1000;
      if (ms > SLOW_CPU_MS) failures.push(`case ${seed} took ${Math.round(ms)} ms`);

      if (!options.alone) {
        const comparison = compareWithJpegJs(jpegJs, fuzzCase.bytes, whole, fuzzCase.sound);
        const pair = `ours: ${comparison.ours}; jpeg-js: ${comparison.theirs}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
        if (!agree(comparison)) {
          const way = `${pair}; ${comparison.reason}`;
          ways.set(way, [...(ways.get(way) ?? []), seed]);
        }
      }
    } catch (error) {
      failures.push(`case ${seed}: ${error instanceof Error ? error.stack : error}`);
    }
    if (seed === first + Math.floor(cases / 10)) settledMb = process.memoryUsage().rss / 2 ** 20;
  }

  for (const [pair, count] of [...pairs].sort((a, b) => b[1] - a[1])) {
    console.log(`${String(count).padStart(7)}  ${pair}`);
  }
  console.log();
  for (const [way, seeds] of [...ways].sort((a, b) => b[1].length - a[1].length)) {
    const shown = seeds.slice(0, Number(options.show)).join(', ');
    console.log(`${String(seeds.length).padStart(7)}  ${way}  (${shown})`);
  }
  const peakMb = process.resourceUsage().maxRSS / 1024;
  console.log(
    `\n${cases} cases, ${failures.length} failures; ${settledMb.toFixed(0)} MB after a tenth of them, at most ${peakMb.toFixed(0)} MB`,
  );
  if (options.alone && peakMb > MEMORY_MB) failures.push(`more than ${MEMORY_MB} MB`);
  for (const failure of failures.slice(0, 20)) console.error(failure);
  return failures.length > 0 ? 1 : 0;
}

function showOne(seed: number): void {
  const fuzzCase = caseOf(seed);
  const { bytes } = fuzzCase;
  console.log(
    Buffer.from(bytes)
      .toString('hex')
      .replace(/(.{96})/g, '$1\n'),
  );
  const outcome = decodeAny(bytes);
  console.log(outcome.kind === 'read' ? { ...outcome.pixels, data: '…' } : outcome);
  console.log(compareWithJpegJs(jpegJs, bytes, outcome, fuzzCase.sound));
}

if (options.only === undefined) process.exitCode = run();
else showOne(Number(options.only));
