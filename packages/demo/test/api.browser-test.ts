import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Captioner, loadCaptioner } from 'zipcaption';
import { createApp, type NodeServer, startServer } from '../../lambda-adapter/src/index.js';
import { launch, outcome, samplePath, visit } from './visit.js';

let browser: Browser;
let node: Captioner;
let api: NodeServer;
beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), loadCaptioner({ model: inject('model') })]);
  const settings = { corsOrigins: ['*'], apiKeys: ['a key of sixteen letters or more'] };
  api = await startServer(createApp({ engine: async () => node, settings }), { port: 0 });
});
afterAll(async () => {
  await browser?.close();
  await api?.close();
  await node?.dispose();
});

test('a deployed API gives the same result in the same page, and nothing else is asked', async () => {
  await using visitor = await visit(browser, { path: 'api.html' });
  const { page, address, requests } = visitor;
  await page.fill('#endpoint', api.url);
  await page.setInputFiles('#files', samplePath('coffee.jpg'));
  expect(await outcome(page, 'failed')).toMatch(/key/i);

  await page.fill('#api-key', 'a key of sixteen letters or more');
  await page.click('#again');
  const expected = await node.caption(samplePath('coffee.jpg'), { numBeams: 3, numCaptions: 3 });
  expect(await outcome(page)).toBe(expected.text);
  expect(await page.locator('.beam-text').allTextContents()).toEqual([
    ...[expected.text, ...expected.alternatives.map(({ text }) => text)],
  ]);
  expect(await page.locator('.word').count()).toBe(expected.text.split(' ').length);
  await page.locator('.word').last().click();
  expect(await page.getAttribute('#heat', 'class')).toBe('shown');
  expect(await page.textContent('#ran-on')).toContain(new URL(api.url).host);

  // The API remembers: the stages in its answer are those of the first time.
  await page.reload();
  await page.fill('#api-key', 'a key of sixteen letters or more');
  await page.setInputFiles('#files', samplePath('coffee.jpg'));
  expect(await outcome(page)).toBe(expected.text);
  expect(await page.textContent('#ran-on')).toContain('from its cache');
  expect(await page.locator('#stages dt').allTextContents()).toEqual(['network', 'total']);

  const broken = { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no photo') };
  await page.setInputFiles('#files', broken);
  await outcome(page, 'failed');
  expect(await page.textContent('#caption-note')).toContain('UNSUPPORTED_FORMAT');

  const outside = requests.filter((url) => !/^(blob|data):/.test(url) && !url.startsWith(address));
  expect(new Set(outside.map((url) => new URL(url).origin))).toEqual(
    new Set([new URL(api.url).origin]),
  );
  expect(requests.filter((url) => /\/(model|runtime)\//.test(url))).toEqual([]);
});

test('an API that does not allow the page is told apart from none, and the setting is named', async () => {
  const settings = { corsOrigins: ['https://another.example'] };
  const strict = await startServer(createApp({ engine: async () => node, settings }), { port: 0 });
  try {
    await using visitor = await visit(browser, { path: 'api.html' });
    const { page, address } = visitor;
    await page.fill('#endpoint', strict.url);
    await page.setInputFiles('#files', samplePath('coffee.jpg'));
    const said = await outcome(page, 'failed');
    expect(said).toContain(`${new URL(strict.url).host} is there`);
    expect(said).toContain(`ZIPCAPTION_CORS_ORIGINS=${new URL(address).origin}`);
  } finally {
    await strict.close();
  }
});

test('an address where no API answers is said so', async () => {
  await using visitor = await visit(browser, { path: 'api.html' });
  const { page, address } = visitor;
  const attempt = async (endpoint: string) => {
    await page.fill('#endpoint', endpoint);
    await page.setInputFiles('#files', samplePath('coffee.jpg'));
    return outcome(page, 'failed');
  };
  expect(await attempt('http://127.0.0.1:1')).toMatch(
    /No answer from 127\.0\.0\.1:1\..*ZIPCAPTION_CORS_ORIGINS/,
  );
  expect(await attempt(address)).toMatch(/404/);
  expect(await attempt('not an address')).toContain('must be an address');
  expect(await attempt('ftp://example.org')).toContain('https://');
});
