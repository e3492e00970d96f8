// Proves that a run over many photos survives being killed: `pnpm prove:resume [--short]`. The command line captions a
// folder into a file and sidecars, is killed (SIGKILL) 20 times at random moments, and its file is cut in the middle of
// the last line; then it comes to its end. Every photo must have exactly one line and one whole sidecar, with the very
// caption that a run without any kill gives.
//
//   node scripts/prove-resume.mjs [--short] [--photos N] [--tiny] [--seed N]        after tsc --build
//
// --tiny takes the tests' small model, with which 100,000 photos are a matter of minutes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean' },
    photos: { type: 'string' },
    tiny: { type: 'boolean' },
    seed: { type: 'string' },
  },
});
const kills = values.short ? 3 : 20;
const photos = Number(values.photos ?? (values.short ? 60 : 400));
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'packages/core/dist/cli/main.js');
const model = values.tiny ? ['--model', join(root, 'packages/core/test/fixtures/tiny-model')] : [];
const folder = mkdtempSync(join(tmpdir(), 'zipcaption-resume-'));

/** mulberry32: the moments of the kills can be had again by --seed. */
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** Crops of the samples, every 50th of them broken, in folders of folders. */
async function makePhotos() {
  const samples = ['astronaut.jpg', 'coffee.jpg', 'rocket.jpg', 'chelsea.png'];
  const names = [];
  for (let i = 0; i < photos; i++) {
    const name = `${i % 7}/${i % 3 ? 'deep/' : ''}photo${i}.jpg`;
    mkdirSync(join(folder, 'in', name, '..'), { recursive: true });
    names.push(name);
    if (i % 50 === 49) {
      writeFileSync(join(folder, 'in', name), 'broken');
      continue;
    }
    const side = 120 + Math.floor(random() * 80);
    const [left, top] = [Math.floor(random() * 200), Math.floor(random() * 100)];
    await sharp(join(root, 'samples', samples[i % samples.length]))
      .extract({ left, top, width: side, height: side })
      .jpeg()
      .toFile(join(folder, 'in', name));
  }
  return names.sort();
}

const out = join(folder, 'out.jsonl');
const start = (args) =>
  spawn(process.execPath, [main, '-r', join(folder, 'in'), '--jobs', '2', ...model, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
const resumed = ['--out', out, '--sidecar', 'json', '--resume'];

/** Resident memory of each run when it was killed, in megabytes; where the system does not tell, nothing. */
const memory = [];

function residentMegabytes(pid) {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1000);
  } catch {
    return undefined;
  }
}

async function runToEnd(args) {
  const child = start(args);
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  return { code, said };
}

const size = () => statSync(out, { throwIfNoEntry: false })?.size ?? 0;

/** About the bytes of a line. */
const LINE = 280;

/** Kills a run at a random moment: while it starts, or within its next dozens of lines. */
async function killOnce() {
  const child = start(resumed);
  child.stderr.resume();
  const before = size();
  const ended = once(child, 'exit');
  let running = true;
  void ended.then(() => {
    running = false;
  });
  // One in five dies before its first line, the others at work.
  const lines = random() < 0.2 ? 0 : Math.ceil(random() * ((1.5 * photos) / kills));
  while (running && size() < before + lines * LINE) await sleep(2);
  await sleep(random() * 200);
  const megabytes = running && residentMegabytes(child.pid);
  if (megabytes) memory.push(megabytes);
  child.kill('SIGKILL');
  await ended;
  return size() > before;
}

const problems = [];
const check = (isTrue, what) => {
  if (!isTrue) problems.push(what);
};

try {
  const names = await makePhotos();
  let advanced = 0;
  for (let kill = 1; kill <= kills; kill++) if (await killOnce()) advanced++;
  const lines = () => readFileSync(out, 'utf8').split('\n').slice(0, -1);
  const atLast = lines().length;
  if (size() > 10) truncateSync(out, size() - 5);
  const { said } = await runToEnd(resumed);
  const results = lines().map((line) => JSON.parse(line));
  const again = await runToEnd(resumed);

  const expected = join(folder, 'expected.jsonl');
  await runToEnd(['--out', expected, '--quiet']);
  const undisturbed = new Map(
    readFileSync(expected, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => {
        const result = JSON.parse(line);
        return [result.file, result];
      }),
  );
  const told = ({ caption, score, error }) => JSON.stringify([caption, score, error?.code]);
  check(
    JSON.stringify(results.map(({ file }) => file).sort()) === JSON.stringify(names),
    `${results.length} lines for ${names.length} photos`,
  );
  for (const result of results) {
    const sidecar = JSON.parse(readFileSync(join(folder, 'in', `${result.file}.json`), 'utf8'));
    check(told(sidecar) === told(result), `${result.file}: its sidecar says something else`);
    check(
      told(undisturbed.get(result.file) ?? {}) === told(result),
      `${result.file}: another caption`,
    );
  }
  check(again.said.includes('0 captioned'), `something was done twice: ${again.said}`);
  const left = readdirSync(folder).filter((name) => /\.(lock|tmp)/.test(name));
  check(left.length === 0, `left behind: ${left}`);
  console.log(
    `${names.length} photos, killed ${kills} times (${advanced} of them at work), ${atLast} lines before the last run; seed ${seed}`,
  );
  console.log(`megabytes of memory at each kill: ${memory.join(' ')}`);
  console.log(`the last run: ${said.trim().split('\n').at(-1)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems.slice(0, 20)) console.error(problem);
console.log(
  problems.length === 0 ? 'every photo has exactly one result' : `${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
