import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { processorTimes, TASK_CATEGORIES } from '../scripts/longest-task.js';
import { heldModel, launch, outcome, samplePath, takeSample, visit } from './visit.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

describe('the first load', () => {
  test('is under 50 KB compressed, without a photo', async () => {
    const bodies = new Map<string, number>();
    await using visitor = await visit(browser, {
      serviceWorkers: 'allow',
      prepare: async (page) =>
        page.context().on('response', async (response) => {
          const body = await response.body().catch(() => Buffer.alloc(0));
          bodies.set(response.url(), gzipSync(body).length);
        }),
    });
    await visitor.page.evaluate(() => navigator.serviceWorker.ready);
    await visitor.page.waitForTimeout(500);
    // The service worker's own downloads included.
    const seen = visitor.requests.map((url) => url.slice(visitor.address.length));
    expect(seen).toContain('sw.js');
    expect(seen.filter((path) => /^(model|runtime)\//.test(path))).toEqual([]);
    const total = [...bodies.values()].reduce((sum, size) => sum + size, 0);
    expect(bodies.size).toBeGreaterThan(6);
    expect(total).toBeLessThan(50_000);
  });

  test("has neither built-ins of Node nor other people's decoders", () => {
    const inputs = inject('inputs');
    expect(inputs.some((path) => path.includes('core/dist/browser/platform.js'))).toBe(true);
    const unwanted = /node:|core\/dist\/node\/|jpeg-js|upng|omggif|jsquash|fflate/;
    expect(inputs.filter((path) => unwanted.test(path))).toEqual([]);
  });
});

describe('privacy', () => {
  test('nothing is asked of another origin, and neither page nor worker could', async () => {
    const asked: string[] = [];
    const stranger = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('access-control-allow-origin', '*').end('hello');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/leak`;
    try {
      // A host that sends no headers: the policy in the page itself must do.
      await using visitor = await visit(browser);
      const { page, address, requests } = visitor;
      await takeSample(page, 'coffee.jpg');
      await outcome(page);
      const outside = requests.filter(
        (url) => !url.startsWith(address) && !url.startsWith('blob:'),
      );
      expect(outside).toEqual([]);

      const leak = (url: string) =>
        fetch(url, { method: 'POST', body: 'a photo' }).then(
          () => 'sent',
          () => 'refused',
        );
      const worker = page.workers()[0];
      if (!worker) throw new Error('there is no worker');
      expect(await page.evaluate(leak, elsewhere)).toBe('refused');
      expect(await worker.evaluate(leak, elsewhere)).toBe('refused');
      expect(asked).toEqual([]);
    } finally {
      stranger.close();
    }
  });
});

describe('a host that sends the recommended headers', () => {
  test('sends the policy that is in the page, and more', async () => {
    await using visitor = await visit(browser, { headers: true });
    const { page, address, errors } = visitor;
    const response = await page.request.get(address);
    expect(response.headers()['content-security-policy']).toMatch(
      /default-src 'none'.*connect-src 'self';.*frame-ancestors 'none'/,
    );
    const inPage = await page.getAttribute('meta[http-equiv]', 'content');
    expect(response.headers()['content-security-policy']).toContain(inPage);
    expect(errors.filter((message) => !message.includes('Service Worker'))).toEqual([]);
  });
});

describe('any static host', () => {
  test('under a path, without special headers', async () => {
    await using visitor = await visit(browser, {
      base: '/people/us/zipcaption/',
      serviceWorkers: 'allow',
    });
    const { page, errors } = visitor;
    await takeSample(page, 'coffee.jpg');
    const text = await outcome(page);
    await page.reload();
    await takeSample(page, 'coffee.jpg');
    expect(await outcome(page)).toBe(text);
    expect(await page.textContent('#ran-on')).toContain('1 thread');
    expect(errors).toEqual([]);
  });

  test('works offline after the first photo, without asking for the model again', async () => {
    await using visitor = await visit(browser, { serviceWorkers: 'allow' });
    const { page, requests, stopServer } = visitor;
    await takeSample(page, 'coffee.jpg');
    const text = await outcome(page);
    const keptPaths = () =>
      page.evaluate(async () => {
        const kept = [];
        for (const name of await caches.keys())
          kept.push(...(await (await caches.open(name)).keys()));
        return kept.map(({ url }) => url);
      });
    const wanted = ['captioner.', 'library.', 'api.html', 'encoder', 'decoder', 'tokenizer'];
    // A promise would be true enough for waitForFunction.
    await expect
      .poll(
        async () => {
          const paths = await keptPaths();
          return wanted.filter((part) => !paths.some((path) => path.includes(part)));
        },
        { timeout: 60_000 },
      )
      .toEqual([]);
    await stopServer();
    await page.context().setOffline(true);
    requests.length = 0;
    await page.reload();
    expect(await page.title()).toContain('zipcaption');
    await page.setInputFiles('#files', samplePath('coffee.jpg'));
    expect(await outcome(page)).toBe(text);
    expect(requests.filter((url) => url.includes('/model/'))).toEqual([]);
  });
});

describe('the model', () => {
  test.each([
    ['begins to load when the file picker is opened', false, ['captioner']],
    ['waits for the photo in a browser that is set to save data', true, []],
  ])('%s', async (_, saveData, started) => {
    await using visitor = await visit(browser, {
      prepare: (page) =>
        page.addInitScript((saveData) => {
          const workers: (string | undefined)[] = [];
          Object.assign(globalThis, {
            workers,
            Worker: class extends Worker {
              constructor(script: string, options?: WorkerOptions) {
                super(script, options);
                workers.push(options?.name);
              }
            },
          });
          Object.defineProperty(navigator, 'connection', { value: { saveData } });
        }, saveData),
    });
    const { page } = visitor;
    const workers = () =>
      page.evaluate(() => (globalThis as unknown as { workers: string[] }).workers);
    expect(await workers()).toEqual([]);
    const picker = page.waitForEvent('filechooser');
    await page.click('label[for="files"]');
    await picker;
    expect(await workers()).toEqual(started);
    await takeSample(page, 'coffee.jpg');
    expect(await outcome(page)).not.toBe('');
    expect(await workers()).toContain('captioner');
  });

  test('that does not come is said so, and comes on another try', async () => {
    let failing = true;
    await using visitor = await visit(browser, {
      prepare: (page) =>
        page
          .context()
          .route('**/model/**', (route) =>
            failing ? route.fulfill({ status: 503 }) : route.continue(),
          ),
    });
    const { page } = visitor;
    await takeSample(page, 'coffee.jpg');
    expect(await outcome(page, 'failed')).toContain('503');
    expect(await page.textContent('#loading-title')).toBe('The model could not be loaded');
    failing = false;
    await page.click('#retry-load');
    expect(await outcome(page)).not.toBe('');
    expect(await page.isVisible('#loading')).toBe(false);
  });

  test('that was damaged on the way is not used', async () => {
    await using visitor = await visit(browser, {
      prepare: (page) =>
        page.context().route('**/tokenizer.json.gz', async (route) => {
          const body = Buffer.alloc(54_496, 'x');
          await route.fulfill({ body: gzipSync(body) });
        }),
    });
    await takeSample(visitor.page, 'coffee.jpg');
    expect(await outcome(visitor.page, 'failed')).toContain('tokenizer.json');
    expect(await visitor.page.textContent('#caption-note')).toContain('MODEL_CORRUPT');
  });

  test('shows how many bytes have come', async () => {
    const { prepare, release } = heldModel();
    await using visitor = await visit(browser, { prepare });
    const { page } = visitor;
    await takeSample(page, 'coffee.jpg');
    await page.waitForFunction(() => {
      const bar = document.querySelector<HTMLProgressElement>('#loading-bar');
      return bar && bar.value > 1e6 && bar.value < bar.max;
    });
    expect(await page.textContent('#loading-detail')).toMatch(/^\d+\.\d of \d+\.\d MB/);
    // For screen readers: in quarters, not with every piece that comes.
    expect(await page.textContent('#loading-live')).toMatch(/^Loading the model(, \d|: 25 %)/);
    release();
    expect(await outcome(page)).not.toBe('');
    expect(await page.textContent('#loading-live')).toBe('The model is ready');
  });

  test('is not tried where WebAssembly SIMD is missing, and the page says why', async () => {
    await using visitor = await visit(browser, {
      prepare: (page) =>
        page.addInitScript(() => {
          WebAssembly.validate = () => false;
        }),
    });
    expect(await visitor.page.textContent('#notice')).toContain('no WebAssembly SIMD');
  });
});

describe('the page', () => {
  test('is painted in the theme that was chosen, before its own script runs, and so is the documentation', async () => {
    await using visitor = await visit(browser, { colorScheme: 'light' });
    const { page, address } = visitor;
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.goto(`${address}docs/`);
    expect(await theme()).toBe('system');
    const light = await paper();
    await page.goto(address);
    await page.click('#theme');
    await page.click('#theme');
    expect(await theme()).toBe('dark');
    await page.context().route('**/page.*.js', (route) => route.abort());
    for (const path of ['', 'docs/', 'docs/formats.html']) {
      await page.goto(address + path);
      expect(await theme()).toBe('dark');
      expect(await paper()).not.toBe(light);
    }
  });

  test('answers keys while photos are captioned: no task of its thread is long', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    await takeSample(page, 'coffee.jpg');
    await outcome(page);
    await page.evaluate(() => {
      const answered: boolean[] = [];
      Object.assign(globalThis, { answered });
      const isBusy = () => document.querySelector('.thumb[data-status="working"]') !== null;
      addEventListener('keydown', () => answered.push(isBusy()));
    });
    await browser.startTracing(page, { categories: TASK_CATEGORIES });
    const names = ['chelsea.png', 'rocket.jpg', 'astronaut.jpg', 'kingfisher.jpg', 'bison.jpg'];
    await page.setInputFiles('#files', [...names, ...names].map(samplePath));
    for (let i = 0; i < 20; i++) await page.keyboard.press('Shift');
    await page.waitForFunction(
      (count) => document.querySelectorAll('.thumb[data-status="done"]').length === count,
      1 + 2 * names.length,
      { timeout: 0 },
    );
    const { longestTask, workers } = processorTimes(await browser.stopTracing());
    const answered = await page.evaluate(
      () => (globalThis as unknown as { answered: boolean[] }).answered,
    );
    expect(answered).toHaveLength(20);
    expect(answered.filter(Boolean).length).toBeGreaterThan(1);
    // Both are processor time, which a slow machine makes longer alike. It is about 1 to 160 here.
    expect(longestTask).toBeLessThan(workers / 20);
  });
});
