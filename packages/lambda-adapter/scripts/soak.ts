import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { parseArgs } from 'node:util';
import { tally } from './attack/attack.js';
import { freshPhoto, knownPhoto } from './attack/photos.js';
import { type Answer, HONEST, Target as Server, type Target } from './attack/target.js';

/*
 * Honest and bad clients at the same time for as long as one likes: every honest request must be answered
 * or told when to come again, and memory must not grow.
 *
 *   pnpm soak --minutes 60 --connections 32
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    connections: { type: 'string', default: '32' },
  },
});
const end = performance.now() + Number(values.minutes) * 60_000;
const isOver = () => performance.now() >= end;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const image = { 'content-type': 'image/jpeg' };
const json = { 'content-type': 'application/json' };
const target: Target = await Server.start([], { ZIPCAPTION_MAX_BYTES: String(2 ** 21) });
const agent = new Agent({ keepAlive: true, maxSockets: Number(values.connections) });
const answers = new Map<string, Answer[]>();
const wrong = new Set<string>();

/** What honest clients send, and the statuses that they may get. */
const requests: readonly (readonly [
  name: string,
  make: () => Promise<Answer>,
  statuses: number[],
])[] = [
  [
    'new photo',
    () => send({ body: freshPhoto(), headers: image, path: '/caption?beams=1' }),
    [200, 429],
  ],
  ['known photo', () => send({ body: knownPhoto, headers: image }), [200, 429]],
  [
    'json',
    () =>
      send({ body: Buffer.from(`{"image":"${knownPhoto.toString('base64')}"}`), headers: json }),
    [200, 429],
  ],
  ['not a photo', () => send({ body: Buffer.from('hello'), headers: image }), [415, 429]],
  ['bad json', () => send({ body: Buffer.from('{"image":'), headers: json }), [400]],
  ['too large', () => send({ body: Buffer.alloc(2 ** 21 + 1), headers: image }), [413]],
  ['page', () => send({ method: 'GET', path: '/' }), [200]],
  ['metrics', () => send({ method: 'GET', path: '/metrics' }), [200]],
];
const send = (sent: Parameters<Target['send']>[0]) => target.send({ ...sent, agent, from: HONEST });

async function honest(lane: number): Promise<void> {
  for (let n = lane; !isOver(); n++) {
    const [name, make, statuses] = requests[n % requests.length] ?? [];
    if (!name || !make) return;
    const answer = await make();
    const list = answers.get(name) ?? [];
    list.push({ ...answer, body: '', headers: {} });
    answers.set(name, list);
    if (!statuses?.includes(answer.status)) wrong.add(`${name}: ${answer.status}`);
    if (answer.status === 429) await pause(1000);
  }
}

const head = (length: number) =>
  `POST /caption HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: ${length}\r\n\r\n`;
/** What bad clients do on a connection of theirs. */
const mischief: readonly string[] = [
  `${head(1e6)}abc`,
  'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100),
  `${head(3)}abcgarbage`,
  'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
  '\x16\x03\x01',
  '',
];

async function bad(): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const socket = await target.open();
    socket.pause();
    socket.write(mischief[n % mischief.length] ?? '');
    if (n % 3 === 0) {
      // A photo whose sender does not wait for its caption.
      const body = freshPhoto();
      const leaver = await target.open();
      leaver.write(head(body.length));
      leaver.write(body);
      setTimeout(() => leaver.destroy(), 50);
    }
    await pause(500);
    if (n % 2 === 0) socket.destroy();
    else setTimeout(() => socket.destroy(), 10_000);
  }
}

const resident = () =>
  Number(
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${target.process.pid}/status`, 'utf8'))?.[1],
  ) / 1024;
const curve: number[] = [];
const sampler = setInterval(() => curve.push(resident()), Number(values.minutes) * 1000);

await Promise.all([
  ...Array.from({ length: Number(values.connections) }, (_, lane) => honest(lane)),
  ...Array.from({ length: 4 }, bad),
]);
clearInterval(sampler);
agent.destroy();

const quantile = (list: readonly number[], q: number) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0;
for (const [name, list] of answers) {
  const times = list.map(({ milliseconds }) => milliseconds);
  const row = [0.5, 0.99].map((q) => `${quantile(times, q).toFixed(0)} ms`).join(' / ');
  console.log(`${name.padEnd(14)} p50 / p99 ${row.padEnd(20)} ${tally(list)}`);
}
console.log(`memory, MB: ${curve.map((mb) => mb.toFixed(0)).join(' ')}`);
const third = Math.floor(curve.length / 3);
const [early, late] = [curve.slice(third, 2 * third), curve.slice(-third)].map((part) =>
  quantile(part, 0.5),
);
if ((late ?? 0) > (early ?? 0) * 1.15 + 20) wrong.add(`memory grew from ${early} to ${late} MB`);
const code = await target.stop();
if (code !== 0) wrong.add(`the server ended with ${code}`);
for (const each of wrong) console.log(`FAIL  ${each}`);
console.log(wrong.size === 0 ? 'Nothing wrong.' : `${wrong.size} kinds of fault.`);
process.exitCode = wrong.size === 0 ? 0 : 1;
