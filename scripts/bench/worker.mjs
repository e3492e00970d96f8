// One fresh process of the benchmark: loads the model, captions a photo several times, prints what
// it measured as JSON. Plain JavaScript, so that nothing stands between Node and the built package.
//
//   node worker.mjs PHOTO WARM_RUNS web|node
const started = performance.now();
const { readFile } = await import('node:fs/promises');
const { loadCaptioner } = await import('zipcaption');
const [photo, runs, runtimeName] = process.argv.slice(2);
const ort = await import(runtimeName === 'node' ? 'onnxruntime-node' : 'onnxruntime-web');
const imported = performance.now();

// The runtime, with a clock around each run of a network.
let networks = 0;
const runtime = {
  ...{ Tensor: ort.Tensor, env: ort.env },
  InferenceSession: {
    async create(...args) {
      const session = await ort.InferenceSession.create(...args);
      const run = session.run.bind(session);
      session.run = async (...feeds) => {
        const start = performance.now();
        const outputs = await run(...feeds);
        networks += performance.now() - start;
        return outputs;
      };
      return session;
    },
  },
};

// One thread in either runtime: the comparison is of one core.
const captioner = await loadCaptioner({ threads: 1, runtime });
const loaded = performance.now();
const bytes = await readFile(photo);
const first = await captioner.caption(bytes);
const captioned = performance.now();
const warm = [];
for (let run = 0; run < Number(runs); run++) {
  networks = 0;
  const { timings } = await captioner.caption(bytes);
  warm.push({ ...timings, networks });
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
