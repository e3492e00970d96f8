/**
 * What the page costs a visitor, in Chromium and Firefox: bytes of the first view and of the first caption, how long
 * that takes on an empty cache, how long the page's own thread is blocked while photos are captioned, memory.
 *
 *   node scripts/run.mjs packages/demo/scripts/measure.ts [--runs 3] [--before FOLDER] [FOLDER]
 *
 * FOLDER    a built page; default packages/demo/dist
 * --before  another one to compare with, measured in turns with it
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BROWSERS, type BrowserKind } from '../test/drivers.js';
import { memoryOf, processorTime, watchProcesses } from './browser-processes.js';
import { countingServer } from './counting-server.js';
import { longestTask } from './longest-task.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, before: { type: 'string' } },
});
const root = resolve(positionals[0] ?? 'packages/demo/dist');
const samples = ['chelsea.png', 'rocket.jpg', 'astronaut.jpg', 'coffee.jpg'];
const paths = samples.map((name) => resolve('samples', name));

interface Visit {
  /** Compressed, before a photo was chosen. */
  readonly firstView: number;
  /** Compressed, until the first caption was there. */
  readonly untilCaption: number;
  /** Milliseconds from the choice of a photo on. */
  readonly firstCaption: number;
  /** Milliseconds of processor time of the whole browser meanwhile. */
  readonly processor: number;
  /** Longest time that the page's thread answered nobody, in milliseconds, while four photos were captioned. */
  readonly blocked: number;
  /** Longest task that the browser reports; only Chromium does. */
  readonly longTask: number | undefined;
  /** Bytes of the whole browser at the end, shared ones in proportion. */
  readonly memory: number;
}

async function visit(kind: BrowserKind, folder: string): Promise<Visit> {
  const server = await countingServer(folder);
  const browser = watchProcesses(kind);
  const tab = await kind.start();
  const seconds = () => browser().reduce((sum, pid) => sum + processorTime(pid), 0);
  try {
    await tab.open(server.address);
    await tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2000)), null);
    const firstView = server.sent();
    const processorBefore = seconds();
    // The clock starts in the page, before the file is handed over.
    await tab.evaluate(watchCaption, null);
    await tab.choose('#files', paths.slice(-1));
    const firstCaption = await tab.evaluate(captionTime, 1);
    const processor = seconds() - processorBefore;
    const untilCaption = server.sent();
    await tab.evaluate(watchThread, null);
    await tab.choose('#files', paths);
    const { blocked, longTask } = await tab.evaluate(threadBlocked, 1 + paths.length);
    const memory = memoryOf(browser());
    return {
      firstView,
      untilCaption,
      firstCaption,
      processor,
      blocked,
      longTask,
      memory,
    };
  } finally {
    await tab.close();
    server.close();
  }
}

interface Watched {
  chosen: number;
  gaps: number[];
  tasks: number[];
}

/** Runs in the page. */
function watchCaption() {
  const field = document.querySelector('#files');
  field?.addEventListener(
    'change',
    () => {
      (globalThis as unknown as Watched).chosen = performance.now();
    },
    { once: true, capture: true },
  );
}

/** Runs in the page: milliseconds from the choice of a photo until so many are captioned. */
async function captionTime(count: number): Promise<number> {
  const done = () => document.querySelectorAll('.thumb[data-status="done"]').length >= count;
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
  return performance.now() - (globalThis as unknown as Watched).chosen;
}

/** Runs in the page: a message to itself at every turn tells how long the thread was busy with others. */
function watchThread() {
  const watched = globalThis as unknown as Watched;
  watched.gaps = [];
  watched.tasks = [];
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  port1.onmessage = () => {
    const now = performance.now();
    watched.gaps.push(now - last);
    last = now;
    setTimeout(() => port2.postMessage(0), 0);
  };
  port2.postMessage(0);
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) {
    new PerformanceObserver((list) => {
      watched.tasks.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ entryTypes: ['longtask'] });
  }
}

/** Runs in the page. */
async function threadBlocked(count: number) {
  const done = () => document.querySelectorAll('.thumb[data-status="done"]').length >= count;
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 50));
  const { gaps, tasks } = globalThis as unknown as Watched;
  const reports = PerformanceObserver.supportedEntryTypes.includes('longtask');
  return {
    blocked: Math.max(...gaps),
    longTask: reports ? Math.max(0, ...tasks) : undefined,
  };
}

const columns: [string, (visit: Visit) => number | undefined, string][] = [
  ['first view', (v) => v.firstView / 1000, 'kB'],
  ['bytes until the first caption', (v) => v.untilCaption / 1e6, 'MB'],
  ['first caption', (v) => v.firstCaption, 'ms'],
  ['processor time for it', (v) => v.processor, 'ms'],
  ['page blocked, at most', (v) => v.blocked, 'ms'],
  ['longest task', (v) => v.longTask, 'ms'],
  ['memory', (v) => v.memory / 2 ** 20, 'MiB'],
];

const pages = [
  ...(values.before ? [{ name: 'before', folder: resolve(values.before) }] : []),
  { name: 'now', folder: root },
];
for (const { folder } of pages) statSync(join(folder, 'index.html'));
for (const { name, folder } of pages) {
  const least: number[] = [];
  for (let run = 0; run < Number(values.runs); run++) {
    least.push(await longestTask(folder, paths, paths.at(-1)));
  }
  const task = Math.min(...least).toFixed(1);
  console.log(`Longest task of the page's thread in Chromium, processor time: ${name} ${task} ms`);
}
for (const kind of BROWSERS.filter(({ name }) => name !== 'WebKit')) {
  const visits = pages.map(() => [] as Visit[]);
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [i, { folder }] of pages.entries()) visits[i]?.push(await visit(kind, folder));
  }
  console.log(`\n${kind.name} (least of ${values.runs} visits each, in turns)`);
  for (const [label, of, unit] of columns) {
    const least = visits.map((each) => Math.min(...each.map((v) => of(v) ?? Number.NaN)));
    if (least.some(Number.isNaN)) continue; // This browser does not tell.
    const text = least.map((value, i) => `${pages[i]?.name} ${value.toFixed(1)} ${unit}`);
    console.log(`  ${label.padEnd(30)} ${text.join('   ')}`);
  }
}
