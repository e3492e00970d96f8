/*
 * Damages JPEG files in many ways, reads them with our decoder, and compares with jpeg-js.
 *
 *   node scripts/run.mjs scripts/fuzz/jpeg.ts [--cases 100000] [--seed 1] [--show 3] [--alone] [--only CASE]
 *
 * Fails (exit code 1) when anything but pixels or a CaptionError comes out of ours, or a case takes more
 * than a second of CPU. Prints how often the two decoders agreed; then each way in which they did not,
 * with some cases, which --only shows again. What lies behind each way is written down in jpeg.md.
 * --alone leaves jpeg-js out, so that the memory reported is ours.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { colourModelOf } from '../../packages/core/src/image/jpeg/colour.js';
import { readHead } from '../../packages/core/src/image/jpeg/header.js';
import { decodeJpeg } from '../../packages/core/src/image/jpeg/index.js';
import {
  damagedFile,
  decodeAny,
  type Outcome,
  soundFile,
} from '../../packages/core/test/jpeg/fuzz.js';
import { pick, seeded, whole } from '../../packages/core/test/jpeg/random.js';
import { distance } from '../../packages/core/test/jpeg/reference.js';

interface JpegJs {
  decode(
    bytes: Uint8Array,
    options: {
      useTArray: true;
      formatAsRGBA: false;
      colorTransform?: boolean | undefined;
      maxResolutionInMP: number;
    },
  ): { width: number; height: number; data: Uint8Array };
}
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

interface Case {
  readonly seed: number;
  readonly bytes: Uint8Array;
  readonly atLeast: { width: number; height: number } | undefined;
  /** What the file shows without damage. */
  readonly sound: Uint8Array;
}

let lastFile: { seed: number; bytes: Uint8Array; sound: Uint8Array } | undefined;

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

/** How the two decoders did on a file: a pair of words, and what they said where they disagree. */
interface Comparison {
  readonly ours: 'read' | 'read, with warning' | 'refused' | 'too large';
  readonly theirs: 'same pixels' | 'other pixels' | 'other size' | 'read' | 'refused' | '—';
  readonly reason: string;
}

function compare({ bytes, sound }: Case, outcome: Outcome): Comparison {
  const warnings = outcome.kind === 'read' ? outcome.pixels.warnings : [];
  const ours = warnings.length > 0 ? 'read, with warning' : outcome.kind;
  const weSaid = gist(outcome.kind === 'refused' ? outcome.error.message : warnings.join(' '));
  if (options.alone) return { ours, theirs: '—', reason: weSaid };
  const theirs = readWithJpegJs(bytes);
  if (typeof theirs === 'string') return { ours, theirs: 'refused', reason: theirs };
  if (outcome.kind !== 'read') return { ours, theirs: 'read', reason: weSaid };
  const { width, height, data } = outcome.pixels;
  if (theirs.width !== width || theirs.height !== height) {
    return { ours, theirs: 'other size', reason: weSaid };
  }
  // The two round differently, by 3 levels at most in colours at the edge of the range.
  const same = distance(data, theirs.data).max <= 5;
  if (same) return { ours, theirs: 'same pixels', reason: weSaid };
  return { ours, theirs: 'other pixels', reason: `${nearer(data, theirs.data, sound)}; ${weSaid}` };
}

/** Which of two readings of a damaged file is nearer to what the file showed without damage. */
function nearer(ours: Uint8Array, theirs: Uint8Array, sound: Uint8Array): string {
  if (ours.length !== sound.length) return 'of another size than without damage';
  const gain = distance(theirs, sound).mean - distance(ours, sound).mean;
  if (Math.abs(gain) < 1) return 'as near to the undamaged picture';
  return `${gain > 0 ? 'ours' : 'theirs'} nearer to the undamaged picture`;
}

/** Whether a pair needs no look: both read the same, or both refuse. */
function agree({ ours, theirs }: Comparison): boolean {
  return theirs === '—' || theirs === 'same pixels' || (theirs === 'refused' && ours !== 'read');
}

function readWithJpegJs(bytes: Uint8Array) {
  try {
    return jpegJs.decode(bytes, {
      ...{ useTArray: true, formatAsRGBA: false, maxResolutionInMP: 17 },
      // It cannot tell RGB from YCbCr by itself.
      ...(isRgb(bytes) ? { colorTransform: false } : {}),
    });
  } catch (error) {
    return gist(error instanceof Error ? error.message : String(error));
  }
}

function isRgb(bytes: Uint8Array): boolean {
  try {
    return colourModelOf(readHead(bytes)) === 'rgb';
  } catch {
    return false;
  }
}

/** A message without its numbers. */
function gist(message: string): string {
  return message
    .replace(/0x[0-9a-f]+|\b[0-9a-f]*\d[0-9a-f]*\b|\b(ff)?[0-9a-f]{2}\b/g, '#')
    .slice(0, 110);
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

      const comparison = compare(fuzzCase, whole);
      const pair = `ours: ${comparison.ours}; jpeg-js: ${comparison.theirs}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
      if (!agree(comparison)) {
        const way = `${pair}; ${comparison.reason}`;
        ways.set(way, [...(ways.get(way) ?? []), seed]);
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
  console.log(compare(fuzzCase, outcome));
}

if (options.only === undefined) process.exitCode = run();
else showOne(Number(options.only));
