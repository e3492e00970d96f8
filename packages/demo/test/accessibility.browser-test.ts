import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, outcome, sampleBytes, samplePath, takeSample, visit } from './visit.js';

let browser: Browser;
let axe: string;
beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  browser = await launch();
});
afterAll(() => browser?.close());

/** All violations that axe finds, best practices included, in a form worth reading. */
async function violations(page: Page): Promise<string[]> {
  await page.waitForTimeout(700); // Colours fade in; contrast is that of the end.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Axe {
      run(): Promise<{
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}

describe.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', (colorScheme) => {
  test('before a photo, with captions, a pressed word, a failure, waiting photos', async () => {
    await using visitor = await visit(browser, { colorScheme });
    const { page } = visitor;
    expect(await violations(page)).toEqual([]);
    await takeSample(page, 'coffee.jpg');
    await outcome(page);
    await page.locator('.word').nth(1).click();
    expect(await violations(page)).toEqual([]);
    await page.setInputFiles('#files', [
      { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('nothing') },
      { name: 'cat.png', mimeType: 'image/png', buffer: await sampleBytes('chelsea.png') },
    ]);
    expect(await outcome(page, 'failed')).not.toBe('');
    expect(await violations(page)).toEqual([]);
  });

  test('in the documentation', async () => {
    await using visitor = await visit(browser, { colorScheme });
    const { page } = visitor;
    await page.click('.bar-link');
    await page.click('main a[href="formats.html"]');
    expect(await page.textContent('h1')).toBe('Image formats');
    expect(await violations(page)).toEqual([]);
    expect(visitor.errors).toEqual([]);
  });

  test('in the camera dialog and on the page for an API', async () => {
    await using visitor = await visit(browser, { colorScheme, path: 'api.html' });
    expect(await violations(visitor.page)).toEqual([]);
    await visitor.page.click('#camera');
    expect(await violations(visitor.page)).toEqual([]);
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
