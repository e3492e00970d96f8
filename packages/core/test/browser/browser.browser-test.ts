import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Captioner, loadCaptioner } from 'zipcaption';
import { type StaticServer, serveStatic } from './static-server.js';

const core = resolve(import.meta.dirname, '../..');
const workspace = resolve(core, '../..');
const sample = (name: string) => join(workspace, 'samples', name);
const runtimeFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));

let browser: Browser;
let node: Captioner;
beforeAll(async () => {
  node = await loadCaptioner({ model: inject('model') });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
});
afterAll(async () => {
  await browser?.close();
  await node?.dispose();
});

test('the page in docs/browser.md works as it stands', async () => {
  const markdown = await readFile(join(workspace, 'docs/browser.md'), 'utf8');
  const page = /```html\n(.*?)```/s.exec(markdown)?.[1] ?? '';
  expect(page.trim().split('\n').length).toBeLessThanOrEqual(15);
  const server = await serveStatic(
    { '/': page },
    {
      '/node_modules/zipcaption/': core,
      '/node_modules/@zipcaption/lite/': inject('model'),
      '/node_modules/@huggingface/tokenizers/': join(core, 'node_modules/@huggingface/tokenizers'),
    },
  );
  const tab = await browser.newPage();
  try {
    await tab.goto(server.address);
    await tab.setInputFiles('input', sample('coffee.jpg'));
    await tab.waitForFunction(() => document.querySelector('p')?.textContent !== '', undefined, {
      timeout: 240_000,
    });
    const { text } = await node.caption(sample('coffee.jpg'));
    expect(await tab.textContent('p')).toBe(text);
  } finally {
    await tab.close();
    server.close();
  }
});

/** What makes a page cross-origin isolated, which threads need. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** What is asked of a captioner in the page; `photo` is a file in base64. */
interface Question {
  readonly photo?: string;
  readonly as?: string;
  readonly options?: Record<string, unknown>;
}

interface Answer {
  readonly text?: string;
  readonly score?: number;
  readonly image?: unknown;
  readonly code?: string;
  readonly message?: string;
}

