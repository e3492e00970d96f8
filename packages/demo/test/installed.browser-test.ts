import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { serve } from '../scripts/serve.mjs';
import {
  LAUNCH,
  launch,
  outcome,
  sampleBytes,
  samplePath,
  takeSample,
  type VisitOptions,
  visit,
} from './visit.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** A visit under which the service worker is at work. */
async function installed(options: VisitOptions = {}) {
  const visitor = await visit(browser, { serviceWorkers: 'allow', ...options });
  await visitor.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const { serviceWorker } = navigator;
    if (serviceWorker.controller) return;
    await new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve));
  });
  return visitor;
}

test('the browser finds nothing wrong with the web manifest', async () => {
  await using visitor = await installed();
  const session = await visitor.page.context().newCDPSession(visitor.page);
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  expect(JSON.parse(data ?? '')).toMatchObject({ share_target: { method: 'POST' } });
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // Windows without a profile, as tests have them, can install nothing.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
});

test('photos that are shared with the page are captioned, under their names, once', async () => {
  await using visitor = await installed({ base: '/people/us/' });
  const { page, address } = visitor;
  const photo = (await sampleBytes('coffee.jpg')).toString('base64');
  // A system shares photos as a form that is posted. This one comes from another origin, as no page's script runs then.
  await page.goto(`data:text/html,${encodeURIComponent('<title>share</title>')}`);
  await page.evaluate(
    ({ action, photo }) => {
      const bytes = Uint8Array.from(atob(photo), (c) => c.charCodeAt(0));
      const files = new DataTransfer();
      for (const name of ['my cup & (saucer)?.jpg', 'second.jpg']) {
        files.items.add(new File([bytes], name, { type: 'image/jpeg' }));
      }
      document.body.innerHTML = `<form method="post" enctype="multipart/form-data"><input name="photos" type="file" multiple></form>`;
      const [form] = document.forms;
      const input = document.querySelector('input');
      if (!form || !input) return;
      form.action = action;
      input.files = files.files;
      form.submit();
    },
    { action: `${address}share`, photo },
  );
  await page.waitForURL(address);
  expect(await outcome(page)).not.toBe('');
  const names = () =>
    page.locator('.thumb').evaluateAll((all) => all.map((thumb) => thumb.ariaLabel?.split(':')[0]));
  expect(await names()).toEqual(['my cup & (saucer)?.jpg', 'second.jpg']);
  await page.reload();
  await page.waitForTimeout(500);
  expect(await names()).toEqual([]);
});

test('photos that are opened with the installed page are captioned', async () => {
  const { address, close } = await serve({ root: inject('page'), plain: true });
  const profile = await mkdtemp(join(tmpdir(), 'zipcaption-profile-'));
  // Windows without a profile can install nothing.
  const context = await chromium.launchPersistentContext(profile, LAUNCH);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(address);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    const session = await context.newCDPSession(page);
    const { appId: manifestId = '' } = await session.send('Page.getAppId');
    await session.send('PWA.install', { manifestId, installUrlOrBundleUrl: address });
    const { fileHandlers } = await session.send('PWA.getOsAppState', { manifestId });
    const endings = fileHandlers.flatMap(({ accepts }) =>
      accepts.flatMap(({ fileExtensions }) => fileExtensions),
    );
    expect(endings).toContain('.jpg');
    // What a system does when somebody opens files with the program: no other script of the test takes part.
    const [window] = await Promise.all([
      context.waitForEvent('page'),
      session.send('PWA.launchFilesInApp', {
        manifestId,
        files: ['coffee.jpg', 'chelsea.png'].map(samplePath),
      }),
    ]);
    expect(await outcome(window)).not.toBe('');
    const names = await window
      .locator('.thumb')
      .evaluateAll((all) => all.map((thumb) => thumb.ariaLabel?.split(':')[0]));
    expect(names).toEqual(['coffee.jpg', 'chelsea.png']);
    expect(await page.locator('.thumb').count()).toBe(0);
  } finally {
    await context.close();
    await close();
    await rm(profile, { recursive: true, force: true });
  }
});

