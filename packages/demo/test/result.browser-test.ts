import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Captioner, loadCaptioner } from 'zipcaption';
import type { WordMap } from '../src/caption.js';
import { heatPixels } from '../src/page/heat-map.js';
import { launch, outcome, samplePath, type Visit, visit } from './visit.js';

let browser: Browser;
let node: Captioner;
let visitor: Visit;
beforeAll(async () => {
  [browser, node] = await Promise.all([launch(), loadCaptioner({ model: inject('model') })]);
  visitor = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
});
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]();
  await browser?.close();
  await node?.dispose();
});

describe('the caption', () => {
  test.each(['chelsea.png', 'coffee.jpg', 'astronaut.jpg'])(
    'of %s is the one that Node gives',
    async (name) => {
      await give(visitor.page, name);
      const { numBeams, maxLength } = node.model.generation;
      const expected = await node.caption(await readFile(samplePath(name)), {
        numBeams,
        maxLength,
        numCaptions: numBeams,
      });
      expect(await outcome(visitor.page)).toBe(expected.text);
      const beams = await visitor.page.locator('.beam-text').allTextContents();
      const all = [expected.text, ...expected.alternatives.map(({ text }) => text)];
      expect(beams).toEqual(all);
      const scores = await visitor.page.locator('.beam-score').allTextContents();
      expect(Number(scores[0]?.replace('−', '-'))).toBeCloseTo(expected.score, 1);
    },
  );

  test('has the tags under it that Node gives, where the model has any', async () => {
    const { page } = visitor;
    await give(page, 'chelsea.png');
    await outcome(page);
    const { tags = [] } = await node.caption(samplePath('chelsea.png'));
    expect(await page.locator('.tag').allTextContents()).toEqual(
      tags.map(({ text, probability }) => `${text} ${Math.round(100 * probability)} %`),
    );
    expect(await page.locator('#tags').isVisible()).toBe(tags.length > 0);
  });

  test('is copied as it stands, and as HTML', async () => {
    const { page } = visitor;
    await give(page, 'coffee.jpg');
    const text = await outcome(page);
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await page.click('#copy');
    await expect.poll(clipboard).toBe(text);
    // The button says so itself: nothing covers the caption.
    expect(await page.textContent('#copy')).toBe('Copied');
    expect(await page.textContent('#live')).toBe('Copy caption: copied');
    await expect.poll(() => page.textContent('#copy'), { timeout: 10_000 }).toBe('Copy caption');
    await page.click('#copy-html');
    await expect.poll(clipboard).toBe(`<img src="coffee.jpg" alt="${text}">`);
    await page.click('#copy-alt');
    await expect.poll(clipboard).toBe(`alt="${text}"`);
    await page.click('#copy-markdown');
    await expect.poll(clipboard).toBe(`![${text}](coffee.jpg)`);
  });

  test('can be written anew, and is copied, shown and kept so until that is taken back', async () => {
    const { page } = visitor;
    await give(page, 'coffee.jpg');
    const text = await outcome(page);
    await page.click('#edit');
    expect(await page.inputValue('#edit-text')).toBe(text);
    await page.fill('#edit-text', 'never mind');
    await page.keyboard.press('Escape');
    expect(await page.textContent('#caption')).toBe(text);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('edit');

    await page.click('#edit');
    await page.fill('#edit-text', ' my "cup" of\ncoffee ');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#caption')).toBe('my "cup" of coffee');
    expect(await page.getAttribute('#image', 'alt')).toBe('my "cup" of coffee');
    expect(await page.textContent('.thumb[aria-pressed="true"]')).toBe('my "cup" of coffee');
    // Words that the model said keep their heat maps.
    const said = ['my', 'cup', 'of', 'coffee'].filter((word) => text.split(' ').includes(word));
    expect(said).toContain('coffee');
    expect(await page.locator('.word').allTextContents()).toEqual(said);
    await page.click('#copy-alt');
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe('alt="my &quot;cup&quot; of coffee"');
    await page.click('#edit-undo');
    expect(await page.textContent('#caption')).toBe(text);
    expect(await page.isVisible('#edit-undo')).toBe(false);
  });

  test('that is being written is not lost when another photo is looked at', async () => {
    const { page } = visitor;
    await give(page, 'coffee.jpg');
    await outcome(page);
    await page.click('#edit');
    await page.fill('#edit-text', 'my cup');
    await page.click('.thumb >> nth=0');
    expect(await page.isVisible('#edit-text')).toBe(false);
    expect(await page.textContent('.thumb >> nth=-1')).toBe('my cup');
    await page.click('.thumb >> nth=-1');
    expect(await page.textContent('#caption')).toBe('my cup');
    // Neither is it by new photos, which are looked at once they come.
    await page.click('#edit');
    await page.fill('#edit-text', 'my red cup');
    const count = await page.locator('.thumb').count();
    await give(page, 'chelsea.png');
    await outcome(page);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('stage');
    expect(await page.textContent(`.thumb >> nth=${count - 1}`)).toBe('my red cup');
  });

  test('follows the options, which are remembered', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    await give(page, 'coffee.jpg');
    await outcome(page);
    await slide(page, '#num-beams', 1);
    await page.waitForFunction(() => document.querySelector('#beams')?.hasAttribute('hidden'));
    await slide(page, '#max-length', 4);
    await page.waitForFunction(
      () => (document.querySelector('#caption')?.textContent ?? '').split(' ').length <= 4,
    );
    await outcome(page);
    const short = await node.caption(samplePath('coffee.jpg'), { numBeams: 1, maxLength: 4 });
    await expect.poll(() => page.textContent('#caption')).toBe(short.text);
    await page.reload();
    expect(await page.inputValue('#num-beams')).toBe('1');
    expect(await page.inputValue('#max-length')).toBe('4');
  });

  test('can be cancelled while the model is on its way', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    await give(page, 'coffee.jpg');
    await page.click('#cancel');
    await outcome(page, 'cancelled');
    await page.click('#again');
    expect(await outcome(page)).not.toBe('');
  });
});