describe('the built package, bundled', () => {
  let server: StaticServer;
  let stranger: StaticServer;
  let tab: Page;

  beforeAll(async () => {
    const bundle = await build({
      stdin: {
        contents: `export * from 'zipcaption';`,
        resolveDir: join(workspace, 'packages/demo'),
        loader: 'js',
      },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      conditions: ['onnxruntime-web-use-extern-wasm'],
    });
    const photo = await readFile(sample('coffee.jpg'));
    const texts = {
      '/': '<!doctype html><title>test</title><script type="module" src="page.js"></script>',
      '/page.js': await readFile(join(import.meta.dirname, 'page-under-test.js'), 'utf8'),
      '/zipcaption.js': bundle.outputFiles[0]?.text ?? '',
      '/coffee.jpg': photo,
      '/captioner-worker.js': await readFile(
        join(core, 'dist/browser/captioner-worker.js'),
        'utf8',
      ),
    };
    const folders = { '/model/': inject('model'), '/ort/': runtimeFolder };
    server = await serveStatic(texts, folders, ISOLATED);
    stranger = await serveStatic(
      { '/coffee.jpg': photo },
      {},
      { 'cross-origin-resource-policy': 'cross-origin' },
    );
    tab = await openPage('?runtime=engine');
  });
  afterAll(async () => {
    await tab?.close();
    server?.close();
    stranger?.close();
  });

  async function openPage(query: string): Promise<Page> {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(`${server.address}${query}&foreign=${stranger.address}coffee.jpg`);
    await page.waitForFunction(() => 'ask' in globalThis, undefined, { timeout: 240_000 });
    return page;
  }

  const ask = (
    file: Buffer | undefined,
    question: Omit<Question, 'photo'> = {},
    page = tab,
  ): Promise<Answer> =>
    page.evaluate((q) => (globalThis as unknown as { ask(q: Question): Promise<Answer> }).ask(q), {
      ...question,
      photo: file?.toString('base64') ?? '',
    });

  test.each(['chelsea.png', 'coffee.jpg', 'astronaut.jpg', 'rocket.jpg'])(
    'captions %s as Node does',
    async (name) => {
      const file = await readFile(sample(name));
      const expected = await node.caption(file);
      const answer = await ask(file);
      expect(answer.text).toBe(expected.text);
      expect(answer.score).toBeCloseTo(expected.score, 4);
      expect(answer.image).toEqual(expected.image);
    },
  );

  describe.each(['png', 'webp', 'jpeg'] as const)('a %s with an orientation', (format) => {
    test.each([1, 2, 3, 4, 5, 6, 7, 8])('of %i is turned as Node does', async (n) => {
      const file = await sharp(sample('rocket.jpg'))
        .resize(300)
        .withMetadata({ orientation: n })
        .toFormat(format, format === 'webp' ? { lossless: true } : {})
        .toBuffer();
      for (const orientation of [true, false]) {
        const options = { numBeams: 1, orientation };
        const expected = await node.caption(file, options);
        const answer = await ask(file, { options });
        expect(answer.image).toEqual(expected.image);
        expect(answer.text).toBe(expected.text);
        expect(answer.score).toBeCloseTo(expected.score, 4);
      }
    });
  });

  test.each([
    [3200, 2135],
    [2001, 1335],
  ])('captions a photo of %i × %i pixels as Node does', async (width, height) => {
    const file = await sharp(sample('rocket.jpg')).resize(width, height).jpeg().toBuffer();
    const expected = await node.caption(file);
    const answer = await ask(file);
    expect(answer.image).toEqual(expected.image);
    expect(answer.text).toBe(expected.text);
    expect(answer.score).toBeCloseTo(expected.score, 4);
  });

  test('lays transparency on white, as Node does', async () => {
    const file = await sharp(sample('chelsea.png')).ensureAlpha(0.3).png().toBuffer();
    expect((await ask(file)).text).toBe((await node.caption(file)).text);
  });

  test('downloads a model once, and again where the kept file is damaged', async () => {
    const context = await browser.newContext();
    /** Opens a page, and gives which networks it and its workers asked the server for. */
    const requested = async (workers: number, before = async (_: Page) => {}) => {
      const page = await context.newPage();
      const paths: string[] = [];
      const note = (request: { url(): string }) => paths.push(new URL(request.url()).pathname);
      await page.goto(`${server.address}coffee.jpg`);
      await before(page);
      context.on('request', note);
      await page.goto(`${server.address}?workers=${workers}`);
      await page.waitForFunction(() => 'ask' in globalThis, undefined, { timeout: 240_000 });
      context.off('request', note);
      expect((await ask(await readFile(sample('coffee.jpg')), {}, page)).text).toBeTypeOf('string');
      await page.close();
      return paths.filter((path) => path.endsWith('.onnx')).sort();
    };
    const damage = async (page: Page) =>
      page.evaluate(async () => {
        const cache = await caches.open('zipcaption-model-files');
        for (const key of await cache.keys()) await cache.put(key, new Response('damaged'));
      });
    const both = ['/model/decoder.onnx', '/model/encoder.onnx'];
    expect(await requested(0)).toEqual(both);
    expect(await requested(0)).toEqual([]);
    expect(await requested(1)).toEqual([]);
    expect(await requested(0, damage)).toEqual(both);
    expect(await requested(1)).toEqual([]);
    await context.close();
  });

  test('gives the same in a Web Worker, whatever holds the photo', async () => {
    const file = await readFile(sample('chelsea.png'));
    const { text, image } = await node.caption(file);
    const page = await openPage('?workers=2');
    try {
      expect(page.workers().length).toBe(2);
      const kinds = ['blob', 'bytes', 'answer', 'stream', 'bitmap', 'pixels', 'element', 'canvas'];
      const all = await Promise.all(
        [...kinds, 'offscreen canvas', 'frame'].map((as) => ask(file, { as }, page)),
      );
      expect(new Set(all.map((answer) => answer.text))).toEqual(new Set([text]));
      for (const answer of all) {
        expect(answer.image).toMatchObject({ stored: image.stored, upright: image.upright });
      }
      expect(await ask(undefined, { as: 'foreign' }, page)).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('crossorigin'),
      });
      expect(await ask(Buffer.alloc(9), {}, page)).toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    } finally {
      await page.close();
    }
  });

  test('gives the same on onnxruntime-web, with two threads', async () => {
    const file = await readFile(sample('coffee.jpg'));
    const page = await openPage('?runtime=web&threads=2');
    try {
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      const { text, score } = await node.caption(file);
      const answer = await ask(file, {}, page);
      expect(answer.text).toBe(text);
      expect(answer.score).toBeCloseTo(score, 1);
      // The runtime starts its threads as workers of the page.
      expect(page.workers().length).toBeGreaterThan(0);
    } finally {
      await page.close();
    }
  });

  test.each(['bytes', 'answer', 'stream', 'data URL', 'address'])(
    'takes a file as %s',
    async (as) => {
      const file = await readFile(sample('chelsea.png'));
      const { text, image } = await node.caption(file);
      expect(await ask(file, { as, options: { fetch: true } })).toMatchObject({ text, image });
    },
  );

  test('takes the picture of a video', async () => {
    const file = await readFile(sample('chelsea.png'));
    const { upright } = (await node.caption(file)).image;
    // A video's colours are not those of its source to the bit, so that words may differ.
    const answer = await ask(file, { as: 'video' });
    expect(answer).toMatchObject({ image: { format: 'raw', upright } });
    expect(answer.text).toMatch(/cat/);
  });

  test.each(['closed frame', 'empty canvas'])('refuses a %s', async (as) => {
    const file = await readFile(sample('chelsea.png'));
    expect(await ask(file, { as })).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('takes bitmaps, pixels, canvases, frames and image elements alike', async () => {
    const file = await readFile(sample('chelsea.png'));
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const { text, image } = await node.caption({
      data,
      width: info.width,
      height: info.height,
      channels: 3,
    });
    for (const as of ['bitmap', 'pixels', 'element', 'canvas', 'offscreen canvas', 'frame']) {
      expect(await ask(file, { as })).toMatchObject({ text, image });
    }
  });

  test('refuses what it cannot read, with the codes that Node gives', async () => {
    const coffee = await readFile(sample('coffee.jpg'));
    expect(await ask(Buffer.from('%PDF-1.7'))).toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    expect(await ask(Buffer.alloc(0))).toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    expect(await ask(coffee.subarray(0, 100))).toMatchObject({ code: 'DECODE_FAILED' });
    expect(await ask(undefined, { as: 'path' })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await ask(coffee, { as: 'address' })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(await ask(undefined, { as: 'empty video' })).toMatchObject({ code: 'DECODE_FAILED' });
    expect(await ask(undefined, { as: 'foreign' })).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('crossorigin'),
    });
    const few = { options: { maxPixels: 1000 } };
    expect(await ask(coffee, few)).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(await ask(coffee, { ...few, as: 'pixels' })).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(await ask(coffee, { options: { maxBytes: 1000 } })).toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    expect(await ask(coffee, { options: { numBeans: 3 } })).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('numBeans'),
    });
  });
});
