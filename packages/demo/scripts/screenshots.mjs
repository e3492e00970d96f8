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

/** Takes the pictures of one visit; the model is loaded once for all of them. */
async function desktop(shoot, page) {
  await shoot('empty-light');
  await shoot('empty-dark', { dark: true });
  await dragOver(page, true);
  await shoot('drop');
  await dragOver(page, false);
  await caption(page, 'giraffes.jpg');
  await shoot('result-light', { full: true });
  await shoot('result-dark', { dark: true, full: true });
  await heat(page);
  await shoot('heat-light');
  await shoot('heat-dark', { dark: true });
  await page.keyboard.press('Escape');
  await manyBeams(page);
  await shoot('beams', { full: true });
  await broken(page);
  await shoot('error');
  await queue(page);
  await shoot('queue', { full: true });
  await shoot('queue-dark', { dark: true, full: true });
}

async function phone(shoot, page) {
  await shoot('empty-phone', { full: true });
  await caption(page, 'astronaut.jpg');
  await shoot('result-phone', { full: true });
  await shoot('result-phone-dark', { dark: true, full: true });
  await heat(page);
  await shoot('heat-phone');
  await page.setViewportSize({ width: 360, height: 740 });
  await shoot('heat-360', { dark: true, full: true });
  await broken(page);
  await shoot('error-phone', { dark: true, full: true });
}

async function loading(shoot, page) {
  let held = true;
  await page.route('**/encoder.onnx.gz', (route) =>
    held ? undefined : route.fulfill({ status: 503 }),
  );
  await page.setInputFiles('#files', sample('coffee.jpg'));
  await page.waitForFunction(() => document.querySelector('#loading-bar').value > 1e6);
  await page.waitForTimeout(600);
  await shoot('loading');
  held = false;
}

async function loadFailed(shoot, page) {
  await page.route('**/model/**', (route) => route.fulfill({ status: 503 }));
  await page.setInputFiles('#files', sample('coffee.jpg'));
  await settled(page, 'failed');
  await shoot('load-failed');
}

async function api(shoot, page) {
  await shoot('api');
  await page.setInputFiles('#files', sample('coffee.jpg'));
  await settled(page, 'failed');
  await shoot('api-error-dark', { dark: true });
}

async function settled(page, ...statuses) {
  await page.waitForFunction(
    (wanted) => wanted.includes(document.querySelector('#caption').dataset.status),
    statuses,
    { timeout: 300_000 },
  );
  await page.waitForTimeout(900);
}

async function caption(page, ...names) {
  await page.setInputFiles('#files', names.map(sample));
  await settled(page, 'done');
}

/** Presses the last word that stands for a thing. */
async function heat(page) {
  const words = await page.locator('.word').allTextContents();
  const dull = new Set(['a', 'an', 'the', 'of', 'in', 'on', 'is', 'it', 'with', 'and', 'up', 'to']);
  const telling = words.findLastIndex((word) => !dull.has(word));
  await page.locator('.word').nth(Math.max(0, telling)).click();
  await page.mouse.move(2, 2);
  await page.waitForTimeout(500);
}

async function manyBeams(page) {
  await page.locator('#num-beams').fill('6');
  await page.locator('#num-beams').dispatchEvent('change');
  await page.waitForFunction(
    () => document.querySelectorAll('#beam-list li').length === 6,
    undefined,
    { timeout: 300_000 },
  );
  await page.waitForTimeout(900);
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

/** Some done, one being worked on, the others waiting. */
async function queue(page) {
  const names = ['polar-bear.jpg', 'hedgehog.jpg', 'coffee.jpg', 'bison.jpg', 'colosseum.jpg'];
  await page.setInputFiles('#files', names.map(sample));
  await page.waitForFunction(
    () => document.querySelectorAll('.thumb[data-status="done"]').length > 2,
    undefined,
    { timeout: 300_000 },
  );
}

async function dragOver(page, over) {
  await page.evaluate(
    (name) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['x'], 'photo.jpg'));
      document.body.dispatchEvent(new DragEvent(name, { bubbles: true, dataTransfer }));
    },
    over ? 'dragenter' : 'dragleave',
  );
  await page.waitForTimeout(400);
}

const VISITS = { desktop, phone, loading, loadFailed, api };

const { values } = parseArgs({
  options: { readme: { type: 'boolean' }, only: { type: 'string', multiple: true } },
});
await mkdir(folder, { recursive: true });
const { address, close } = await serve({ root: join(demo, 'dist'), plain: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
});
for (const [name, visit] of Object.entries(VISITS)) {
  if (values.only && !values.only.includes(name)) continue;
  const context = await browser.newContext({
    viewport: visit === phone ? PHONE : DESKTOP,
    serviceWorkers: 'block',
    ...(visit === phone && { deviceScaleFactor: 2, isMobile: true, hasTouch: true }),
  });
  const page = await context.newPage();
  await page.goto(address + (visit === api ? 'api.html' : ''));
  await visit(async (file, { dark = false, full = false } = {}) => {
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, `${file}.png`), fullPage: full });
    console.log(`${file}.png`);
  }, page);
  await context.close();
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
