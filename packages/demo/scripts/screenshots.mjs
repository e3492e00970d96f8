/**
 * Pictures of the page's states, for people to look at.
 *
 *   node packages/demo/scripts/screenshots.mjs [--readme]
 *
 * Writes packages/demo/screenshots/*.png from the page in packages/demo/dist; with --readme also the two
 * pictures of the README, docs/images/demo-*.webp.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { serve } from './serve.mjs';

const demo = fileURLToPath(new URL('..', import.meta.url));
const folder = join(demo, 'screenshots');
const sample = (name) => join(demo, '../../samples', name);
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };

/** @typedef {import('playwright-core').Page} Page */

/** @type {Record<string, { size?: typeof DESKTOP, dark?: boolean, path?: string, full?: boolean, act?: (page: Page) => Promise<void> }>} */
const STATES = {
  'empty-light': {},
  'empty-dark': { dark: true },
  'empty-phone': { size: PHONE, full: true },
  'result-light': { act: (page) => caption(page, 'coffee.jpg') },
  'result-dark': { dark: true, act: (page) => caption(page, 'astronaut.jpg') },
  'result-phone': { size: PHONE, full: true, act: (page) => caption(page, 'chelsea.png') },
  'result-narrow': {
    size: { width: 360, height: 740 },
    dark: true,
    full: true,
    act: (page) => caption(page, 'rocket.jpg'),
  },
  'heat-light': { act: (page) => heat(page, 'coffee.jpg') },
  'heat-dark': { dark: true, act: (page) => heat(page, 'chelsea.png') },
  'heat-phone': { size: PHONE, dark: true, act: (page) => heat(page, 'astronaut.jpg') },
  beams: { full: true, act: manyBeams },
  queue: { full: true, act: queue },
  'queue-dark': { dark: true, full: true, act: queue },
  error: { act: broken },
  'error-phone': { size: PHONE, dark: true, full: true, act: broken },
  loading: { act: (page) => loading(page) },
  'load-failed': { act: loadFailed },
  drop: { act: dragOver },
  api: { path: 'api.html' },
  'api-error-dark': { dark: true, path: 'api.html', act: broken },
};

async function settled(page, ...statuses) {
  await page.waitForFunction(
    (wanted) => wanted.includes(document.querySelector('#caption').dataset.status),
    statuses,
    { timeout: 90_000 },
  );
  await page.waitForTimeout(900);
}

async function caption(page, ...names) {
  await page.setInputFiles('#files', names.map(sample));
  await settled(page, 'done');
}

async function heat(page, name) {
  await caption(page, name);
  const words = await page.locator('.word').allTextContents();
  const dull = new Set(['a', 'an', 'the', 'of', 'in', 'on', 'is', 'with', 'and', 'up', 'to']);
  const telling = words.findLastIndex((word) => !dull.has(word));
  await page.locator('.word').nth(Math.max(0, telling)).click();
  await page.mouse.move(2, 2);
  await page.waitForTimeout(500);
}

async function manyBeams(page) {
  await caption(page, 'rocket.jpg');
  await page.locator('#num-beams').fill('6');
  await page.locator('#num-beams').dispatchEvent('change');
  await page.waitForFunction(() => document.querySelectorAll('#beam-list li').length === 6);
  await page.waitForTimeout(900);
}

async function queue(page) {
  const names = ['rocket.jpg', 'chelsea.png', 'coffee.jpg', 'astronaut.jpg'];
  const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no photo') };
  await page.setInputFiles('#files', names.map(sample));
  await page.setInputFiles('#files', [text]);
  await page.setInputFiles('#files', ['coffee.jpg', 'astronaut.jpg'].map(sample));
  await page.waitForFunction(
    () => document.querySelectorAll('.thumb[data-status="failed"]').length === 1,
    undefined,
    { timeout: 90_000 },
  );
}

async function broken(page) {
  const photo = { name: 'holiday.heic', mimeType: '', buffer: heic() };
  await page.setInputFiles('#files', photo);
  await settled(page, 'failed');
}

/** The first box of a HEIC file, which is all that is needed to know one. */
function heic() {
  const box = Buffer.alloc(64);
  box.writeUInt32BE(24, 0);
  box.write('ftypheic\0\0\0\0mif1heic', 4, 'latin1');
  return box;
}

async function loading(page) {
  await page.route('**/encoder.onnx.gz', () => undefined);
  await page.setInputFiles('#files', sample('coffee.jpg'));
  await page.waitForFunction(() => document.querySelector('#loading-bar').value > 1e6);
  await page.waitForTimeout(600);
}

async function loadFailed(page) {
  await page.route('**/model/**', (route) => route.fulfill({ status: 503 }));
  await page.setInputFiles('#files', sample('coffee.jpg'));
  await settled(page, 'failed');
}

async function dragOver(page) {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'photo.jpg'));
    document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true, dataTransfer }));
  });
  await page.waitForTimeout(400);
}

const { values } = parseArgs({
  options: { readme: { type: 'boolean' }, only: { type: 'string', multiple: true } },
});
await mkdir(folder, { recursive: true });
const { address, close } = await serve({ root: join(demo, 'dist'), plain: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
});
for (const [name, { size = DESKTOP, dark, path = '', full, act }] of Object.entries(STATES)) {
  if (values.only && !values.only.includes(name)) continue;
  const context = await browser.newContext({
    ...{ viewport: size, colorScheme: dark ? 'dark' : 'light', serviceWorkers: 'block' },
    ...(size.width < 500 && { deviceScaleFactor: 2, isMobile: true, hasTouch: true }),
  });
  const page = await context.newPage();
  await page.goto(address + path);
  await act?.(page);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: full ?? false });
  await context.close();
  console.log(`${name}.png`);
}
await browser.close();
await close();

if (values.readme) {
  const { default: sharp } = await import('sharp');
  const images = join(demo, '../../docs/images');
  await mkdir(images, { recursive: true });
  for (const [from, to] of [
    ['heat-light', 'demo-heat-map'],
    ['queue-dark', 'demo-queue'],
  ]) {
    const { size } = await sharp(join(folder, `${from}.png`))
      .webp({ quality: 82, effort: 6 })
      .toFile(join(images, `${to}.webp`));
    console.log(`docs/images/${to}.webp, ${size} bytes`);
  }
}
