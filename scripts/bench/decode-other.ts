/*
 * What decoding PNG, WebP and GIF costs, each file in a fresh process on one core, to the size that a model of
 * 224×224 needs; beside it sharp, which decodes all of it.
 *
 *   node scripts/run.mjs scripts/bench/decode-other.ts [--json] [--only png] [--node PATH]
 *
 * `first` is the first decode of the process, `warm` the median of those after it. `memory` is the
 * peak of the process above what it held with the file read and the decoder's code loaded (Linux).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { decodeImage } from '../../packages/core/src/image/decode.js';
import { setWebpWasm } from '../../packages/core/src/image/webp/codec.js';
import { readWebpWasm } from '../../packages/core/src/node/webp-wasm.js';
import { PIN } from './pin.js';
import { spread } from './statistics.js';
import { table } from './table.js';

const FOLDER = fileURLToPath(new URL('pictures/', import.meta.url));
const SAMPLES = ['astronaut.jpg', 'coffee.jpg', 'rocket.jpg', 'chelsea.png'];

const SIZES = { VGA: [640, 480], '3 MP': [2048, 1536], '20 MP': [5472, 3648] } as const;

type Kind = 'png' | 'png-interlaced' | 'webp' | 'webp-lossless' | 'gif';

const CASES: readonly (readonly [Kind, keyof typeof SIZES])[] = [
  ['png', 'VGA'],
  ['png', '3 MP'],
  ['png', '20 MP'],
  ['png-interlaced', '3 MP'],
  ['webp', 'VGA'],
  ['webp', '3 MP'],
  ['webp', '20 MP'],
  ['webp-lossless', '3 MP'],
  ['gif', 'VGA'],
  ['gif', '3 MP'],
  ['gif', '20 MP'],
];

const DECODERS = {
  ours: (bytes: Uint8Array) =>
    decodeImage(bytes, {
      maxBytes: 2 ** 30,
      maxPixels: 1e9,
      orientation: true,
      minimumSize: () => ({ width: 224, height: 224 }),
    }),
  sharp: (bytes: Uint8Array) => sharp(bytes).removeAlpha().raw().toBuffer(),
} as const;

type DecoderName = keyof typeof DECODERS;

interface Result {
  readonly file: string;
  readonly decoder: DecoderName;
  readonly fileMB: number;
  readonly firstMs: number;
  readonly warmMs: number;
  readonly memoryMB: number;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    one: { type: 'string' },
    decoder: { type: 'string', default: 'ours' },
    node: { type: 'string', default: process.execPath },
  },
});
if (values.one)
  console.log(JSON.stringify(await measure(values.one, values.decoder as DecoderName)));
else await measureAll();

async function measureAll(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const results: Result[] = [];
  for (const [kind, size] of CASES.filter(([kind]) => kind.startsWith(values.only))) {
    const path = `${FOLDER}${size.replace(' ', '')}.${kind}`;
    const [width, height] = SIZES[size];
    if (!existsSync(path)) writeFileSync(path, await write(kind, width, height));
    for (const decoder of ['ours', 'sharp'] as const) {
      const script = fileURLToPath(import.meta.url);
      const [command = '', ...args] = [...PIN, values.node, script];
      const output = execFileSync(command, [...args, '--one', path, '--decoder', decoder]);
      results.push({ ...JSON.parse(output.toString()), file: `${kind} ${size}` });
    }
  }
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else console.log(asTable(results));
}

function asTable(results: readonly Result[]): string {
  const rows = results.map((r) => [
    ...[r.file, r.decoder, r.fileMB.toFixed(1), r.firstMs.toFixed(0)],
    ...[r.warmMs.toFixed(1), r.memoryMB.toFixed(0)],
  ]);
  return table(['file', 'decoder', 'file MB', 'first ms', 'warm ms', 'memory MB'], rows);
}

async function measure(path: string, decoder: DecoderName): Promise<Omit<Result, 'file'>> {
  setWebpWasm(readWebpWasm);
  const bytes = new Uint8Array(readFileSync(path));
  const decode = DECODERS[decoder];
  // Loads the decoder's code, but hardly runs it.
  const tiny = await write(path.split('.').at(-1) as Kind, 1, 1);
  await decode(new Uint8Array(tiny));
  writeFileSync('/proc/self/clear_refs', '5');
  const rest = statusMB('VmRSS');
  const times: number[] = [];
  const end = performance.now() + 6000;
  while (times.length < 3 || (performance.now() < end && times.length < 15)) {
    const start = performance.now();
    await decode(bytes);
    times.push(performance.now() - start);
  }
  return {
    decoder,
    fileMB: bytes.length / 2 ** 20,
    firstMs: times[0] ?? Number.NaN,
    warmMs: spread(times.slice(1)).median,
    memoryMB: statusMB('VmHWM') - rest,
  };
}

function statusMB(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** A picture of real photos side by side, at the detail that they have. */
async function write(kind: Kind, width: number, height: number): Promise<Uint8Array> {
  const folder = new URL('../../../samples/', import.meta.url);
  const photos = await Promise.all(
    SAMPLES.map((name) =>
      sharp(fileURLToPath(new URL(name, folder)))
        .resize(400, 300)
        .toBuffer(),
    ),
  );
  const tiles = [];
  for (let top = 0, i = 0; top < height; top += 300) {
    for (let left = 0; left < width; left += 400, i++) {
      const input = photos[(i * 7 + top / 300) % photos.length];
      tiles.push({ input: input ?? '', left, top });
    }
  }
  const [w, h] = [Math.ceil(width / 400) * 400, Math.ceil(height / 300) * 300];
  const sheet = await sharp({ create: { width: w, height: h, channels: 3, background: '#fff' } })
    .composite(tiles)
    .raw()
    .toBuffer();
  const picture = sharp(sheet, { raw: { width: w, height: h, channels: 3 } }).extract({
    left: 0,
    top: 0,
    width,
    height,
  });
  switch (kind) {
    case 'png':
      return picture.png({ adaptiveFiltering: true }).toBuffer();
    case 'png-interlaced':
      return picture.png({ adaptiveFiltering: true, progressive: true }).toBuffer();
    case 'webp':
      return picture.webp({ quality: 80 }).toBuffer();
    case 'webp-lossless':
      return picture.webp({ lossless: true, effort: 2 }).toBuffer();
    case 'gif':
      return picture.gif().toBuffer();
  }
}
