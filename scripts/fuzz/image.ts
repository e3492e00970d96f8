/*
 * Damages real image files at random and decodes them: every case must end in a picture or a
 * CaptionError, within a time and a memory limit.
 *
 *   node scripts/run.mjs scripts/fuzz/image.ts [--cases 100000] [--seed 1] [--only png]
 *
 * The same seed gives the same cases. A case that fails is written to scripts/fuzz/.cache/ and the
 * exit code is 1.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CaptionError } from '../../packages/core/src/errors.js';
import { decodeImage } from '../../packages/core/src/image/decode.js';
import { setWebpWasm } from '../../packages/core/src/image/webp/codec.js';
import { readWebpWasm } from '../../packages/core/src/node/webp-wasm.js';
import {
  type Damage,
  damaged,
  EDGES,
  withRightChecksums,
} from '../../packages/core/test/image/damage.js';
import { type Seed, seeds } from '../../packages/core/test/image/seeds.js';

/** A case that takes longer is a hang. */
const SECONDS = 10;
/** Pictures of at most a million pixels must not need more than this beyond what was there before. */
const MEMORY_MB = 300;

interface Plan {
  readonly cases: number;
  readonly seed: number;
  readonly files: readonly Seed[];
  /** Number of the case that is being worked on, for the watchman. */
  readonly current: Int32Array;
}

interface Report {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly { readonly case: number; readonly error: string }[];
  readonly slowestMs: number;
  readonly slowestCase: number;
  readonly peakMB: number;
}

if (isMainThread) await watch();
else parentPort?.postMessage(await work(workerData as Plan));

async function watch(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
    },
  });
  const files = (await seeds()).filter(({ name }) => name.startsWith(values.only));
  const current = new Int32Array(new SharedArrayBuffer(4));
  const plan: Plan = { cases: Number(values.cases), seed: Number(values.seed), files, current };
  const worker = new Worker(new URL(import.meta.url), { workerData: plan });

  let last = -1;
  let since = Date.now();
  const watchman = setInterval(() => {
    const now = Atomics.load(current, 0);
    if (now !== last) [last, since] = [now, Date.now()];
    else if (Date.now() - since > SECONDS * 1000) {
      save(plan, now, 'hang');
      process.exit(1);
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${now} of ${plan.cases}`);
  }, 500);

  const report = await new Promise<Report>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  clearInterval(watchman);
  console.table(report.outcomes);
  console.log(
    `slowest: case ${report.slowestCase}, ${report.slowestMs.toFixed(0)} ms; peak ${report.peakMB.toFixed(0)} MB above the start`,
  );
  for (const fault of report.faults) save(plan, fault.case, fault.error);
  if (report.peakMB > MEMORY_MB) console.error(`more than ${MEMORY_MB} MB`);
  process.exit(report.faults.length > 0 || report.peakMB > MEMORY_MB ? 1 : 0);
}

async function work(plan: Plan): Promise<Report> {
  setWebpWasm(readWebpWasm);
  const outcomes: Record<string, number> = {};
  const faults: { case: number; error: string }[] = [];
  let [slowestMs, slowestCase, peak] = [0, 0, 0];
  const start = process.memoryUsage().rss;
  for (let i = 0; i < plan.cases; i++) {
    Atomics.store(plan.current, 0, i);
    const { name, bytes } = caseOf(plan, i);
    const began = performance.now();
    const outcome = await decode(bytes, i % 2 === 0);
    const took = performance.now() - began;
    if (took > slowestMs) [slowestMs, slowestCase] = [took, i];
    if (i % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss - start);
    const key = `${name}: ${outcome.kind}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
    if (outcome.kind === 'fault') faults.push({ case: i, error: outcome.error });
  }
  return { outcomes, faults, slowestMs, slowestCase, peakMB: peak / 2 ** 20 };
}

type Outcome = { readonly kind: string } | { readonly kind: 'fault'; readonly error: string };

async function decode(bytes: Uint8Array, whole: boolean): Promise<Outcome & { error: string }> {
  try {
    const { width, height, data, warnings } = await decodeImage(bytes, {
      maxBytes: 1e6,
      maxPixels: 1e6,
      orientation: true,
      ...(whole ? {} : { minimumSize: () => ({ width: 4, height: 3 }) }),
    });
    const isSound = data.length === width * height * 3 && width > 0 && height > 0;
    if (!isSound) return { kind: 'fault', error: `${width}×${height}, ${data.length} bytes` };
    return { kind: warnings.length > 0 ? 'read with a warning' : 'read', error: '' };
  } catch (error) {
    if (error instanceof CaptionError) return { kind: error.code, error: '' };
    return { kind: 'fault', error: error instanceof Error ? String(error.stack) : String(error) };
  }
}

/** The file of one case: always the same for the same seed and number. */
function caseOf({ seed, files }: Plan, number: number): Seed {
  const random = mulberry32(Math.imul(seed, 0x9e3779b1) ^ number);
  const below = (limit: number) => Math.floor(random() * limit);
  const file = files[below(files.length)];
  if (!file) throw new Error('no files');
  const byte = () => (below(2) === 0 ? (EDGES[below(EDGES.length)] ?? 0) : below(256));
  const damages = Array.from({ length: 1 + below(5) }, (): Damage => {
    const at = below(3) === 0 ? below(120) : below(file.bytes.length);
    const length = 1 + below(below(4) === 0 ? 400 : 20);
    switch (below(7)) {
      case 0:
        return { kind: 'flip', at, bit: below(8) };
      case 1:
        return { kind: 'cut', at: below(file.bytes.length) };
      case 2:
        return { kind: 'remove', at, length };
      case 3:
        return { kind: 'insert', at, bytes: Array.from({ length: 1 + below(8) }, byte) };
      case 4:
        return { kind: 'repeat', at, length };
      case 5:
        return { kind: 'fill', at, length, value: byte() };
      default:
        return { kind: 'set', at, value: byte() };
    }
  });
  const bytes = damaged(file.bytes, damages);
  const isRight = file.name.startsWith('png') && below(4) > 0;
  return { name: file.name, bytes: isRight ? withRightChecksums(bytes) : bytes };
}

function save(plan: Plan, number: number, error: string): void {
  const { name, bytes } = caseOf(plan, number);
  const folder = new URL('.', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const path = new URL(`case-${plan.seed}-${number}`, folder);
  writeFileSync(path, bytes);
  console.error(`\ncase ${number} (${name}): ${error}\n  written to ${path.pathname}`);
}

/** Tommy Ettinger's generator of 32-bit numbers, as fractions of 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
