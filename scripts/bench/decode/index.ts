/*
 * What decoding a JPEG costs, with our decoder and with others, side by side on one core.
 *
 *   node scripts/run.mjs scripts/bench/decode/index.ts [--json] [--runs 60] [--only NAME] [--node PATH]
 *
 * Every figure comes from fresh processes: the first decode of one gives the memory above the resting
 * process and the cold time, the rest of its decodes the settled time.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { PIN } from '../pin.js';
import { type Spread, spread } from '../statistics.js';
import { table } from '../table.js';
import { benchPictures } from './pictures.js';

const DECODERS = [
  'ours to 224',
  'ours full',
  'sharp to 224',
  'sharp full',
  '@jsquash/jpeg full',
  'jpeg-js full',
];
/** Processes per figure, so that one unlucky one does not decide it. */
const PROCESSES = 3;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '60' },
    only: { type: 'string' },
    node: { type: 'string', default: process.execPath },
  },
});

interface Measurement {
  readonly times: readonly number[];
  readonly memoryMb: number;
  readonly size: string;
}

interface Row {
  readonly picture: string;
  readonly fileMb: number;
  readonly decoder: string;
  readonly size: string;
  readonly ms: Spread;
  readonly coldMs: Spread;
  readonly memoryMb: Spread;
}

function measure(decoder: string, path: string): Measurement {
  const [command = '', ...args] = [
    ...PIN,
    options.node,
    ...['--expose-gc', 'scripts/bench/decode/worker.mjs', decoder, path, options.runs],
  ];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${decoder} on ${path} failed:\n${stderr}`);
  return JSON.parse(stdout);
}

await build({
  entryPoints: ['packages/core/src/image/jpeg/index.ts'],
  outfile: 'scripts/bench/decode/.cache/ours.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});

const pictures = (await benchPictures('scripts/bench/.cache/decode')).filter(
  ({ name }) => options.only === undefined || name.includes(options.only),
);
const rows: Row[] = [];
for (const { name, path } of pictures) {
  // In turns, so that a busy minute of the machine is shared by all.
  const measured = new Map<string, Measurement[]>(DECODERS.map((decoder) => [decoder, []]));
  for (let process = 0; process < PROCESSES; process++) {
    for (const decoder of DECODERS) measured.get(decoder)?.push(measure(decoder, path));
  }
  for (const [decoder, measurements] of measured) {
    // The first half of the decodes is still being compiled.
    const settled = measurements.flatMap(({ times }) => times.slice(Math.floor(times.length / 2)));
    rows.push({
      picture: name,
      fileMb: statSync(path).size / 1e6,
      decoder,
      size: measurements[0]?.size ?? '',
      ms: spread(settled),
      coldMs: spread(measurements.map(({ times }) => times[0] ?? Number.NaN)),
      memoryMb: spread(measurements.map(({ memoryMb }) => memoryMb)),
    });
  }
}

const machine = {
  node: spawnSync(options.node, ['--version'], { encoding: 'utf8' }).stdout.trim(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  pinned: PIN.length > 0,
};
if (options.json) console.log(JSON.stringify({ machine, rows }, undefined, 2));
else print();

function print(): void {
  const round = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const cells = rows.map(({ picture, fileMb, decoder, size, ms, coldMs, memoryMb }) => [
    `${picture} (${fileMb.toFixed(fileMb < 1 ? 2 : 1)} MB)`,
    decoder,
    size,
    round(ms.median),
    `${round(ms.low)}–${round(ms.high)}`,
    round(coldMs.median),
    round(memoryMb.median),
  ]);
  console.log(
    `Node ${machine.node}, ${machine.cpu}, ${machine.pinned ? 'one core' : 'not pinned'}\n`,
  );
  console.log(
    table(['picture', 'decoder', 'gives', 'ms', 'middle half', 'first ms', 'MB above rest'], cells),
  );
}
