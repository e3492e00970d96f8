// Times model folders on WebAssembly, one thread: the encoder, one decoder step of 3 beams, load.
//
//   taskset -c 0 node scripts/train/time_wasm.mjs models/lite [folder…]
//
// Each folder runs in a process of its own. The minimum of the runs is printed beside the median:
// on a machine that does other things it is the steadier of the two.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENCODER_RUNS = 40;
const CAPTIONS = 12;
const WORDS = 12;
const BEAMS = 3;

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  return `${sorted[0].toFixed(2)} (median ${median.toFixed(2)})`;
}

async function timed(times, run) {
  const start = performance.now();
  const result = await run();
  times.push(performance.now() - start);
  return result;
}

async function measure(folder) {
  const core = new URL('../../packages/core/package.json', import.meta.url);
  const ort = createRequire(core)('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const load = (times, name) =>
    timed(times, () => ort.InferenceSession.create(readFileSync(join(folder, name))));
  // The first session of a process also compiles the runtime: leave that out.
  await load([], 'decoder.onnx');
  const loads = [];
  const encoder = await load(loads, 'encoder.onnx');
  const decoder = await load(loads, 'decoder.onnx');

  const pixels = Float32Array.from({ length: 3 * 224 * 224 }, () => Math.random() * 2 - 1);
  const feeds = { pixel_values: new ort.Tensor('float32', pixels, [1, 3, 224, 224]) };
  const encoderTimes = [];
  let encoded = {};
  for (let i = 0; i < ENCODER_RUNS; i++)
    encoded = await timed(encoderTimes, () => encoder.run(feeds));

  const layers = Object.keys(encoded).length / 2;
  const states = Array.from({ length: layers }, (_, i) => [`key_${i}`, `value_${i}`]).flat();
  const words = new ort.Tensor(
    'int64',
    BigInt64Array.from({ length: BEAMS }, () => 5n),
    [BEAMS, 1],
  );
  const stepTimes = [];
  for (let caption = 0; caption < CAPTIONS; caption++) {
    const empty = () => new ort.Tensor('float32', new Float32Array(0), [BEAMS, 4, 0, 64]);
    let past = Object.fromEntries(states.map((name) => [`past_${name}`, empty()]));
    for (let word = 0; word < WORDS; word++) {
      const inputs = { ...encoded, ...past, input_ids: words };
      const outputs = await timed(stepTimes, () => decoder.run(inputs));
      past = Object.fromEntries(states.map((name) => [`past_${name}`, outputs[`present_${name}`]]));
    }
  }
  const size = (name) => (statSync(join(folder, name)).size / 1e6).toFixed(2);
  const warm = (times) => summary(times.slice(times.length >> 2));
  console.log(
    `${folder}: encoder ${warm(encoderTimes)} ms, step ${warm(stepTimes)} ms, ` +
      `load ${loads.map((ms) => ms.toFixed(0)).join(' + ')} ms, ` +
      `${size('encoder.onnx')} + ${size('decoder.onnx')} MB`,
  );
}

const [first, ...others] = process.argv.slice(2);
if (others.length === 0) await measure(first);
else {
  for (const folder of [first, ...others]) {
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), folder], { stdio: 'inherit' });
  }
}
