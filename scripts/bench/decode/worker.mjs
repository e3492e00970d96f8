// Decodes one file with one decoder, in a process of its own, and prints what it cost.
//
//   node worker.mjs DECODER FILE RUNS
//
// Memory is measured on the first run: the most that the process ever had, less what it had before.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [decoder = '', file = '', runs = '1'] = process.argv.slice(2);

/** What the model's input needs. */
const TARGET = 224;
/** No decoder gets more time than this on one file, but each decodes it twice at least. */
const MOST_MS = 6_000;

const decoders = {
  async 'ours to 224'() {
    const { decodeJpeg } = await import('./.cache/ours.mjs');
    return (bytes) => decodeJpeg(bytes, { atLeast: { width: TARGET, height: TARGET } });
  },
  async 'ours full'() {
    const { decodeJpeg } = await import('./.cache/ours.mjs');
    return (bytes) => decodeJpeg(bytes);
  },
  async 'jpeg-js full'() {
    const core = new URL('../../../packages/core/package.json', import.meta.url);
    const { decode } = createRequire(core)('jpeg-js');
    return (bytes) => decode(bytes, { useTArray: true, maxMemoryUsageInMB: 8192 });
  },
  async '@jsquash/jpeg full'() {
    const { default: decode, init } = await import('@jsquash/jpeg/decode.js');
    const wasm = import.meta.resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
    await init(await WebAssembly.compile(readFileSync(fileURLToPath(wasm))));
    globalThis.ImageData ??= class {
      constructor(data, width, height) {
        Object.assign(this, { data, width, height });
      }
    };
    return (bytes) => decode(bytes.buffer);
  },
  async 'sharp full'() {
    const sharp = await oneThreadSharp();
    return async (bytes) => {
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height };
    };
  },
  async 'sharp to 224'() {
    const sharp = await oneThreadSharp();
    return async (bytes) => {
      const { data, info } = await sharp(bytes)
        .resize(TARGET, TARGET, { fit: 'outside', withoutEnlargement: true })
        .raw()
        .toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height };
    };
  },
};

async function oneThreadSharp() {
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/** On Linux a process begins with the peak of the one that started it (getrusage(2)), so it is reset. */
function forgetPeak() {
  if (process.platform === 'linux') writeFileSync('/proc/self/clear_refs', '5');
}

function peakBytes() {
  const kilobytes =
    process.platform === 'linux'
      ? Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
      : process.resourceUsage().maxRSS;
  return kilobytes * 1024;
}

const decode = await decoders[decoder]();
const bytes = new Uint8Array(readFileSync(file));
globalThis.gc?.();
forgetPeak();
const restingBytes = process.memoryUsage().rss;

const times = [];
let size = '';
let memoryMb = 0;
const begun = performance.now();
for (let i = 0; i < Number(runs); i++) {
  const start = performance.now();
  const { width, height } = await decode(bytes);
  times.push(performance.now() - start);
  size = `${width}×${height}`;
  if (i === 0) memoryMb = (peakBytes() - restingBytes) / 2 ** 20;
  if (i > 0 && performance.now() - begun > MOST_MS) break;
}
console.log(JSON.stringify({ times, memoryMb, size }));
