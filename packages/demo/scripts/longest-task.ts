import { chromium, type Page } from 'playwright-core';
import { countingServer } from './counting-server.js';

/** What to have Chromium record for `processorTimes`. */
export const TASK_CATEGORIES = ['toplevel', '__metadata'];

/**
 * The longest task of the page's own thread while it captions photos, in milliseconds of processor time. Chromium alone
 * records it.
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
    await browser.startTracing(page, { categories: TASK_CATEGORIES });
    await caption(page, paths, paths.length + (first ? 1 : 0));
    return processorTimes(await browser.stopTracing()).longestTask;
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

/**
 * Milliseconds of processor time in a recording: on a busy machine, a task's time by the clock tells more of others'
 * work.
 */
export interface ProcessorTimes {
  /** The longest task of a page's own thread. */
  readonly longestTask: number;
  /** All tasks of its workers together. */
  readonly workers: number;
}

/** @param recording of Chromium, JSON, with `TASK_CATEGORIES` */
export function processorTimes(recording: Buffer): ProcessorTimes {
  const events: TraceEvent[] = JSON.parse(recording.toString()).traceEvents;
  const tasksOf = (thread: string) => {
    const isThread = ({ name, args }: TraceEvent) =>
      name === 'thread_name' && args?.name === thread;
    const threads = new Set(events.filter(isThread).map(({ pid, tid }) => `${pid} ${tid}`));
    const times = events.flatMap(({ pid, tid, tdur }) =>
      tdur && threads.has(`${pid} ${tid}`) ? [tdur / 1000] : [],
    );
    if (times.length === 0) throw new Error(`The recording has no tasks of ${thread}.`);
    return times;
  };
  return {
    longestTask: tasksOf('CrRendererMain').reduce((most, time) => Math.max(most, time), 0),
    workers: tasksOf('DedicatedWorker thread').reduce((sum, time) => sum + time, 0),
  };
}
