/*
 * `pnpm bench`: what a caption costs, stage by stage, on one core, in fresh processes.
 *
 *   pnpm bench [--json] [--runs 20] [--processes 5] [--node PATH] [--node-flags='--flag …'] [--decoders]
 *
 * With --decoders then also `pnpm bench:decode`: our decoders beside others.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchPhotos } from './photos.js';
import { PIN } from './pin.js';
import { sizes } from './sizes.js';
import { type Spread, spread } from './statistics.js';
import { table } from './table.js';

const STAGES = ['decode', 'preprocess', 'encode', 'search', 'detokenize', 'total'] as const;
const RUNTIMES = ['engine', 'web', 'node'] as const;
/** `networks` is the time inside the runtime: the encoder, and every step of the decoder; `step`: one of these. */
type Timings = Record<(typeof STAGES)[number] | 'networks' | 'step', number>;

interface Measurement {
  readonly caption: string;
  readonly startup: number;
  readonly import: number;
  readonly load: number;
  readonly first: number;
  readonly cold: number;
  readonly warm: readonly Timings[];
  readonly maxRssMb: number;
}

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '20' },
    processes: { type: 'string', default: '5' },
    node: { type: 'string', default: process.execPath },
    'node-flags': { type: 'string', default: '' },
    decoders: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(
    'usage: pnpm bench [--runs 20] [--processes 5] [--decoders] [--json] [--node PROGRAM] [--node-flags FLAGS]',
  );
  process.exit(0);
}

function measure(photo: string, runs: number, runtime: (typeof RUNTIMES)[number]): Measurement {
  const [command = '', ...args] = [
    ...[...PIN, options.node, ...options['node-flags'].split(' ').filter(Boolean)],
    ...['scripts/bench/worker.mjs', photo, String(runs), runtime],
  ];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The benchmark's process failed:\n${stderr}`);
  return JSON.parse(stdout);
}

/** In a process of its own, on the same Node and core. */
function kernels(): string {
  const bundle = spawnSync(process.execPath, ['scripts/run.mjs', 'scripts/bench/kernels.ts'], {
    encoding: 'utf8',
    env: { ...process.env, ZIPCAPTION_NODE: options.node },
  });
  if (bundle.status !== 0)
    throw new Error(`The benchmark of the kernels failed:\n${bundle.stderr}`);
  return bundle.stdout;
}

const photos = await benchPhotos('scripts/bench/.cache/photos');
const results = photos.flatMap(({ name, path }) =>
  RUNTIMES.map((runtime) => {
    const cold = Array.from({ length: Number(options.processes) }, () => measure(path, 0, runtime));
    const { warm, maxRssMb, caption } = measure(path, Number(options.runs), runtime);
    // The first runs are still being compiled; settled runs are reported.
    const settled = warm.slice(Math.floor(warm.length / 4));
    const stage = (key: keyof Timings) => spread(settled.map((timings) => timings[key]));
    const coldSpread = (key: 'startup' | 'import' | 'load' | 'first' | 'cold') =>
      spread(cold.map((run) => run[key]));
    return {
      photo: name,
      runtime,
      caption,
      peakMemoryMb: maxRssMb,
      warm: Object.fromEntries(STAGES.map((key) => [key, stage(key)])) as Record<
        (typeof STAGES)[number],
        Spread
      >,
      step: stage('step'),
      ownShare: spread(settled.map((t) => (100 * (t.total - t.decode - t.networks)) / t.total)),
      cold: {
        startup: coldSpread('startup'),
        import: coldSpread('import'),
        load: coldSpread('load'),
        first: coldSpread('first'),
        total: coldSpread('cold'),
      },
      coldMemoryMb: spread(cold.map((run) => run.maxRssMb)),
    };
  }),
);

const machine = {
  node: spawnSync(options.node, ['--version'], { encoding: 'utf8' }).stdout.trim(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  pinned: PIN.length > 0,
};
const { deployed, installed } = sizes();

if (options.json) {
  console.log(JSON.stringify({ machine, results, deployed, installed }, null, 2));
} else {
  const ms = ({ median, low, high }: Spread) =>
    `${median.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
  const mb = (bytes?: number) => (bytes === undefined ? '' : (bytes / 1e6).toFixed(2));
  console.log(
    `${machine.cpu}, Node ${machine.node}, ${machine.pinned ? 'one pinned core' : 'not pinned'}`,
  );
  console.log('\nWarm, ms: median (middle half)\n');
  console.log(
    table(
      ['photo', 'runtime', ...STAGES, 'decoder step', 'own part, %'],
      results.map((r) => [
        ...[r.photo, r.runtime, ...STAGES.map((key) => ms(r.warm[key]))],
        ms(r.step),
        ms(r.ownShare),
      ]),
    ),
  );
  console.log('\nOwn part: all but decoding and the two networks.');
  console.log('\nCold: a fresh process to its first caption, ms; peak resident memory, MB\n');
  console.log(
    table(
      [
        'photo',
        'runtime',
        'start of Node',
        'import',
        'load model',
        'first caption',
        'total',
        'cold MB',
        'warm MB',
      ],
      results.map((r) => [
        r.photo,
        r.runtime,
        ...[r.cold.startup, r.cold.import, r.cold.load, r.cold.first, r.cold.total].map(ms),
        r.coldMemoryMb.median.toFixed(0),
        r.peakMemoryMb.toFixed(0),
      ]),
    ),
  );
  console.log("\nThe engine's kernels\n");
  console.log(kernels());
  console.log('\nWhat must be deployed, MB\n');
  const sum = (key: 'bytes' | 'gzip') =>
    deployed.reduce((total, file) => total + (file[key] ?? 0), 0);
  console.log(
    table(
      ['file', 'size', 'gzip'],
      [
        ...deployed.map((file) => [file.what, mb(file.bytes), mb(file.gzip)]),
        ['all', mb(sum('bytes')), mb(sum('gzip'))],
      ],
    ),
  );
  console.log('\nWhat npm installs, MB\n');
  console.log(
    table(
      ['package', 'size'],
      installed.map((file) => [file.what, mb(file.bytes)]),
    ),
  );
  console.log(`\n${[...new Set(results.map((r) => r.caption))].map((c) => `“${c}”`).join(', ')}`);
}

if (options.decoders) {
  const rest = ['--node', options.node, ...(options.json ? ['--json'] : [])];
  for (const script of ['decode/index.ts', 'decode-other.ts']) {
    console.log();
    spawnSync(process.execPath, ['scripts/run.mjs', `scripts/bench/${script}`, ...rest], {
      stdio: 'inherit',
    });
  }
}
