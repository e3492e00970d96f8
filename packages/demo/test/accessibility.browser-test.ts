import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heldModel, launch, outcome, sampleBytes, samplePath, takeSample, visit } from './visit.js';

let browser: Browser;
let axe: string;
beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  browser = await launch();
});
afterAll(() => browser?.close());

/** All violations that axe finds, best practices included, in a form worth reading. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Axe {
      run(): Promise<{
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      }>;
    }
    // Contrast is that of the end of all fading.
    await Promise.all(document.getAnimations().map(({ finished }) => finished));
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}

describe.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', (colorScheme) => {
  const look = { colorScheme, reducedMotion: 'reduce' } as const;

  test('before a photo, with captions, a pressed word, a caption that is edited, a failure, waiting photos', async () => {
    await using visitor = await visit(browser, look);
    const { page } = visitor;
    expect(await violations(page)).toEqual([]);
    await takeSample(page, 'coffee.jpg');
    await outcome(page);
    await page.locator('.word').nth(1).click();
    expect(await violations(page)).toEqual([]);
    await page.click('#edit');
    expect(await violations(page)).toEqual([]);
    await page.fill('#edit-text', 'a cup');
    await page.keyboard.press('Enter');
    expect(await violations(page)).toEqual([]);
    await page.setInputFiles('#files', [
      { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('nothing') },
      { name: 'cat.png', mimeType: 'image/png', buffer: await sampleBytes('chelsea.png') },
    ]);
    expect(await outcome(page, 'failed')).not.toBe('');
    expect(await violations(page)).toEqual([]);
  });

  test('while the model comes, while photos wait for it, once they are cancelled, when it does not come', async () => {
    let answer = (_: Route) => {};
    const held: Route[] = [];
    await using visitor = await visit(browser, {
      ...look,
      prepare: (page) =>
        page.context().route('**/encoder.onnx.gz', (route) => {
          held.push(route);
          answer(route);
        }),
    });
    const { page } = visitor;
    await page.setInputFiles('#files', ['coffee.jpg', 'chelsea.png'].map(samplePath));
    await expect.poll(() => page.isVisible('#loading')).toBe(true);
    expect(await violations(page)).toEqual([]);
    await page.click('#cancel-all');
    await outcome(page, 'cancelled');
    expect(await violations(page)).toEqual([]);
    answer = (route) => void route.fulfill({ status: 503 });
    held.forEach(answer);
    await expect.poll(() => page.isVisible('#retry-load')).toBe(true);
    expect(await violations(page)).toEqual([]);
  });

  test('with each of the code tabs, something dragged over it, a message, a browser that cannot run the model', async () => {
    await using visitor = await visit(browser, {
      ...look,
      prepare: (page) =>
        page.addInitScript(() => {
          WebAssembly.validate = () => false;
        }),
    });
    const { page } = visitor;
    for (const tab of await page.locator('[role="tab"]').all()) {
      await tab.click();
      expect(await violations(page)).toEqual([]);
    }
    const drag = (type: string) =>
      page.evaluate((type) => {
        const init = { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() };
        document.body.dispatchEvent(new DragEvent(type, init));
      }, type);
    await drag('dragenter');
    expect(await page.isVisible('#drop-veil')).toBe(true);
    expect(await violations(page)).toEqual([]);
    await drag('drop');
    expect(await page.isVisible('#toast')).toBe(true);
    expect(await violations(page)).toEqual([]);
  });

  test('in the documentation', async () => {
    await using visitor = await visit(browser, look);
    const { page } = visitor;
    await page.click('.bar-link');
    await page.click('main a[href="formats.html"]');
    expect(await page.textContent('h1')).toBe('Image formats');
    expect(await violations(page)).toEqual([]);
    expect(visitor.errors).toEqual([]);
  });

  test('in the camera dialog and on the page for an API, where nothing answers', async () => {
    await using visitor = await visit(browser, { ...look, path: 'api.html' });
    const { page } = visitor;
    expect(await violations(page)).toEqual([]);
    await page.click('#camera');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('camera-close');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.fill('#endpoint', 'http://127.0.0.1:9');
    await page.setInputFiles('#files', samplePath('coffee.jpg'));
    await outcome(page, 'failed');
    expect(await violations(page)).toEqual([]);
  });
});