describe('a word', () => {
  test('shows where the model looked: pointed at, focused, pressed, left', async () => {
    const { page } = visitor;
    await give(page, 'chelsea.png');
    await outcome(page);
    const shown = () => page.evaluate(() => document.querySelector('#heat')?.className === 'shown');
    const words = page.locator('.word');

    await words.nth(1).hover();
    expect(await shown()).toBe(true);
    await page.mouse.move(5, 5);
    expect(await shown()).toBe(false);

    await words.nth(1).click();
    await page.mouse.move(5, 5);
    expect(await shown()).toBe(true);
    expect(await words.nth(1).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Escape');
    expect(await shown()).toBe(false);

    await words.nth(0).focus();
    await page.keyboard.press('ArrowRight');
    expect(await words.nth(1).evaluate((word) => word === document.activeElement)).toBe(true);
    expect(await shown()).toBe(true);
  });

  test('lights up the photo as the attention lies that Node finds for it', async () => {
    const { page } = visitor;
    await give(page, 'chelsea.png');
    await outcome(page);
    const { numBeams } = node.model.generation;
    const { attention = [] } = await node.caption(samplePath('chelsea.png'), {
      numBeams,
      attention: true,
    });
    expect(await page.locator('.word').allTextContents()).toEqual(
      attention.map(({ word }) => word),
    );
    expect(attention.length).toBeGreaterThan(3);
    for (const [i, map] of attention.entries()) {
      await page.locator('.word').nth(i).click();
      // A canvas keeps colours multiplied by their opacity, rounded.
      await expect.poll(() => differenceFromShown(page, map)).toBeLessThanOrEqual(3);
    }
    const [first, last] = [attention[0], attention.at(-1)];
    if (!first || !last) throw new Error('the model gives no attention');
    expect(await differenceFromShown(page, first)).toBeGreaterThan(30);

    const [photo, glow] = await page.evaluate(() =>
      ['#image', '#heat'].map((id) => document.querySelector(id)?.getBoundingClientRect().toJSON()),
    );
    expect(glow).toEqual(photo);
  });
});

test.each([
  ['one column wide', 1, 1000],
  ['one row high', 1000, 1],
])('a photo %s is seen, in the strip too, and its words light it up', async (_, width, height) => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  const photo = { create: { width, height, channels: 3, background: '#a42' } } as const;
  await page.setInputFiles('#files', {
    name: 'thin.png',
    mimeType: 'image/png',
    buffer: await sharp(photo).png().toBuffer(),
  });
  await outcome(page);
  await page.locator('.word').last().click();
  const { box, glow } = await page.evaluate(() => {
    const { width = 0, height = 0 } =
      document.querySelector('#photo')?.getBoundingClientRect() ?? {};
    const canvas = document.querySelector<HTMLCanvasElement>('#heat');
    const image = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
    return { box: [width, height], glow: image?.data.some((value) => value > 0) };
  });
  expect(Math.min(...box)).toBeGreaterThan(100);
  expect(glow).toBe(true);
  await page.waitForSelector('.thumb img[src]', { state: 'attached' });
  expect(visitor.errors).toEqual([]);
});

test('a photo that is cut off is shown as far as it goes, large and small', async () => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  const folder = join(import.meta.dirname, '../../../scripts/fixtures/photos');
  await page.setInputFiles('#files', join(folder, 'cut.jpg'));
  await outcome(page);
  expect(await page.textContent('#caption-note')).toContain('cut off');
  const width = (selector: string) =>
    page.locator(selector).evaluate((image) => (image as HTMLImageElement).naturalWidth);
  await expect.poll(() => width('#image')).toBeGreaterThan(0);
  await expect.poll(() => width('.thumb img')).toBeGreaterThan(0);
  expect(await page.locator('.broken').count()).toBe(0);
});

test('a photo that is too large is refused in words for visitors', async () => {
  await using visitor = await visit(browser);
  const photo = { create: { width: 1, height: 1, channels: 3, background: '#a42' } } as const;
  const buffer = await sharp(photo).gif().toBuffer();
  // The size that stands in its header, which is all that is read of one that is too large.
  buffer.writeUInt16LE(10_001, 6);
  buffer.writeUInt16LE(10_000, 8);
  await visitor.page.setInputFiles('#files', { name: 'large.gif', mimeType: 'image/gif', buffer });
  expect(await outcome(visitor.page, 'failed')).toContain('at most 100 megapixels');
  expect(await visitor.page.textContent('#caption-note')).toContain('IMAGE_TOO_LARGE');
});

/** The largest difference, in any of the four channels (0–255), of the glow that is shown from this map's. */
async function differenceFromShown(page: Page, map: WordMap): Promise<number> {
  const { width, height, pixels } = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('#heat');
    const image = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
    if (!image) throw new Error('no heat map');
    return { width: image.width, height: image.height, pixels: [...image.data] };
  });
  const expected = heatPixels(map, width, height);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (pixels[i] ?? 0))), 0);
}

function give(page: Page, name: string): Promise<void> {
  return page.setInputFiles('#files', samplePath(name));
}

/** Moves a slider as the keyboard does, and lets it go. */
async function slide(page: Page, selector: string, value: number): Promise<void> {
  await page.locator(selector).fill(String(value));
  await page.locator(selector).dispatchEvent('change');
}