describe('photos are kept for the next visit', () => {
  const statuses = 'done,failed,done';
  /** Three photos: one edited, one broken, one as the model captioned it. */
  async function give(page: Awaited<ReturnType<typeof visit>>['page']) {
    await page.setInputFiles('#files', [
      { name: 'cup.jpg', mimeType: 'image/jpeg', buffer: await sampleBytes('coffee.jpg') },
      { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no photo') },
      { name: 'cat.png', mimeType: 'image/png', buffer: await sampleBytes('chelsea.png') },
    ]);
    await expect.poll(() => shown(page), { timeout: 240_000 }).toBe(statuses);
    await page.click('#edit');
    await page.fill('#edit-text', 'my cup');
    await page.keyboard.press('Enter');
  }
  const shown = (page: Awaited<ReturnType<typeof visit>>['page']) =>
    page
      .locator('.thumb')
      .evaluateAll((all) => all.map((thumb) => (thumb as HTMLElement).dataset.status).join());
  const labels = (page: Awaited<ReturnType<typeof visit>>['page']) =>
    page.locator('.thumb').evaluateAll((all) => all.map((thumb) => thumb.ariaLabel));

  /** What lies in the database: names and what became of each. */
  const kept = (page: Awaited<ReturnType<typeof visit>>['page']) =>
    page.evaluate(async () => {
      const name = 'zipcaption-photos-local';
      // To open one that is not there would make it.
      const all = await indexedDB.databases();
      if (!all.some((database) => database.name === name)) return [];
      const settled = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve) => {
          request.onsuccess = () => resolve(request.result);
        });
      const database = await settled(indexedDB.open(name));
      const records = await settled(
        database.transaction('records').objectStore('records').getAll(),
      );
      const files = await settled(database.transaction('files').objectStore('files').count());
      database.close();
      if (files !== records.length) return [`${files} files`];
      return records.map(({ name, status }) => `${name} ${status}`);
    });

  test('only when asked for, as they were, until taken out', async () => {
    await using visitor = await visit(browser);
    const { page, errors } = visitor;
    await give(page);
    expect(await page.isChecked('#keep')).toBe(false);
    await page.reload();
    await page.waitForTimeout(500);
    expect(await page.isVisible('#work')).toBe(false);

    await give(page);
    await page.check('#keep');
    await expect
      .poll(() => kept(page))
      .toEqual(['cup.jpg done', 'broken.jpg failed', 'cat.png done']);
    const before = await labels(page);
    expect(before[0]).toBe('cup.jpg: my cup');
    await page.reload();
    await expect.poll(() => shown(page)).toBe(statuses);
    expect(await labels(page)).toEqual(before);
    expect(await outcome(page)).toBe('my cup');
    expect(await page.isVisible('#edit-undo')).toBe(true);
    await page.click('.thumb >> nth=2');
    await page.locator('.word').last().click();
    expect(await page.getAttribute('#heat', 'class')).toBe('shown');
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>('#image')?.naturalWidth,
    );

    await page.click('#remove');
    await page.click('#again'); // The broken one, which fails again.
    await expect.poll(() => kept(page)).toEqual(['cup.jpg done', 'broken.jpg failed']);
    await page.reload();
    await expect.poll(() => shown(page)).toBe('done,failed');
    await page.uncheck('#keep');
    await expect.poll(() => kept(page)).toEqual([]);
    await page.reload();
    await page.waitForTimeout(500);
    expect(await page.isVisible('#work')).toBe(false);
    expect(await kept(page)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('those that waited are captioned then; the page for an API does not see them', async () => {
    await using visitor = await visit(browser, {
      // The model never comes on the first visit.
      prepare: (page) => page.context().route('**/model/**', () => undefined),
    });
    const { page, address } = visitor;
    await takeSample(page, 'coffee.jpg');
    await outcome(page, 'working');
    await page.check('#keep');
    await page.setInputFiles('#files', {
      name: 'cat.png',
      mimeType: 'image/png',
      buffer: await sampleBytes('chelsea.png'),
    });
    await expect.poll(() => kept(page)).toEqual(['coffee.jpg working', 'cat.png waiting']);
    await page.goto(`${address}api.html`);
    await page.waitForTimeout(500);
    expect(await page.locator('.thumb').count()).toBe(0);
    await page.context().unroute('**/model/**');
    await page.goto(address);
    await expect.poll(() => shown(page), { timeout: 240_000 }).toBe('done,done');
  });
});
