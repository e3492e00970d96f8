import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request as startRequest } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from './repository-root.js';

/*
 * Many requests at once against the local server, good and bad mixed: every one must get the answer
 * it asks for, and memory must not grow.
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '32' },
    workers: { type: 'string', default: '1' },
  },
});

/** A request and what it must be answered with; 0 for one that is broken off. */
interface Shot {
  readonly name: string;
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Record<string, string>;
  readonly path?: string;
  /** Bytes after which the upload is broken off. */
  readonly breakAt?: number;
}

const jpeg = readFileSync(join(repositoryRoot, 'samples/astronaut.jpg'));
const png = readFileSync(join(repositoryRoot, 'samples/chelsea.png'));
const image = { 'content-type': 'image/jpeg' };
let count = 0;
/** The same photo to look at, but not to a cache: what follows the end of a JPEG is not read. */
const fresh = () => Buffer.concat([jpeg, Buffer.from(String(count++))]);
const form = (body: Buffer, end = '--b--\r\n') => ({
  body: Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'),
    body,
    Buffer.from(`\r\n${end}`),
  ]),
  headers: { 'content-type': 'multipart/form-data; boundary=b' },
});
const json = (text: string) => ({
  body: Buffer.from(text),
  headers: { 'content-type': 'application/json' },
});

const shots: readonly (() => Shot)[] = [
  () => ({
    name: 'new photo',
    status: 200,
    body: fresh(),
    headers: image,
    path: '/caption?beams=1',
  }),
  () => ({ name: 'known photo', status: 200, body: jpeg, headers: image }),
  () => ({ name: 'known png', status: 200, body: png, headers: image }),
  () => ({ name: 'form', status: 200, ...form(jpeg) }),
  () => ({
    name: 'json',
    status: 200,
    ...json(JSON.stringify({ image: jpeg.toString('base64') })),
  }),
  () => ({ name: 'warm ping', status: 204, body: Buffer.alloc(0), headers: image }),
  () => ({ name: 'not a photo', status: 415, body: Buffer.from('hello'), headers: image }),
  () => ({ name: 'cut photo', status: 422, body: png.subarray(0, 60), headers: image }),
  () => ({ name: 'bad option', status: 400, body: jpeg, headers: image, path: '/caption?beams=x' }),
  () => ({ name: 'bad form', status: 400, ...form(jpeg, '--c--') }),
  () => ({ name: 'bad json', status: 400, ...json('{"image":') }),
  () => ({ name: 'too large', status: 413, body: Buffer.alloc(2 ** 21), headers: image }),
  () => ({ name: 'bad path', status: 404, body: jpeg, headers: image, path: '/captions' }),
  () => ({ name: 'broken off', status: 0, body: jpeg, headers: image, breakAt: 20_000 }),
];

const agent = new Agent({ keepAlive: true, maxSockets: Number(values.connections) });

function shoot(url: string, shot: Shot): Promise<number> {
  return new Promise((resolve) => {
    const request = startRequest(
      `${url}${shot.path ?? '/caption'}`,
      { method: 'POST', agent, headers: { ...shot.headers, 'content-length': shot.body.length } },
      (response) => response.resume().once('end', () => resolve(response.statusCode ?? -1)),
    );
    request.once('error', () => resolve(shot.breakAt === undefined ? -1 : 0));
    if (shot.breakAt === undefined) request.end(shot.body);
    else request.write(shot.body.subarray(0, shot.breakAt), () => request.destroy());
  });
}

/** Resident memory of a process and its children, in MB. */
function memoryOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean);
  const resident = Number(
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
  );
  return resident / 1024 + children.reduce((sum, child) => sum + memoryOf(Number(child)), 0);
}

const server = spawn(
  process.execPath,
  [
    join(repositoryRoot, 'packages/lambda-adapter/dist/server/main.js'),
    '--port',
    '0',
    '--workers',
    values.workers,
  ],
  {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Bodies above 1 MiB are refused; nobody is turned away for the time they wait.
    env: {
      ...process.env,
      ZIPCAPTION_MAX_BYTES: String(2 ** 20),
      ZIPCAPTION_TIMEOUT_MS: '3600000',
    },
  },
);
const url = await new Promise<string>((resolve, reject) => {
  let text = '';
  server.stderr.setEncoding('utf8').on('data', (data: string) => {
    text += data;
    const found = /(http:\/\/\S+)\/caption/.exec(text)?.[1];
    if (found) resolve(found);
  });
  server.once('exit', () => reject(new Error(`The server did not start:\n${text}`)));
});

const total = Number(values.requests);
const latencies = new Map<string, number[]>();
const memory: number[] = [];
const wrong: string[] = [];
let next = 0;
async function client(): Promise<void> {
  for (let number = next++; number < total; number = next++) {
    const make = shots[number % shots.length];
    if (!make) throw new Error('No such shot.');
    const shot = make();
    const started = performance.now();
    const status = await shoot(url, shot);
    const list = latencies.get(shot.name) ?? [];
    list.push(performance.now() - started);
    latencies.set(shot.name, list);
    if (status !== shot.status) wrong.push(`${shot.name}: ${status}, not ${shot.status}`);
    if (number % Math.max(1, Math.floor(total / 40)) === 0) memory.push(memoryOf(server.pid ?? 0));
  }
}
const started = performance.now();
await Promise.all(Array.from({ length: Number(values.connections) }, client));
const seconds = (performance.now() - started) / 1000;
agent.destroy();

const quantile = (list: readonly number[], q: number) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0;
console.log(
  `${total} requests over ${values.connections} connections in ${seconds.toFixed(1)} s\n`,
);
console.log(
  'request'.padEnd(14),
  ...['count', 'p50', 'p90', 'p99', 'max'].map((h) => h.padStart(9)),
);
for (const [name, list] of latencies) {
  const row = [
    list.length,
    ...[0.5, 0.9, 0.99, 1].map((q) => `${quantile(list, q).toFixed(0)} ms`),
  ];
  console.log(name.padEnd(14), ...row.map((cell) => String(cell).padStart(9)));
}
const quarter = Math.floor(memory.length / 4);
const early = quantile(memory.slice(quarter, 2 * quarter), 0.5);
const late = quantile(memory.slice(-quarter), 0.5);
const growth = late - early;
console.log(
  `\nmemory: ${early.toFixed(0)} MB in the second quarter, ${late.toFixed(0)} MB in the last`,
);

const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
server.kill('SIGTERM');
const code = await ended;
if (code !== 0) wrong.push(`the server ended with ${code} on SIGTERM`);
// The garbage collector leaves some slack; a leak of the bodies would be gigabytes.
if (growth > Math.max(40, early * 0.15)) wrong.push(`memory grew by ${growth.toFixed(0)} MB`);
for (const each of [...new Set(wrong)].slice(0, 20)) console.log(`FAIL  ${each}`);
console.log(`\n${total - wrong.length} passed, ${wrong.length} failed`);
process.exitCode = wrong.length > 0 ? 1 : 0;
