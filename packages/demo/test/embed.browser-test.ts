import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { type Captioner, loadCaptioner } from 'zipcaption';
import { serve } from '../scripts/serve.mjs';
import { launch, samplePath } from './visit.js';

/* <zipcaption-image> on pages of another origin, as people who do not know it use it. */

let browser: Browser;
let node: Captioner;
let host: Awaited<ReturnType<typeof serve>>;
/** The other origin; what its page says, and the policy that it sends. */
let stranger: Server;
let body = '';
let policy = '';
let script = '';
let cup: string;
let cat: string;
beforeAll(async () => {
  [browser, node, host] = await Promise.all([
    launch(),
    loadCaptioner({ model: inject('model') }),
    serve({ root: inject('page') }),
  ]);
  script = `<script type="module" src="${host.address}embed.js"></script>`;
  cup = (await node.caption(samplePath('coffee.jpg'))).text;
  cat = (await node.caption(samplePath('chelsea.png'))).text;
  const photos: Record<string, Buffer> = {
    '/cup.jpg': await readFile(samplePath('coffee.jpg')),
    '/cat.png': await readFile(samplePath('chelsea.png')),
    '/broken.jpg': Buffer.from('no photo at all'),
  };
  stranger = createServer((request, response) => {
    const photo = photos[request.url ?? ''];
    const isPage = request.url === '/';
    response.writeHead(photo || isPage ? 200 : 404, {
      'content-type': photo ? 'image/jpeg' : 'text/html',
      ...(policy && { 'content-security-policy': policy }),
    });
    response.end(photo ?? `<!doctype html><title>empty</title>${body}`);
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  stranger?.close();
  await host?.close();
  await browser?.close();
  await node?.dispose();
});

let context: BrowserContext;
let page: Page;
let errors: string[];
beforeEach(async () => {
  policy = '';
  context = await browser.newContext();
  page = await context.newPage();
  errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
});
afterEach(async () => {
  await context.close();
  expect(errors).toEqual([]);
});

async function open(markup: string): Promise<void> {
  body = script + markup;
  // Counts what the tags tell.
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    for (const type of ['caption', 'captionerror']) {
      document.addEventListener(type, ({ target }) =>
        told.push(`${(target as Element).id} ${type}`),
      );
    }
  });
  await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`);
}

/** What a tag shows now. */
function shown(id: string) {
  return page.locator(`#${id}`).evaluate((tag) => ({
    state: tag.getAttribute('state'),
    caption: tag.shadowRoot?.querySelector('[part="caption"]')?.textContent,
    alt: (tag.querySelector('img') ?? tag.shadowRoot?.querySelector('img'))?.alt,
  }));
}

/** What a tag shows once it has come to an end. */
async function result(id: string) {
  const tag = page.locator(`#${id}:is([state="done"], [state="failed"])`);
  await tag.waitFor({ state: 'attached', timeout: 240_000 });
  return shown(id);
}

const told = (id: string) =>
  page.evaluate(
    (id) =>
      (globalThis as unknown as { told: string[] }).told.filter((each) => each.startsWith(id)),
    id,
  );

test('several on a page under the strict policy of docs/demo.md: own texts stay, failures say why', async () => {
  const { origin } = new URL(host.address);
  policy = `default-src 'none'; img-src 'self'; script-src ${origin} 'wasm-unsafe-eval'; connect-src 'self' ${origin}; worker-src blob: ${origin}`;
  await open(`${script}
    <zipcaption-image id="own"><img src="cup.jpg" alt="my cup"></zipcaption-image>
    <zipcaption-image id="src" src="cup.jpg"></zipcaption-image>
    <zipcaption-image id="picture"><picture><source srcset="cat.png"><img src="cup.jpg" alt=""></picture></zipcaption-image>
    <zipcaption-image id="missing" src="missing.jpg"></zipcaption-image>
    <zipcaption-image id="missing-too"><img src="missing.jpg" alt=""></zipcaption-image>
    <zipcaption-image id="broken" src="broken.jpg"></zipcaption-image>
    <zipcaption-image id="option" src="cup.jpg" num-beams="none"></zipcaption-image>
    <zipcaption-image id="nothing"></zipcaption-image>
    <zipcaption-image id="empty" src=""><p>text</p></zipcaption-image>`);
  expect(await result('own')).toEqual({ state: 'done', caption: cup, alt: 'my cup' });
  expect(await result('src')).toEqual({ state: 'done', caption: cup, alt: cup });
  expect(await result('picture')).toEqual({ state: 'done', caption: cat, alt: cat });
  for (const id of ['missing', 'missing-too']) {
    const caption = expect.stringContaining('could not be read');
    expect(await result(id)).toEqual({ state: 'failed', caption, alt: '' });
  }
  const caption = expect.stringMatching(/text|format/);
  expect(await result('broken')).toEqual({ state: 'failed', caption, alt: '' });
  expect((await result('option')).caption).toContain('numBeams');
  for (const id of ['nothing', 'empty']) {
    expect(await shown(id)).toMatchObject({ state: null, caption: '' });
  }
  for (const id of ['own', 'src', 'picture']) expect(await told(id)).toEqual([`${id} caption`]);
  for (const id of ['missing ', 'missing-too', 'broken']) {
    expect(await told(id)).toEqual([`${id.trim()} captionerror`]);
  }
});

