/**
 * What many photos at once cost the page, in Chromium and Firefox: the longest task of its own thread (Chromium alone
 * records tasks), the processor time of that thread beside that of the whole browser, and the browser's memory once a
 * quarter, a half, three quarters and all of them are captioned.
 *
 *   node scripts/run.mjs packages/demo/scripts/measure-many.ts [--photos 200] [FOLDER]
 *
 * FOLDER    a built page; default packages/demo/dist
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { BROWSERS, type BrowserKind } from '../test/drivers.js';
import { memoryOf, processorTime, watchProcesses } from './browser-processes.js';
import { countingServer } from './counting-server.js';
import { longestTask } from './longest-task.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { photos: { type: 'string', default: '200' } },
});
const page = resolve(positionals[0] ?? 'packages/demo/dist');
const count = Number(values.photos);
const SAMPLES = ['giraffes.jpg', 'coffee.jpg', 'kingfisher.jpg', 'polar-bear.jpg', 'bison.jpg'];
/** A phone's photos; every tenth is as large as those of a good camera. */
const WIDTHS = [4000, 640, 1600, 2400, 1280, 800, 2000, 640, 1600, 2400];

async function writePhotos(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${String(i).padStart(4, '0')}.jpg`);
    const sample = resolve('samples', SAMPLES[i % SAMPLES.length] ?? '');
    await sharp(sample)
      .resize(WIDTHS[i % WIDTHS.length])
      .jpeg({ quality: 80 })
      .toFile(path);
    paths.push(path);
  }
  return paths;
}

/** Runs in the page: waits until so many photos have been captioned. */
async function captioned(count: number): Promise<void> {
  const done = () => document.querySelectorAll('.thumb[data-status="done"]').length >= count;
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Runs in the page: counts tasks that the browser itself calls long, by the clock. */
function watchTasks() {
  const tasks: number[] = [];
  Object.assign(globalThis, { tasks });
  if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return;
  new PerformanceObserver((list) => {
    tasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: 'longtask', buffered: true });
}

async function memoryAndTime(kind: BrowserKind, paths: readonly string[]): Promise<void> {
  const server = await countingServer(page);
  const browser = watchProcesses(kind);
  const tab = await kind.start();
  try {
    await tab.open(server.address);
    await tab.evaluate(watchTasks, null);
    const start = new Map(browser().map((pid) => [pid, [mainThread(pid), processorTime(pid)]]));
    await tab.choose('#files', paths);
    const memory: string[] = [];
    for (const share of [0.25, 0.5, 0.75, 1]) {
      await tab.evaluate(captioned, Math.floor(count * share));
      memory.push((memoryOf(browser()) / 2 ** 20).toFixed(0));
    }
    const spent = browser().map((pid) => {
      const [main = 0, all = 0] = start.get(pid) ?? [];
      return { main: mainThread(pid) - main, all: processorTime(pid) - all };
    });
    // The process that has the workers is the page's.
    const own = spent.toSorted((a, b) => b.all - a.all)[0];
    const tasks = await tab.evaluate(
      () => (globalThis as unknown as { tasks: number[] }).tasks,
      null,
    );
    console.log(`${kind.name}: memory ${memory.join(', ')} MiB after each quarter`);
    console.log(
      `  processor time: page's thread ${seconds(own?.main)}, its process ${seconds(own?.all)}`,
    );
    if (kind.name === 'Chromium') {
      const longest = Math.max(0, ...tasks).toFixed(0);
      console.log(`  tasks over 50 ms by the clock: ${tasks.length}, the longest ${longest} ms`);
    }
  } finally {
    await tab.close();
    server.close();
  }
}

const mainThread = (pid: string) => processorTime(`${pid}/task/${pid}`);
const seconds = (milliseconds = 0) => `${(milliseconds / 1000).toFixed(1)} s`;

const folder = mkdtempSync(join(tmpdir(), 'zipcaption-many-'));
try {
  const paths = await writePhotos(folder);
  console.log(`${count} photos`);
  const longest = (await longestTask(page, paths)).toFixed(0);
  console.log(`Chromium: longest task of the page's thread, its processor time: ${longest} ms`);
  for (const kind of BROWSERS.filter(({ name }) => name !== 'WebKit')) {
    await memoryAndTime(kind, paths);
  }
} finally {
  rmSync(folder, { recursive: true });
}
