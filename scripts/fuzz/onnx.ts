/*
 * `pnpm fuzz:onnx [--seeds 100000] [--from 1]`: damaged networks loaded and run by the engine. Each must be
 * refused with a reason or run; none may take more than bounded memory or time.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { damaged, survive } from '../../packages/core/test/engine/damage.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
  },
});
const files = ['encoder.onnx', 'decoder.onnx'].map((name) =>
  readFileSync(`packages/core/test/fixtures/tiny-model/${name}`),
);
const ends = new Map<string, number>();
let slowest = 0;
const first = Number(values.from);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const start = performance.now();
  const file = files[seed % files.length];
  try {
    const end = await survive(damaged(file ?? new Uint8Array(), seed));
    ends.set(end, (ends.get(end) ?? 0) + 1);
  } catch (error) {
    console.error(`seed ${seed}:`, error);
    process.exitCode = 1;
  }
  const took = performance.now() - start;
  if (took > slowest) {
    slowest = took;
    if (took > 1000) console.error(`seed ${seed} took ${took.toFixed(0)} ms`);
  }
}
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  Object.fromEntries(ends),
  `slowest ${slowest.toFixed(0)} ms, peak ${peak.toFixed(0)} MB`,
);
