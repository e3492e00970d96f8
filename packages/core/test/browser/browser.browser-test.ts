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
      '/node_modules/onnxruntime-web/': dirname(runtimeFolder),
      '/node_modules/@huggingface/tokenizers/': join(core, 'node_modules/@huggingface/tokenizers'),
    },
  );
  const tab = await browser.newPage();
  try {
    await tab.goto(server.address);
    await tab.setInputFiles('input', sample('coffee.jpg'));
    await tab.waitForFunction(() => document.querySelector('p')?.textContent !== '');
    const { text } = await node.caption(sample('coffee.jpg'));
    expect(await tab.textContent('p')).toBe(text);
  } finally {
    await tab.close();
    server.close();
  }
});

/** What is asked of a captioner in the page; `photo` is a file in base64. */
interface Question {
  readonly photo?: string;
  readonly as?: 'blob' | 'bytes' | 'bitmap' | 'pixels' | 'element' | 'path';
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
  let tab: Page;

  beforeAll(async () => {
    const bundle = await build({
      stdin: {
        contents: `export * from 'zipcaption';`,
        ...{ resolveDir: join(workspace, 'packages/demo'), loader: 'js' },
      },
      ...{ bundle: true, format: 'esm', platform: 'browser', write: false },
      conditions: ['onnxruntime-web-use-extern-wasm'],
    });
    server = await serveStatic(
      {
        '/': '<!doctype html><title>test</title>',
        '/zipcaption.js': bundle.outputFiles[0]?.text ?? '',
      },
      { '/model/': inject('model'), '/ort/': runtimeFolder },
    );
    tab = await browser.newPage();
    await tab.goto(server.address);
    await tab.evaluate(async () => {
      const address = '/zipcaption.js';
      const { loadCaptioner, CaptionError } = await import(address);
      const captioner = await loadCaptioner({
        model: './model/',
        wasm: {
          mjs: new URL('./ort/ort-wasm-simd-threaded.mjs', location.href),
          wasm: new URL('./ort/ort-wasm-simd-threaded.wasm', location.href),
        },
      });
      const draw = async (blob: Blob) => {
        const bitmap = await createImageBitmap(blob);
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
        context.drawImage(bitmap, 0, 0);
        return context.getImageData(0, 0, bitmap.width, bitmap.height);
      };
      const inputs: Record<string, (blob: Blob) => unknown> = {
        blob: (blob) => blob,
        bytes: async (blob) => new Uint8Array(await blob.arrayBuffer()),
        bitmap: (blob) => createImageBitmap(blob),
        pixels: draw,
        element: (blob) => Object.assign(new Image(), { src: URL.createObjectURL(blob) }),
        path: () => 'photo.jpg',
      };
      const ask = async ({ photo = '', as = 'blob', options = {} }: Question): Promise<Answer> => {
        const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0));
        try {
          const { text, score, image } = await captioner.caption(
            await inputs[as]?.(new Blob([bytes])),
            options,
          );
          return { text, score, image };
        } catch (error) {
          if (!(error instanceof CaptionError)) throw error;
          const { code, message } = error as Error & { code: string };
          return { code, message };
        }
      };
      Object.assign(globalThis, { ask });
    });
  });
  afterAll(async () => {
    await tab?.close();
    server?.close();
  });

  const ask = (file: Buffer | undefined, question: Omit<Question, 'photo'> = {}): Promise<Answer> =>
    tab.evaluate((q) => (globalThis as unknown as { ask(q: Question): Promise<Answer> }).ask(q), {
      ...{ ...question, photo: file?.toString('base64') ?? '' },
    });

  test.each(['chelsea.png', 'coffee.jpg', 'astronaut.jpg', 'rocket.jpg'])(
    'captions %s as Node does',
    async (name) => {
      const file = await readFile(sample(name));
      const expected = await node.caption(file);
      const answer = await ask(file);
      expect(answer.text).toBe(expected.text);
      expect(answer.score).toBeCloseTo(expected.score, 1);
      expect(answer.image).toEqual(expected.image);
    },
  );

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'turns a JPEG with orientation %i as Node does',
    async (n) => {
      const file = await sharp(sample('rocket.jpg'))
        .withMetadata({ orientation: n })
        .jpeg()
        .toBuffer();
      const expected = await node.caption(file, { numBeams: 1 });
      const answer = await ask(file, { options: { numBeams: 1 } });
      expect(answer.image).toEqual(expected.image);
      expect(answer.text).toBe(expected.text);
      const asStored = { numBeams: 1, orientation: false };
      const { image, text } = await node.caption(file, asStored);
      expect(await ask(file, { options: asStored })).toMatchObject({ image, text });
    },
  );

  test.each(['png', 'webp'] as const)(
    'turns a %s with an orientation as Node does',
    async (format) => {
      const file = await sharp(sample('rocket.jpg'))
        .resize(300)
        .withMetadata({ orientation: 6 })
        .toFormat(format)
        .toBuffer();
      const expected = await node.caption(file, { numBeams: 1 });
      const answer = await ask(file, { options: { numBeams: 1 } });
      expect(answer.image).toEqual(expected.image);
      expect(answer.text).toBe(expected.text);
    },
  );

  test.each([
    [3200, 2135],
    [2001, 1335],
  ])('captions a photo of %i × %i pixels as Node does', async (width, height) => {
    const file = await sharp(sample('rocket.jpg')).resize(width, height).jpeg().toBuffer();
    const expected = await node.caption(file);
    const answer = await ask(file);
    expect(answer.image).toEqual(expected.image);
    expect(answer.text).toBe(expected.text);
    expect(answer.score).toBeCloseTo(expected.score, 1);
  });

  test('lays transparency on white, as Node does', async () => {
    const file = await sharp(sample('chelsea.png')).ensureAlpha(0.3).png().toBuffer();
    expect((await ask(file)).text).toBe((await node.caption(file)).text);
  });

  test('takes bytes, bitmaps, pixels and image elements alike', async () => {
    const file = await readFile(sample('chelsea.png'));
    const { text } = await node.caption(file);
    for (const as of ['bytes', 'bitmap', 'pixels', 'element'] as const) {
      expect((await ask(file, { as })).text).toBe(text);
    }
  });

  test('refuses what it cannot read, with the codes that Node gives', async () => {
    const coffee = await readFile(sample('coffee.jpg'));
    expect(await ask(Buffer.from('%PDF-1.7'))).toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    expect(await ask(Buffer.alloc(0))).toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    expect(await ask(coffee.subarray(0, 300))).toMatchObject({ code: 'DECODE_FAILED' });
    expect(await ask(undefined, { as: 'path' })).toMatchObject({ code: 'INVALID_INPUT' });
    const few = { options: { maxPixels: 1000 } };
    expect(await ask(coffee, few)).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(await ask(coffee, { ...few, as: 'pixels' })).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect(await ask(coffee, { options: { maxBytes: 1000 } })).toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    expect(await ask(coffee, { options: { numBeans: 3 } })).toMatchObject({
      ...{ code: 'INVALID_OPTION', message: expect.stringContaining('numBeans') },
    });
  });
});
