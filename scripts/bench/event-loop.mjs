// How long is the caller's thread held? A timer of 1 ms notes the longest time between two of its
// turns, while a captioner is loaded, captions bytes and pixels, is stopped, loses a worker, streams and is
// disposed of.
//
//   node scripts/bench/event-loop.mjs [WORKERS]      (default 2; 0: no worker threads)
//
// "busy" is processor time of this thread alone (Node 23.9 and later tell it), "gap" what a clock
// shows, in which other processes of the machine have their part.
import { readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

// The threads that zipcaption starts, to end one of them.
const started = [];
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    started.push(this);
  }
};
syncBuiltinESMExports();
const { loadCaptioner } = await import('zipcaption');

const workers = Number(process.argv[2] ?? 2);
const cpu = () => {
  const { user, system } = process.threadCpuUsage?.() ?? { user: Number.NaN, system: 0 };
  return (user + system) / 1000;
};

let last = [performance.now(), cpu()];
let longest = [0, 0];
const tick = () => {
  const now = [performance.now(), cpu()];
  longest = longest.map((most, i) => Math.max(most, now[i] - last[i]));
  last = now;
};
const timer = setInterval(tick, 1);

async function watch(name, work) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  tick();
  longest = [0, 0];
  const start = performance.now();
  await work();
  tick();
  const [gap, busy] = longest.map((ms) => (Number.isNaN(ms) ? '–' : ms.toFixed(1)).padStart(7));
  const total = (performance.now() - start).toFixed(0).padStart(6);
  console.log(`${name.padEnd(24)} ${total} ms   longest gap ${gap} ms   busy ${busy} ms`);
}

console.log(`Node ${process.version}, ${workers} workers`);
const photo = await readFile('samples/rocket.jpg');
const pixels = { data: new Uint8Array(48e6).fill(255), width: 4000, height: 3000, channels: 4 };
let captioner;
await watch('idle for a second', () => new Promise((resolve) => setTimeout(resolve, 1000)));
await watch('load', async () => {
  captioner = await loadCaptioner({ workers });
});
const twenty = (options) =>
  Promise.all(Array.from({ length: 20 }, () => captioner.caption(photo, options)));
const { text: expected } = await captioner.caption(photo);
await watch('20 captions at once', () => twenty());
await watch('20, aborted half way', async () => {
  const signal = AbortSignal.timeout(300);
  const error = await twenty({ signal }).catch((caught) => caught);
  if (error.code !== 'ABORTED') throw new Error('It was not aborted.', { cause: error });
});
if (workers > 0) {
  await watch('20, a worker killed', async () => {
    setTimeout(() => started[0].terminate(), 300);
    const captions = await twenty();
    if (captioner.workersLost !== 1 || captions.some(({ text }) => text !== expected)) {
      throw new Error(`Lost ${captioner.workersLost} workers; ${JSON.stringify(captions)}`);
    }
  });
}
await watch('48 MB of pixels', () => captioner.caption(pixels));
await watch('captionAll of 20', async () => {
  for await (const { error } of captioner.captionAll(Array(20).fill(photo))) if (error) throw error;
});
await watch('stream', async () => {
  for await (const _ of captioner.stream(photo));
});
await watch('dispose', () => captioner.dispose());
await watch('load, caption, dispose', async () => {
  // What `await using` calls at the end of its block, for versions of Node without it.
  const another = await loadCaptioner({ workers });
  await another.caption(photo);
  await another[Symbol.asyncDispose]();
});
clearInterval(timer);
