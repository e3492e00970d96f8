// The three runtimes in one process, captioning in turn: CPU time, the least and the median of the runs. Less
// disturbed by other work on the machine than wall-clock times of processes one after another.
//
//   taskset -c 0 node scripts/bench/runtimes.mjs [PHOTO] [RUNS]        after tsc --build
import { loadCaptioner } from 'zipcaption';

const [photo = 'samples/rocket.jpg', runs = '25'] = process.argv.slice(2);
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const load = {
  engine: async () => (await import('../../packages/core/dist/engine/index.js')).createEngine(),
  web: () => import('onnxruntime-web'),
  node: () => import('onnxruntime-node'),
};

const captioners = [];
for (const [name, module] of Object.entries(load)) {
  const ort = await module();
  const times = { encoder: [], 'decoder step': [], caption: [] };
  const runtime = {
    Tensor: ort.Tensor,
    env: ort.env,
    InferenceSession: {
      async create(...args) {
        const session = await ort.InferenceSession.create(...args);
        const run = session.run.bind(session);
        const kind = session.inputNames.length > 1 ? 'decoder step' : 'encoder';
        session.run = async (...feeds) => {
          const start = cpu();
          const outputs = await run(...feeds);
          times[kind].push(cpu() - start);
          return outputs;
        };
        return session;
      },
    },
  };
  captioners.push({ name, times, captioner: await loadCaptioner({ runtime, threads: 1 }) });
}
for (let i = 0; i < Number(runs); i++) {
  for (const { times, captioner } of captioners) {
    const start = cpu();
    await captioner.caption(photo);
    times.caption.push(cpu() - start);
  }
}
console.log(`Node ${process.version}, ${photo}, CPU ms: least (median) of ${runs}`);
for (const { name, times } of captioners) {
  const cells = Object.entries(times).map(([stage, list]) => {
    const sorted = list.sort((a, b) => a - b);
    return `${stage} ${sorted[0].toFixed(1)} (${sorted[sorted.length >> 1].toFixed(1)})`;
  });
  console.log(`${name.padEnd(8)}${cells.join('   ')}`);
}
process.exit(0);
