import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { Builder, By } from 'selenium-webdriver';
import { freePort } from '../../../scripts/free-port.mjs';

/** A tab of a browser, whichever it is. */
export interface Tab {
  /** Resolves once the page has loaded. */
  open(address: string): Promise<void>;
  /**
   * What a function gives that runs in the page, where nothing is known of the test but the argument. Both have
   * to be JSON.
   */
  evaluate<A, T>(work: (argument: A) => T | Promise<T>, argument: A): Promise<T>;
  /** Chooses files in a file field. */
  choose(selector: string, paths: readonly string[]): Promise<void>;
  click(selector: string): Promise<void>;
  /** Presses the right arrow key. */
  pressRight(): Promise<void>;
  /** Writes a PNG of what is seen. */
  screenshot(path: string): Promise<void>;
  /** Ends the browser. */
  close(): Promise<void>;
}

export interface BrowserKind {
  readonly name: string;
  /** The program without which it cannot be driven. */
  readonly program: string;
  /** Starts the browser with an empty profile. */
  start(): Promise<Tab>;
}

const script = (work: unknown, argument: unknown) =>
  `(${String(work)})(${JSON.stringify(argument ?? null)})`;

const CHROMIUM: BrowserKind = {
  name: 'Chromium',
  program: process.env.CHROMIUM ?? '/usr/bin/chromium',
  async start() {
    const browser = await chromium.launch({
      executablePath: this.program,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    const page = await browser.newPage();
    return {
      open: async (address) => void (await page.goto(address)),
      evaluate: (work, argument) => page.evaluate(script(work, argument)),
      choose: (selector, paths) => page.setInputFiles(selector, [...paths]),
      click: (selector) => page.click(selector),
      pressRight: () => page.keyboard.press('ArrowRight'),
      screenshot: async (path) => void (await page.screenshot({ path })),
      close: () => browser.close(),
    };
  },
};

/** By WebDriver BiDi, which playwright-core speaks with newer versions only than Debian's. */
const FIREFOX: BrowserKind = {
  name: 'Firefox',
  program: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  async start() {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: this.program,
      timeout: 240_000,
      protocolTimeout: 600_000,
      defaultViewport: { width: 1280, height: 800 },
    });
    const page = await browser.newPage();
    return {
      open: async (address) => void (await page.goto(address, { timeout: 240_000 })),
      evaluate: (work, argument) => page.evaluate(script(work, argument)) as never,
      async choose(selector, paths) {
        const field = (await page.$(selector)) as
          | import('puppeteer-core').ElementHandle<HTMLInputElement>
          | null;
        if (!field) throw new Error(`no ${selector}`);
        await field.uploadFile(...paths);
      },
      click: (selector) => page.click(selector),
      pressRight: () => page.keyboard.press('ArrowRight'),
      screenshot: async (path) => void (await page.screenshot({ path: path as `${string}.png` })),
      close: () => browser.close(),
    };
  },
};

/** WebKitGTK's test browser on a screen that nobody sees, by WebDriver. */
const WEBKIT: BrowserKind = {
  name: 'WebKit',
  program: '/usr/bin/WebKitWebDriver',
  async start() {
    const screen = spawn(
      'Xvfb',
      ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
    );
    const [display] = (await once(screen.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
    const port = await freePort();
    const service = spawn(this.program, [`--port=${port}`, '--host=127.0.0.1'], {
      stdio: 'ignore',
      env: {
        ...process.env,
        DISPLAY: `:${display.toString().trim()}`,
        GDK_BACKEND: 'x11',
        // Root has no sandbox, and there is no graphics card.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        WEBKIT_DISABLE_DMABUF_RENDERER: '1',
      },
    });
    const stop = async () => {
      for (const each of [service, screen]) await end(each);
    };
    try {
      return await webkitTab(`http://127.0.0.1:${port}`, stop);
    } catch (error) {
      await stop();
      throw error;
    }
  },
};

async function webkitTab(server: string, stop: () => Promise<void>): Promise<Tab> {
  await answers(`${server}/status`);
  const driver = await new Builder()
    .usingServer(server)
    .withCapabilities({
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
    })
    .build();
  await driver.manage().setTimeouts({ script: 600_000, pageLoad: 240_000 });
  const find = (selector: string) => driver.findElement(By.css(selector));
  return {
    open: (address) => driver.get(address),
    async evaluate(work, argument) {
      const { value, error } = await driver.executeAsyncScript<{ value: never; error?: string }>(
        `const done = arguments[arguments.length - 1];
        new Promise((resolve) => resolve(${script(work, argument)})).then(
          (value) => done({ value }),
          (error) => done({ error: String(error) }),
        );`,
      );
      if (error !== undefined) throw new Error(error);
      return value;
    },
    choose: (selector, paths) => find(selector).sendKeys(paths.join('\n')),
    click: (selector) => find(selector).click(),
    pressRight: () => driver.actions().sendKeys('\uE014').perform(),
    screenshot: async (path) => writeFile(path, await driver.takeScreenshot(), 'base64'),
    async close() {
      await driver.quit().catch(() => undefined);
      await stop();
    },
  };
}

export const BROWSERS: readonly BrowserKind[] = [CHROMIUM, FIREFOX, WEBKIT];

function miniBrowser(): string {
  const found = ['4.1', '6.0', '4.0']
    .map(
      (version) =>
        `/usr/lib/x86_64-linux-gnu/webkit${version === '6.0' ? '' : '2'}gtk-${version}/MiniBrowser`,
    )
    .find(existsSync);
  if (!found) throw new Error('WebKitGTK has no MiniBrowser here: install webkit2gtk-driver.');
  return found;
}

async function answers(address: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(address).catch(() => undefined);
    if (response) return;
    if (tries > 300) throw new Error(`nothing answers at ${address}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const ended = once(process, 'exit');
  process.kill();
  await ended;
}
