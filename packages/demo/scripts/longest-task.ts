import { chromium, type Page } from 'playwright-core';
import { countingServer } from './counting-server.js';

/**
 * The longest task of the page's own thread while it captions photos, in milliseconds of processor time: on a busy
 * machine a task's time by the clock tells more of others' work. Chromium alone records it.
 *
 * @param folder a built page
 * @param paths the photos
 * @param first a photo that is captioned before, so that the model is there
 */
export async function longestTask(
  folder: string,
  paths: readonly string[],
  first?: string,
): Promise<number> {
  const server = await countingServer(folder);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(server.address);
    if (first) await caption(page, [first], 1);
    await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
    await caption(page, paths, paths.length + (first ? 1 : 0));
    return longestMainTask(JSON.parse((await browser.stopTracing()).toString()).traceEvents);
  } finally {
    await browser.close();
    server.close();
  }
}

/** @param count photos that are captioned then, those before included */
async function caption(page: Page, paths: readonly string[], count: number): Promise<void> {
  await page.setInputFiles('#files', [...paths]);
  await page.waitForFunction(
    (count) => document.querySelectorAll('.thumb[data-status="done"]').length >= count,
    count,
    { timeout: 0, polling: 500 },
  );
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

function longestMainTask(events: readonly TraceEvent[]): number {
  const isMain = ({ name, args }: TraceEvent) =>
    name === 'thread_name' && args?.name === 'CrRendererMain';
  const threads = new Set(events.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = events.filter(({ pid, tid, tdur }) => tdur && threads.has(`${pid} ${tid}`));
  if (tasks.length === 0) throw new Error('The trace has no tasks of the page.');
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}
