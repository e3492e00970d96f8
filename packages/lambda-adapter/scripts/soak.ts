import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { tally } from './attack/attack.js';
import { Target } from './attack/target.js';
import { repositoryRoot } from './repository-root.js';
import { badClient } from './soak/bad-clients.js';
import { Curve, quantile } from './soak/curve.js';
import { honestClients, type Judged, MOST_BYTES } from './soak/honest-clients.js';
import { ProcessClock } from './soak/process-time.js';
import { Faults, faultsOf } from './soak/verdict.js';

/*
 * Honest and bad clients at the same time for as long as one likes. It fails if an honest request is not
 * answered, or not as it must be (429, 503 and 504 only with Retry-After), if a photo is late (504) although
 * the machine had time, if an answer comes long after the time limit, if memory grows or passes 600 MB, or if
 * the server does not end with 0. A row a minute goes to the terminal and into a file as Markdown.
 *
 *   pnpm soak [--minutes 60] [--connections 32] [--workers 1] [--curve FILE]
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    connections: { type: 'string', default: '32' },
    workers: { type: 'string', default: '1' },
    curve: { type: 'string', default: join(repositoryRoot, 'node_modules/.cache/soak.md') },
  },
});
const MINUTE = 60_000;
const minutes = Number(values.minutes);
const target = await Target.start(['--workers', values.workers], {
  ZIPCAPTION_MAX_BYTES: String(MOST_BYTES),
});
const pid = target.process.pid ?? 0;
const status = () => readFileSync(`/proc/${pid}/status`, 'utf8');
const resident = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(status())?.[1]) / 1024;
const curve = new Curve(values.curve);
const faults = new Faults();
const answers = new Map<string, Judged['answer'][]>();
const samples: number[] = [];
let minute: Judged[] = [];

function tell(judged: Judged): void {
  const { name, answer } = judged;
  faults.add(judged);
  // Only what is counted is kept.
  const kept = { ...answer, body: '', headers: {} };
  const list = answers.get(name) ?? [];
  list.push(kept);
  answers.set(name, list);
  minute.push({ ...judged, answer: kept });
}

const started = performance.now();
const isOver = () => !target.isAlive || performance.now() - started >= minutes * MINUTE;
const clients = Promise.all([
  honestClients(target, Number(values.connections), isOver, tell),
  ...Array.from({ length: 4 }, () => badClient(target, isOver)),
]);
await target.found();
const clock = new ProcessClock(pid);
for (let number = 1; number <= minutes && target.isAlive; number++) {
  const own: number[] = [];
  while (target.isAlive && performance.now() - started < number * MINUTE) {
    own.push(resident());
    await pause(1_000);
  }
  if (!target.isAlive) break;
  samples.push(...own);
  const [found, { body }] = await Promise.all([
    target.found(),
    target.send({ method: 'GET', path: '/metrics' }),
  ]);
  const time = clock.lap();
  const gauge = (name: string) =>
    Number(new RegExp(`^zipcaption_${name} (\\d+)$`, 'm').exec(body)?.[1]);
  const [waiting, replaced] = [gauge('queue_photos'), gauge('workers_lost')];
  curve.add({ judged: minute, resident: own, found, time, waiting, replaced });
  minute = [];
}
await clients;

curve.write('');
for (const [name, list] of answers) {
  const times = list.map(({ milliseconds }) => milliseconds);
  const row = [0.5, 0.99].map((q) => `${quantile(times, q).toFixed(0)} ms`).join(' / ');
  curve.write(`- ${name}: p50 / p99 ${row}; ${tally(list)}`);
}
const code = await target.stop();
const wrong = [...faults.lines, ...faultsOf(curve.minutes, samples)];
if (code !== 0) wrong.push(`the server ended with ${code}`);
for (const each of wrong) curve.write(`- FAIL: ${each}`);
curve.write(wrong.length === 0 ? '\nNothing wrong.' : `\n${wrong.length} kinds of fault.`);
process.exitCode = wrong.length === 0 ? 0 : 1;