test('an image of another site is captioned if that site allows it to be read', async () => {
  const photo = await readFile(samplePath('coffee.jpg'));
  const site = createServer(({ url, headers: { origin } }, response) => {
    response.writeHead(200, {
      'content-type': 'image/jpeg',
      'cache-control': 'max-age=600',
      // Many stores of files say so only to those who ask as another site, and do not say that it varies.
      ...(origin && url === '/open.jpg' && { 'access-control-allow-origin': origin }),
    });
    response.end(photo);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  try {
    await open(`<zipcaption-image id="open" src="${address}open.jpg"></zipcaption-image>
      <zipcaption-image id="closed" src="${address}closed.jpg"></zipcaption-image>`);
    expect(await result('open')).toEqual({ state: 'done', caption: cup, alt: cup });
    const caption = expect.stringContaining('could not be read');
    expect(await result('closed')).toEqual({ state: 'failed', caption, alt: '' });
  } finally {
    site.closeAllConnections();
    site.close();
  }
});

test('options that change are followed, and told', async () => {
  await open('<zipcaption-image id="tag" src="cup.jpg"></zipcaption-image>');
  await result('tag');
  const detail = await page.evaluate(async () => {
    const event = new Promise<CustomEvent>((resolve) =>
      document.addEventListener('caption', (event) => resolve(event as CustomEvent)),
    );
    document.querySelector('#tag')?.setAttribute('max-length', '4');
    return (await event).detail;
  });
  const { text } = await node.caption(samplePath('coffee.jpg'), { maxLength: 4 });
  expect(detail).toMatchObject({ text, confidence: expect.any(Number) });
  expect(await result('tag')).toEqual({ state: 'done', caption: text, alt: text });
});

test('nothing of one image is left with the next, nor with none', async () => {
  await open('<zipcaption-image id="tag"><img src="cup.jpg" alt=""></zipcaption-image>');
  await result('tag');
  const change = (src: string) =>
    page.locator('#tag > img').evaluate((image, src) => {
      const done = new Promise<string | null>((resolve) => {
        image.addEventListener('load', () => resolve(image.getAttribute('alt')));
        image.addEventListener('error', () => resolve(image.getAttribute('alt')));
      });
      image.setAttribute('src', src);
      return done;
    }, src);
  // At the moment at which the new image is there, the text of the one before is gone.
  expect(await change('cat.png')).toBe('');
  expect(await result('tag')).toEqual({ state: 'done', caption: cat, alt: cat });
  expect(await change('missing.jpg')).toBe('');
  expect(await result('tag')).toMatchObject({ state: 'failed', alt: '' });
  await change('cup.jpg');
  expect(await result('tag')).toEqual({ state: 'done', caption: cup, alt: cup });
  await page.evaluate(() => document.querySelector('#tag img')?.remove());
  expect(await shown('tag')).toEqual({ state: null, caption: '', alt: '' });

  await page.evaluate(() => document.querySelector('#tag')?.setAttribute('src', 'cat.png'));
  expect(await result('tag')).toEqual({ state: 'done', caption: cat, alt: cat });
  await page.evaluate(() => document.querySelector('#tag')?.removeAttribute('src'));
  expect(await shown('tag')).toEqual({ state: null, caption: '', alt: '' });
});

test('an image that is put in after it was loaded is captioned, others inside do not count', async () => {
  await open('<zipcaption-image id="tag"></zipcaption-image>');
  await page.evaluate(async () => {
    await customElements.whenDefined('zipcaption-image');
    const image = new Image();
    image.src = 'cup.jpg';
    await image.decode();
    document.querySelector('#tag')?.append(image);
  });
  expect(await result('tag')).toEqual({ state: 'done', caption: cup, alt: cup });
  await page.evaluate(async () => {
    const second = new Image();
    const failed = new Promise((resolve) => second.addEventListener('error', resolve));
    second.src = 'missing.jpg';
    document.querySelector('#tag')?.append(second);
    await failed;
  });
  expect(await shown('tag')).toEqual({ state: 'done', caption: cup, alt: cup });
  expect(await told('tag')).toEqual(['tag caption']);
});

test('a tag that is taken out in the middle stops, and goes on where it is put in again', async () => {
  await open(
    '<zipcaption-image id="tag"><img src="cup.jpg" alt=""></zipcaption-image><main></main>',
  );
  await page.locator('#tag[state="working"]').waitFor();
  const state = await page.evaluate(() => {
    const tag = document.querySelector('#tag');
    tag?.remove();
    Object.assign(globalThis, { tag });
    return tag?.getAttribute('state');
  });
  expect(state).toBeNull();
  await page.evaluate(() => {
    document.querySelector('main')?.append((globalThis as unknown as { tag: Element }).tag);
  });
  expect(await result('tag')).toEqual({ state: 'done', caption: cup, alt: cup });
  // Moved again, it has nothing more to do.
  await page.evaluate(() => {
    document.body.append((globalThis as unknown as { tag: Element }).tag);
  });
  expect(await shown('tag')).toMatchObject({ state: 'done', caption: cup });
  expect(await told('tag')).toEqual(['tag caption']);
});

test.each([
  ['the worker', "script-src HOST 'wasm-unsafe-eval'; connect-src 'self' HOST"],
  ['WebAssembly', "script-src HOST; connect-src 'self' HOST; worker-src blob: HOST"],
  ['the model', "script-src HOST 'wasm-unsafe-eval'; connect-src 'self'; worker-src blob: HOST"],
  ['the photo', "script-src HOST 'wasm-unsafe-eval'; connect-src HOST; worker-src blob: HOST"],
])('a policy that forbids %s makes it fail, and say so', async (_, forbidding) => {
  policy = `default-src 'none'; img-src 'self'; ${forbidding.replaceAll('HOST', new URL(host.address).origin)}`;
  await open('<zipcaption-image id="tag" src="cup.jpg"></zipcaption-image>');
  const { state, caption, alt } = await result('tag');
  expect({ state, alt }).toEqual({ state: 'failed', alt: '' });
  expect(caption).toMatch(/^No caption: \w.{20}/);
  expect(await told('tag')).toEqual(['tag captionerror']);
});
