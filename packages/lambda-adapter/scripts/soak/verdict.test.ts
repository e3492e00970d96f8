import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { Minute } from './curve.js';
import { ProcessClock } from './process-time.js';
import { Faults, faultsOf } from './verdict.js';

const minute = (number: number, more: Partial<Minute> = {}): Minute => ({
  number,
  resident: [200, 210],
  strain: 1,
  late: 0,
  slowest: 900,
  ...more,
});
const flat = Array.from({ length: 90 }, (_, n) => 200 + (n % 7));

it('finds nothing wrong with short waits and flat memory', () => {
  expect(faultsOf([minute(1), minute(2)], flat)).toEqual([]);
});

it('a late photo is the server’s fault only where the machine had time', () => {
  expect(faultsOf([minute(1, { late: 2 }), minute(2, { late: 3, strain: 4 })], flat)).toEqual([
    'minute 1: 2 × 504 although the machine was not busy',
  ]);
});

it('an answer may take the time limit, a little more, and what the machine adds', () => {
  const minutes = [minute(1, { slowest: 34_000 }), minute(2, { slowest: 36_000 })];
  expect(faultsOf(minutes, flat)).toEqual(['minute 2: an answer after 36 s, limit 30 s']);
  expect(faultsOf([minute(1, { slowest: 60_000, strain: 2 })], flat)).toEqual([]);
});

it('memory may not grow, nor be too large at any time', () => {
  const growing = flat.map((mb, n) => mb + 3 * n);
  expect(faultsOf([minute(1)], growing)).toEqual([
    'memory grew from 338 MB in the middle third to 430 MB in the last',
  ]);
  // What the first third needs to warm up is no growth.
  expect(
    faultsOf([minute(1)], [...flat.slice(0, 30).map((mb) => mb / 2), ...flat.slice(30)]),
  ).toEqual([]);
  expect(faultsOf([minute(1)], [...flat.slice(0, 80), 700, ...flat.slice(81)])).toEqual([
    '700 MB of memory at the peak',
  ]);
});

it('tells faults of the same kind once, with their number', () => {
  const faults = new Faults();
  faults.add({ name: 'page', fault: undefined });
  for (let n = 0; n < 3; n++) faults.add({ name: 'page', fault: 'no answer (ECONNRESET)' });
  faults.add({ name: 'json', fault: '500 in place of 200' });
  expect(faults.lines).toEqual([
    '3 × page: no answer (ECONNRESET); first after 0.0 min',
    '1 × json: 500 in place of 200; first after 0.0 min',
  ]);
});

it.runIf(process.platform === 'linux')(
  'reads how long a process ran, with threads that end in between',
  async () => {
    const clock = new ProcessClock(process.pid);
    const busy =
      'const start = process.cpuUsage(); while (process.cpuUsage(start).user < 150_000);';
    const tell =
      "const { parentPort } = require('node:worker_threads'); parentPort.postMessage('')";
    const worker = new Worker(`${busy} ${tell}; parentPort.once('message', () => undefined)`, {
      eval: true,
    });
    await new Promise((resolve) => worker.once('message', resolve));
    expect(clock.lap().ran).toBeGreaterThan(0.1);
    await worker.terminate();
    const { ran, waited } = clock.lap();
    expect(ran).toBeGreaterThanOrEqual(0);
    expect(waited).toBeGreaterThanOrEqual(0);
  },
);
