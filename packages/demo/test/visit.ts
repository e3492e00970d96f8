import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';
import { serve } from '../scripts/serve.mjs';

const SAMPLES = join(import.meta.dirname, '../../../samples');

export function samplePath(name: string): string {
  return join(SAMPLES, name);
}

export function sampleBytes(name: string): Promise<Buffer> {
  return readFile(samplePath(name));
}

/** How Chromium is started. */
export const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export function launch(...args: string[]): Promise<Browser> {
  return chromium.launch({ ...LAUNCH, args: [...LAUNCH.args, ...args] });
}

export interface Visit {
  readonly page: Page;
  readonly address: string;
  /** Every address that was asked for, by the page and its workers. */
  readonly requests: string[];
  /** What went to the console as an error, and what was thrown. */
  readonly errors: string[];
  /** Takes the server away. */
  readonly stopServer: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Path of the page; default `index.html`'s. */
  readonly path?: string;
  readonly base?: string;
  /** Send the headers that docs/demo.md recommends? Default false: a simple static host. */
  readonly headers?: boolean;
  /** Called before the page is opened. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** Opens the page as a new visitor with an empty cache, from a server of its own. */
export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const { path = '', base, headers, prepare, ...context } = options;
  const { address, close } = await serve({
    root: inject('page'),
    plain: !headers,
    ...(base && { base }),
  });
  const visitor = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    // Requests that a service worker answers can be neither seen nor changed by a test.
    serviceWorkers: 'block',
    ...context,
  });
  visitor.setDefaultTimeout(240_000);
  const page = await visitor.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  visitor.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await prepare?.(page);
  await page.goto(address + path);
  return {
    page,
    address,
    requests,
    errors,
    stopServer: close,
    async [Symbol.asyncDispose]() {
      await visitor.close();
      await close();
    },
  };
}

/** Holds the largest file of the model back until `release` is called: `prepare` is for `visit`. */
export function heldModel() {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const prepare = (page: Page) =>
    page.context().route('**/encoder.onnx.gz', async (route) => {
      await held;
      await route.continue();
    });
  return { prepare, release };
}

/** Waits until the photo that is shown has one of these outcomes; gives the text under it. */
export async function outcome(page: Page, ...statuses: string[]): Promise<string> {
  const wanted = statuses.length > 0 ? statuses : ['done'];
  await page.waitForFunction(
    (list) => list.includes(document.querySelector<HTMLElement>('#caption')?.dataset.status ?? ''),
    wanted,
    { timeout: 240_000 },
  );
  return (await page.textContent('#caption')) ?? '';
}

export function takeSample(page: Page, name: string): Promise<void> {
  return page.click(`[data-sample="samples/${name}"]`);
}
