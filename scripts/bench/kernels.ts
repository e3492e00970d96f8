/*
 * The engine's kernels on the embedded model: how long each takes, and how much it computes a second beside
 * what the processor can. Printed by `pnpm bench`; alone: node scripts/run.mjs scripts/bench/kernels.ts
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { instantiateKernels } from '../../packages/core/src/engine/kernels/kernels.js';
import { EngineSession } from '../../packages/core/src/engine/session.js';
import { EngineTensor } from '../../packages/core/src/engine/tensor.js';

const require = createRequire(join(process.cwd(), 'packages/core/package.json'));
const folder = dirname(require.resolve('@zipcaption/lite/manifest.json'));
const { encoder, decoder, image } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
const load = (file: string) =>
  EngineSession.create(readFileSync(join(folder, file)), { products: 'int16' });
const RUNS = 30;

const zeros = (dims: readonly number[]) =>
  new EngineTensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5), dims);

/** Billions of operations a second, of the best of many runs; a product with its sum counts as two. */
async function best(count: number, run: () => void): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 500; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
    // The optimising compiler works beside this thread, and needs its turn on one core.
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return (2 * count) / least / 1e6;
}

type Feeds = Record<string, EngineTensor>;

function table(title: string, session: EngineSession, feeds: Feeds): void {
  const kinds = new Map<string, { steps: number; milliseconds: number; multiplyAdds: number }>();
  // Each step's least time over the runs: the others were disturbed.
  const runs = Array.from({ length: RUNS }, () => session.profile(feeds));
  runs[0]?.forEach(({ kernel, multiplyAdds }, i) => {
    const kind = kinds.get(kernel) ?? { steps: 0, milliseconds: 0, multiplyAdds: 0 };
    kind.steps++;
    kind.milliseconds += Math.min(...runs.map((steps) => steps[i]?.milliseconds ?? Infinity));
    kind.multiplyAdds += multiplyAdds;
    kinds.set(kernel, kind);
  });
  const rows = [...kinds].sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
  const total = rows.reduce((sum, [, { milliseconds }]) => sum + milliseconds, 0);
  console.log(`\n${title}: ${total.toFixed(2)} ms\n`);
  for (const [kernel, { steps, milliseconds, multiplyAdds }] of rows) {
    if (milliseconds < total / 100) continue;
    const rate =
      multiplyAdds > 0 ? `${((2 * multiplyAdds) / milliseconds / 1e6).toFixed(1)} GFLOP/s` : '';
    console.log(
      `${kernel.padEnd(32)} ${String(steps).padStart(3)}  ${milliseconds.toFixed(3).padStart(7)} ms  ${rate.padStart(14)}`,
    );
  }
}

const peak = await instantiateKernels(new WebAssembly.Memory({ initial: 2, maximum: 65536 }));
const COUNT = 50_000;
const float = await best(32 * COUNT, () => peak.peakFloat(COUNT));
const int16 = await best(64 * COUNT, () => peak.peakInt16(COUNT));
console.log(
  `Peak of one core, 128-bit SIMD: float32 ${float.toFixed(1)}, int16 ${int16.toFixed(1)} GFLOP/s`,
);

const encoding = await load(encoder.file);
table('Encoder', encoding, { [encoder.input]: zeros([1, 3, image.height, image.width]) });
const decoding = await load(decoder.file);
const beams = 3;
const past = 6;
const feeds: Feeds = {};
for (const { name, type, shape } of decoding.inputMetadata) {
  const dims = shape.map((side) =>
    side === 'batch' ? beams : side === 'past' ? past : Number(side),
  );
  feeds[name] =
    type === 'int64'
      ? new EngineTensor(type, new BigInt64Array(beams).fill(5n), dims)
      : zeros(dims);
}
table(`Decoder step of ${beams} beams, ${past} words before it (${decoder.file})`, decoding, feeds);
