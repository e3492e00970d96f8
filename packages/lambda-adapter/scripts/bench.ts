import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { eventWithBody } from '../test/events/index.js';
import { billedGbSeconds, monthlyCost, type Usage } from './bench/cost.js';
import { type Limits, limitsFor, peakMemory } from './bench/lambda-limits.js';
import { repositoryRoot } from './repository-root.js';
import { remove, startSandbox, unpack } from './sandbox/sandbox.js';
import type { NodeLine } from './sandbox/toolchain.js';

/*
 * How the packaged function behaves cold and warm, in fresh processes under Lambda's limits, and
 * what that would cost: beside the figures of the essay that this project answers.
 */

const usage = `pnpm bench:lambda [--zip FILE] [--node 22|24] [--runs 5] [--warm 20] [--photo FILE] [--memory 512,1024,1769] [--env NAME=VALUE]`;
const { values } = parseArgs({
  options: {
    zip: { type: 'string', default: 'dist/lambda/zipcaption-lambda.zip' },
    node: { type: 'string', default: '24' },
    runs: { type: 'string', default: '5' },
    warm: { type: 'string', default: '20' },
    photo: { type: 'string', default: 'samples/astronaut.jpg' },
    memory: { type: 'string', default: '512,1024,1769' },
    env: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

interface Measurement extends Usage {
  readonly initCpu: number;
  readonly firstCpu: number;
  readonly warmCpu: number;
  readonly peak: number;
  readonly means: string;
}

async function measure(task: string, memory: number, node: NodeLine): Promise<Measurement> {
  const limits: Limits = limitsFor(memory);
  const event = eventWithBody('function-url', readFileSync(resolve(repositoryRoot, values.photo)));
  try {
    const sandbox = await startSandbox({
      task,
      node,
      memory,
      wrapper: limits.wrapper,
      onStart: limits.adopt,
      // The same photo again and again: each time captioned anew.
      env: { ZIPCAPTION_CACHE_BYTES: '0', ...Object.fromEntries(values.env.map(assignment)) },
    });
    const { api, pid, init } = sandbox;
    const cpu = () => 1000 * limits.cpuSeconds(pid);
    try {
      const initCpu = cpu();
      limits.throttle();
      const invoke = async () => {
        const before = cpu();
        const { duration, body } = await api.invoke(event);
        const answer = body.toString();
        if (!answer.includes('"statusCode":200')) throw new Error(answer.slice(0, 300));
        return { wall: duration, cpu: cpu() - before };
      };
      const first = await invoke();
      const warm: { wall: number; cpu: number }[] = [];
      const count = Number(values.warm);
      for (let i = 0; i < count + 5; i++) {
        const each = await invoke();
        if (i >= 5) warm.push(each); // The compiler settles in the first few.
      }
      return {
        memory,
        init,
        initCpu,
        means: limits.means,
        peak: peakMemory(pid),
        first: first.wall,
        firstCpu: first.cpu,
        warm: median(warm.map(({ wall }) => wall)),
        warmCpu: warm.reduce((sum, { cpu }) => sum + cpu, 0) / warm.length,
      };
    } finally {
      await sandbox.stop();
    }
  } finally {
    limits.end();
  }
}

function assignment(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Each figure's median over several fresh processes. */
function combine(runs: readonly Measurement[]): Measurement {
  const [first] = runs;
  if (!first) throw new Error('--runs must be at least 1.');
  const of = (key: 'init' | 'initCpu' | 'first' | 'firstCpu' | 'warm' | 'warmCpu' | 'peak') =>
    median(runs.map((run) => run[key]));
  return {
    memory: first.memory,
    means: first.means,
    peak: of('peak'),
    init: of('init'),
    initCpu: of('initCpu'),
    first: of('first'),
    firstCpu: of('firstCpu'),
    warm: of('warm'),
    warmCpu: of('warmCpu'),
  };
}

function report(results: readonly Measurement[]): void {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  table([
    [
      'memory',
      'init',
      'first request',
      'cold in all',
      'warm',
      'peak memory',
      'CPU: init',
      'first',
      'warm',
    ],
    ...results.map(({ memory, init, initCpu, first, firstCpu, warm, warmCpu, peak }) => [
      `${memory} MB`,
      ms(init),
      ms(first),
      ms(init + first),
      ms(warm),
      `${peak.toFixed(0)} MB`,
      ms(initCpu),
      ms(firstCpu),
      ms(warmCpu),
    ]),
    ['essay: 1024 MB', '', '', '27,300–32,200 ms', '4,700 ms', '700–800 MB', '', '', ''],
  ]);
  console.log(
    '\n10,000 requests a month, without the free tier (400,000 GB-s, 1 million requests):\n',
  );
  const dollars = (value: number) => `$${value.toFixed(3)}`;
  table([
    ['memory', 'cold', 'GB-s', 'x86_64', 'arm64 at the same speed', 'storage'],
    ...results.flatMap((result) =>
      [0.01, 0.1, 1].map((share) => {
        const gbSeconds = billedGbSeconds(result, share);
        const [x86, arm] = [monthlyCost(gbSeconds, 'x86_64'), monthlyCost(gbSeconds, 'arm64')];
        return [
          `${result.memory} MB`,
          `${100 * share} %`,
          gbSeconds.toFixed(0),
          dollars(x86),
          dollars(arm),
          '$0',
        ];
      }),
    ),
    ['essay: 1024 MB', '', '100000', '$1.67', '', '$0.20–0.40'],
  ]);
}

function table(rows: readonly (readonly string[])[]): void {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    console.log(row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
  }
}

async function main(): Promise<void> {
  const zip = resolve(repositoryRoot, values.zip);
  if (!existsSync(zip)) throw new Error(`There is no ${zip}; run "pnpm package:lambda" first.`);
  const node = Number(values.node);
  if (node !== 22 && node !== 24) throw new Error('--node must be 22 or 24.');
  const task = unpack(zip);
  const results: Measurement[] = [];
  try {
    for (const memory of values.memory.split(',').map(Number)) {
      const runs: Measurement[] = [];
      for (let i = 0; i < Number(values.runs); i++) runs.push(await measure(task, memory, node));
      const result = combine(runs);
      console.log(`${memory} MB: ${result.means}`);
      results.push(result);
    }
  } finally {
    remove(task);
  }
  console.log(
    `\nNode ${node}, ${join('', values.photo)}, medians of ${values.runs} fresh processes, ${values.warm} warm requests each.\n`,
  );
  report(results);
}

if (values.help) console.log(usage);
else await main();
