import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

/* The page that `zipcaption alt --report` writes, and what a reviewer makes of it. */

const core = resolve(import.meta.dirname, '../..');
const cli = join(core, 'dist/cli/main.js');
const PAGE = `<h1>Trip</h1>
<p>The launch <a href=/more><img src=rocket.jpg></a> &lt;/script&gt;</p>
<img src=coffee.jpg alt=image><img src=none.jpg><svg><image href=coffee.jpg /></svg>
`;

let folder: string;
let browser: Browser;
let axe: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-report-'));
  mkdirSync(join(folder, 'site'));
  for (const name of ['rocket.jpg', 'coffee.jpg']) {
    copyFileSync(join(core, '../../samples', name), join(folder, 'site', name));
  }
  writeFileSync(join(folder, 'site/index.html'), PAGE);
  writeFileSync(join(folder, 'site/page.md'), '![](rocket.jpg)\n');
  const model = join(core, 'test/fixtures/tiny-model');
  const args = ['alt', 'site', '--report', 'alt.html', '--model', model, '--gender'];
  execFileSync(process.execPath, [cli, ...args], { cwd: folder, stdio: 'pipe' });
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => writeFileSync(join(folder, 'site/index.html'), PAGE));

/** The report in a browser that remembers nothing; what goes wrong in it fails the test. */
async function open(options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(pathToFileURL(join(folder, 'alt.html')).href);
  return { page, faults, close: () => context.close() };
}

async function violations(page: Page): Promise<string[]> {
  // The page's own policy lets no script in but its own.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Axe {
      run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

async function exported(page: Page): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export')]);
  expect(download.suggestedFilename()).toBe('alt.json');
  return readFileSync(await download.path(), 'utf8');
}

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test.each([1100, 390])('axe finds nothing at a width of %i', async (width) => {
    const { page, faults, close } = await open({ colorScheme, viewport: { width, height: 900 } });
    expect(await violations(page)).toEqual([]);
    await page.locator('input[value=write]').first().check();
    await page.locator('input[value=decorative]').first().check();
    expect(await violations(page)).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([wider, faults]).toEqual([0, []]);
    await close();
  });
});

test('shows each image with what stands around it', async () => {
  const { page, close } = await open();
  const cards = page.locator('article');
  expect(await cards.count()).toBe(5);
  const rocket = cards.filter({ hasText: 'Line 2, column 29' });
  expect(await rocket.locator('dl').innerText()).toMatch(/In a link to\s+\/more\s+Heading\s+Trip/);
  const size = await rocket
    .locator('img')
    .evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight]);
  expect(Math.max(...size)).toBe(360);
  expect(await cards.filter({ hasText: 'none.jpg' }).innerText()).toContain('No draft');
  expect(await cards.filter({ hasText: 'no alt attribute' }).locator('input').count()).toBe(0);
  await close();
});

test('what was decided with the keyboard alone is exported, and written', async () => {
  const { page, faults, close } = await open({ acceptDownloads: true });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('export');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('The rocket </script> "before" the launch');
  await page.keyboard.press('Control+Enter');
  // The next one is a text, too; from it to the decision, and to "Decorative".
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  const decisions = page.locator('article').nth(1).locator('input');
  while (!(await decisions.first().evaluate((radio) => radio === document.activeElement))) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('ArrowRight');
  expect(await page.innerText('#total')).toBe('2 of 4 decided');

  // The browser remembers.
  await page.reload();
  expect(await page.innerText('#total')).toBe('2 of 4 decided');
  writeFileSync(join(folder, 'alt.json'), await exported(page));
  expect(await page.innerText('#status')).toContain('2 decisions');
  expect(faults).toEqual([]);
  await close();

  const { status } = spawnSync(process.execPath, [cli, 'alt', 'site', '--apply', 'alt.json'], {
    cwd: folder,
  });
  expect(status).toBe(0);
  const files = ['site/index.html', 'site/page.md'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  expect(files).toEqual([
    PAGE.replace(
      'src=rocket.jpg',
      'src=rocket.jpg alt="The rocket &lt;/script&gt; &quot;before&quot; the launch"',
    ).replace('alt=image', 'alt=""'),
    '![](rocket.jpg)\n',
  ]);
});

test('an empty text is not exported as one to be written', async () => {
  const { page, close } = await open();
  const last = page.locator('article').filter({ hasText: 'none.jpg' });
  await last.locator('input[value=write]').check();
  await page.click('#export');
  expect(await page.innerText('#status')).toContain('is empty');
  expect(await last.locator('textarea').evaluate((area) => area === document.activeElement)).toBe(
    true,
  );
  await close();
});

test('decided ones can be left out', async () => {
  const { page, close } = await open();
  await page.locator('article').first().locator('input[value=skip]').check();
  await page.locator('#only-open').check();
  expect(await page.locator('article:visible').count()).toBe(4);
  await close();
});