describe('with the keyboard alone', () => {
  test('everything is reached in the order in which it stands', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    const walk = async (steps: number) => {
      const names: string[] = [];
      for (let i = 0; i < steps; i++) {
        await page.keyboard.press('Tab');
        names.push(
          await page.evaluate(() => {
            const focused = document.activeElement;
            return focused?.id || focused?.className || focused?.textContent?.trim() || '';
          }),
        );
      }
      return names;
    };
    expect(await walk(9)).toEqual([
      ...[
        'skip',
        'brand',
        'bar-link',
        'bar-link',
        'In this tab',
        'Your API',
        'theme',
        'files',
        'camera',
      ],
    ]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    // The samples are gone, and the focus is on what came of one.
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('stage');
    await outcome(page);
    await page.focus('#camera');
    expect(await walk(7)).toEqual([
      ...['word', 'copy', 'copy-alt', 'copy-html', 'copy-markdown', 'edit', 'remove'],
    ]);
  });
});

test('a pressed button that goes hands the focus on, and it never falls to the page', async () => {
  const { prepare, release } = heldModel();
  await using visitor = await visit(browser, { prepare });
  const { page } = visitor;
  const focused = () => page.evaluate(() => document.activeElement?.id);
  await page.setInputFiles('#files', ['coffee.jpg', 'chelsea.png'].map(samplePath));
  await page.focus('#cancel');
  await page.keyboard.press('Enter');
  expect(await focused()).toBe('again');
  await page.keyboard.press('Enter');
  expect(await focused()).toBe('cancel');
  await page.focus('#cancel-all');
  await page.keyboard.press('Enter');
  // The photo that is shown large.
  await expect.poll(() => page.evaluate(() => document.activeElement?.ariaPressed)).toBe('true');
  await page.focus('#again');
  await page.keyboard.press('Enter');
  release();
  await outcome(page);
  expect(await focused()).toBe('stage');
  await page.focus('#clear');
  await page.keyboard.press('Enter');
  expect(await focused()).toBe('files');
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

/** Where an element stands in the window, in CSS pixels. */
function box(page: Page, selector: string): Promise<DOMRect> {
  return page.evaluate(
    (wanted) => document.querySelector(wanted)?.getBoundingClientRect().toJSON(),
    selector,
  );
}

test('at 1280 × 860 the photo, its caption and the copy buttons are seen together', async () => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  await takeSample(page, 'coffee.jpg');
  await outcome(page);
  expect((await box(page, '#photo')).top).toBeGreaterThanOrEqual(0);
  expect((await box(page, '#copy-markdown')).bottom).toBeLessThanOrEqual(860);
});

describe('on a phone', () => {
  test('a sample, its caption and the heat map of a tapped word are seen together', async () => {
    await using visitor = await visit(browser, {
      viewport: { width: 360, height: 640 },
      hasTouch: true,
      isMobile: true,
      reducedMotion: 'reduce',
    });
    const { page } = visitor;
    // One line: the bar is no higher than its button and its padding.
    expect((await box(page, '.bar')).height).toBeLessThan(80);
    await page.locator('#samples').scrollIntoViewIfNeeded();
    await takeSample(page, 'astronaut.jpg');
    await outcome(page);
    const seen = async () => {
      await expect.poll(async () => (await box(page, '#photo')).top).toBeGreaterThanOrEqual(0);
      expect((await box(page, '#caption')).bottom).toBeLessThanOrEqual(640);
    };
    await seen();
    await page.evaluate(() =>
      scrollBy(0, (document.querySelector('#caption')?.getBoundingClientRect().top ?? 0) - 20),
    );
    expect((await box(page, '#photo')).top).toBeLessThan(0);
    await page.locator('.word').nth(1).tap();
    await seen();
    expect(await page.getAttribute('#heat', 'class')).toBe('shown');
  });

  test.each([360, 414, 768])('%i pixels wide, nothing sticks out', async (width) => {
    await using visitor = await visit(browser, {
      viewport: { width, height: 780 },
      hasTouch: true,
      isMobile: true,
    });
    const { page } = visitor;
    const overflow = () =>
      page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
    expect(await overflow()).toBe(0);
    await page.setInputFiles('#files', [samplePath('rocket.jpg'), samplePath('coffee.jpg')]);
    await outcome(page);
    expect(await overflow()).toBe(0);
    await page.locator('.word').first().tap();
    expect(await page.getAttribute('#heat', 'class')).toBe('shown');
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('.button, .icon-button')]
        .map((button) => button.getBoundingClientRect())
        .filter(({ width, height }) => width > 0 && height < 24),
    );
    expect(small).toEqual([]);
  });
});
