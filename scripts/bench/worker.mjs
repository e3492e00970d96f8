// One fresh process of the benchmark: loads the model, captions a photo several times, prints what
// it measured as JSON. Plain JavaScript, so that nothing stands between Node and the built package.
//
//   node worker.mjs PHOTO WARM_RUNS engine|web|node
const started = performance.now();
const { readFile } = await import('node:fs/promises');
const { loadCaptioner } = await import('zipcaption');
const [photo, runs, runtimeName] = process.argv.slice(2);
const imported = performance.now();

// A clock around each run of a network, where warm runs are measured; a cold one is left as it is.
let networks = 0;
let steps = 0;
let stepTime = 0;
async function clocked() {
  const ort = await {
    engine: async () => (await import('../../packages/core/dist/engine/index.js')).createEngine(),
    web: () => import('onnxruntime-web'),
    node: () => import('onnxruntime-node'),
  }[runtimeName]();
  return {
    Tensor: ort.Tensor,
    env: ort.env,
    InferenceSession: {
      async create(...args) {
        const session = await ort.InferenceSession.create(...args);
        const run = session.run.bind(session);
        const isDecoder = session.inputNames.length > 1;
        session.run = async (...feeds) => {
          const start = performance.now();
          const outputs = await run(...feeds);
          const took = performance.now() - start;
          networks += took;
          if (isDecoder) {
            steps++;
            stepTime += took;
          }
          return outputs;
        };
        return session;
      },
    },
  };
}
const runtime = Number(runs) > 0 ? await clocked() : runtimeName;

// One thread in either runtime: the comparison is of one core.
const captioner = await loadCaptioner({ threads: 1, runtime });
const loaded = performance.now();
const bytes = await readFile(photo);
const first = await captioner.caption(bytes);
const captioned = performance.now();
const warm = [];
for (let run = 0; run < Number(runs); run++) {
  networks = 0;
  steps = 0;
  stepTime = 0;
  const { timings } = await captioner.caption(bytes);
  warm.push({ ...timings, networks, step: stepTime / steps });
}
console.log(
  JSON.stringify({
    caption: first.text,
    // From the start of the process, Node's own start included.
    startup: started,
    import: imported - started,
    load: loaded - imported,
    first: captioned - loaded,
    cold: captioned,
    warm,
    maxRssMb: process.resourceUsage().maxRSS / 1024,
  }),
);
process.exit(0);
