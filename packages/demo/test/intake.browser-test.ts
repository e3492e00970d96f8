import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  launch,
  outcome,
  sampleBytes,
  samplePath,
  takeSample,
  type Visit,
  visit,
} from './visit.js';

let browser: Browser;
/** One visit for all: a visitor, too, does one thing after another. */
let visitor: Visit;
beforeAll(async () => {
  browser = await launch('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
  visitor = await visit(browser, { permissions: ['camera'] });
});
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]();
  await browser?.close();
});

/** Makes a `DataTransfer` with files in the page, as a drop or a paste brings one. */
async function transfer(page: Page, event: 'drop' | 'paste', names: readonly string[]) {
  const files = await Promise.all(
    names.map(async (name) => ({ name, base64: (await sampleBytes(name)).toString('base64') })),
  );
  await page.evaluate(
    ({ files, event }) => {
      const data = new DataTransfer();
      for (const { name, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name));
      }
      const init = { bubbles: true, cancelable: true };
      if (event === 'paste') {
        document.body.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }));
        return;
      }
      document.body.dispatchEvent(new DragEvent('dragenter', { ...init, dataTransfer: data }));
      const veil = document.querySelector('#drop-veil')?.classList.contains('shown');
      if (!veil) throw new Error('nothing shows that the page takes drops');
      document.body.dispatchEvent(new DragEvent('drop', { ...init, dataTransfer: data }));
    },
    { files, event },
  );
}

describe('a photo comes in', () => {
  test('as a sample, and its words are seen before the caption is done', async () => {
    const { page } = visitor;
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      const caption = document.querySelector('#caption') as HTMLElement;
      new MutationObserver(() => {
        if (caption.dataset.status === 'working') seen.push(caption.textContent ?? '');
      }).observe(caption, { childList: true, characterData: true, subtree: true });
    });
    await takeSample(page, 'coffee.jpg');
    const text = await outcome(page);
    expect(text.split(' ').length).toBeGreaterThan(3);

    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    const growing = seen.filter((words) => words !== '');
    expect(new Set(growing).size).toBeGreaterThan(2);
    growing.forEach((words, i) => {
      expect(words.startsWith(growing[i - 1] ?? '')).toBe(true);
    });
    expect(await page.getAttribute('#image', 'alt')).toBe(text);
    expect(await page.textContent('#live')).toBe(`Caption: ${text}`);
  });

  test('dropped anywhere', async () => {
    await transfer(visitor.page, 'drop', ['chelsea.png']);
    expect(await outcome(visitor.page)).not.toBe('');
    await expect(visitor.page.getAttribute('#drop-veil', 'class')).resolves.not.toContain('shown');
  });

  test('pasted', async () => {
    await transfer(visitor.page, 'paste', ['astronaut.jpg']);
    expect(await outcome(visitor.page)).not.toBe('');
  });

  test('from the camera, which is switched off afterwards', async () => {
    const { page } = visitor;
    await page.click('#camera');
    await page.waitForSelector('#camera-take:enabled');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('camera-take');
    await page.evaluate(() => {
      const stream = document.querySelector('video')?.srcObject as MediaStream;
      Object.assign(globalThis, { stream });
    });
    await page.click('#camera-take');
    await page.waitForSelector('.thumb[data-status="done"][aria-label^="camera-1.jpg"]');
    const states = await page.evaluate(() =>
      (globalThis as unknown as { stream: MediaStream }).stream
        .getTracks()
        .map(({ readyState }) => readyState),
    );
    expect(states).toEqual(['ended']);
    expect(await page.isVisible('#camera-dialog')).toBe(false);
  });

  test('in any format that the browser reads, wherever the name says nothing', async () => {
    const { page } = visitor;
    // 2 × 2 pixels of Windows bitmap (BITMAPINFOHEADER, 24 bits): no format of the core's own.
    const bmp = Buffer.alloc(70, 0x7f);
    bmp.write('BM');
    bmp.writeUInt32LE(70, 2);
    bmp.writeUInt32LE(0, 6);
    bmp.writeUInt32LE(54, 10);
    bmp.fill(0, 14, 54);
    bmp.writeUInt32LE(40, 14);
    bmp.writeInt32LE(2, 18);
    bmp.writeInt32LE(2, 22);
    bmp.writeUInt16LE(1, 26);
    bmp.writeUInt16LE(24, 28);
    await page.setInputFiles('#files', {
      name: 'photo',
      mimeType: '',
      buffer: bmp,
    });
    expect(await outcome(page)).not.toBe('');
  });
});

/** Drops text on an element, as it is dragged from elsewhere; `isOwn`: from this page itself. */
async function dropText(
  page: Page,
  { isOwn, ...texts }: { isOwn: boolean; [type: string]: string | boolean },
) {
  return page.evaluate(
    ({ isOwn, texts }) => {
      const dataTransfer = new DataTransfer();
      for (const [type, text] of Object.entries(texts)) dataTransfer.setData(type, String(text));
      const send = (type: string) =>
        document.body.dispatchEvent(
          new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }),
        );
      if (isOwn) send('dragstart');
      send('dragenter');
      const veil = document.querySelector('#drop-veil')?.classList.contains('shown');
      const isPrevented = !send('drop');
      if (isOwn) send('dragend');
      return { veil, isPrevented };
    },
    { isOwn, texts },
  );
}

test("a photo of another page that is dropped as its address, and what is the page's own", async () => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  const photo = { 'text/uri-list': 'https://a.example/photo.jpg' };
  const toast = () => page.textContent('#toast');
  const own = await dropText(page, { isOwn: true, ...photo });
  expect(own).toEqual({ veil: false, isPrevented: true });
  expect(await toast()).toBe('');
  const others = await dropText(page, { isOwn: false, ...photo });
  expect(others).toEqual({ veil: true, isPrevented: true });
  expect(await toast()).toContain('Copy the photo there and paste it here');
  await dropText(page, { isOwn: false, 'text/plain': 'some words' });
  expect(await toast()).toContain('No file came with that drop');
});

test('text that is pasted into a field is text, though a picture of it comes along', async () => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  await takeSample(page, 'coffee.jpg');
  await outcome(page);
  await page.click('#edit');
  const paste = (text: string | undefined) =>
    page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      if (text) clipboardData.setData('text/plain', text);
      clipboardData.items.add(new File(['no photo'], 'image.png', { type: 'image/png' }));
      const init = { bubbles: true, cancelable: true, clipboardData };
      return document.activeElement?.dispatchEvent(new ClipboardEvent('paste', init));
    }, text);
  expect(await paste('cells of a table')).toBe(true);
  expect(await page.locator('.thumb').count()).toBe(1);
  expect(await paste(undefined)).toBe(false);
  expect(await paste(undefined)).toBe(false);
  const names = await page
    .locator('.thumb')
    .evaluateAll((all) => all.map((thumb) => thumb.ariaLabel?.split(':')[0]));
  expect(names).toEqual(['coffee.jpg', 'pasted-1.png', 'pasted-2.png']);
});

test('photos in a folder that is dropped come in under their paths, what else is in it does not', async () => {
  await using visitor = await visit(browser);
  const { page } = visitor;
  const folder = await mkdtemp(join(tmpdir(), 'zipcaption-drop-'));
  try {
    await mkdir(join(folder, 'trip/day 2'), { recursive: true });
    await copyFile(samplePath('coffee.jpg'), join(folder, 'trip/10.JPG'));
    await copyFile(samplePath('coffee.jpg'), join(folder, 'trip/9.jpg'));
    await copyFile(samplePath('chelsea.png'), join(folder, 'trip/day 2/cat.png'));
    for (const name of ['notes.txt', '._9.jpg', 'Thumbs.db']) {
      await writeFile(join(folder, 'trip', name), 'no photo');
    }
    await mkdir(join(folder, 'nothing'));
    const session = await page.context().newCDPSession(page);
    const drop = async (...names: string[]) => {
      const files = names.map((name) => join(folder, name));
      const data = { items: [], files, dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
      }
    };
    await drop('nothing');
    await expect.poll(() => page.textContent('#toast')).toContain('no photo in that folder');
    expect(await page.isVisible('#work')).toBe(false);
    await drop('trip', 'trip/notes.txt');
    const names = () =>
      page
        .locator('.thumb')
        .evaluateAll((thumbs) => thumbs.map((thumb) => thumb.ariaLabel?.split(':')[0]));
    // What is dropped by itself is tried, whatever its name.
    const expected = ['notes.txt', 'trip/9.jpg', 'trip/10.JPG', 'trip/day 2/cat.png'];
    await expect.poll(names).toEqual(expected);
    await expect
      .poll(() => page.textContent('#queue-count'), { timeout: 240_000 })
      .toBe('3 of 4 captioned, 1 failed');
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('several photos', () => {
  test('are captioned one after another, a broken one among them, and come out as JSON and CSV', async () => {
    const { page } = visitor;
    const before = await page.locator('.thumb').count();
    await page.setInputFiles('#files', [
      { name: 'cat.png', mimeType: 'image/png', buffer: await sampleBytes('chelsea.png') },
      { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo at all') },
      { name: '=cup, "red".jpg', mimeType: 'image/jpeg', buffer: await sampleBytes('coffee.jpg') },
    ]);
    expect(await page.isVisible('#queue-bar')).toBe(true);
    const counted = `${before + 2} of ${before + 3} captioned, 1 failed`;
    await expect.poll(() => page.textContent('#queue-count'), { timeout: 240_000 }).toBe(counted);
    await expect.poll(() => page.isVisible('#queue-bar')).toBe(false);

    await page.click(`.thumb >> nth=${before + 1}`);
    expect(await outcome(page, 'failed')).toMatch(/not|text/i);
    expect(await page.textContent('#caption-note')).toContain('UNSUPPORTED_FORMAT');
    expect(await page.isVisible('#copy')).toBe(false);
    expect(await page.isVisible('#again')).toBe(true);

    const [json] = await Promise.all([page.waitForEvent('download'), page.click('#download-json')]);
    const rows = JSON.parse(await streamText(await json.createReadStream())).slice(before);
    expect(rows).toMatchObject([
      { file: 'cat.png', status: 'done', caption: expect.any(String) },
      { file: 'broken.jpg', status: 'failed', error: { code: 'UNSUPPORTED_FORMAT' } },
      { file: '=cup, "red".jpg', status: 'done', caption: expect.any(String) },
    ]);
    const [csv] = await Promise.all([page.waitForEvent('download'), page.click('#download-csv')]);
    const lines = (await streamText(await csv.createReadStream())).trim().split('\r\n');
    expect(lines).toHaveLength(before + 4);
    expect(lines.at(-1)).toContain(`"'=cup, ""red"".jpg",done,${rows[2].caption}`);
    const [text] = await Promise.all([page.waitForEvent('download'), page.click('#download-txt')]);
    expect((await streamText(await text.createReadStream())).split('\n').slice(-3)).toEqual([
      ...[`cat.png\t${rows[0].caption}`, `=cup, "red".jpg\t${rows[2].caption}`, ''],
    ]);
    expect(await page.textContent('#live')).toMatch(/^All \d+ photos are done, 1 of them failed/);
  });

  test('can be cancelled together, and tried again', async () => {
    const { page } = visitor;
    const before = await page.locator('.thumb').count();
    const statuses = () =>
      page.evaluate(
        (from) =>
          [...document.querySelectorAll<HTMLElement>('.thumb')]
            .slice(from)
            .map(({ dataset }) => dataset.status),
        before,
      );
    await page.setInputFiles('#files', ['chelsea.png', 'coffee.jpg', 'rocket.jpg'].map(samplePath));
    await page.click('#cancel-all');
    expect(await statuses()).toEqual(['cancelled', 'cancelled', 'cancelled']);
    await page.click('#again');
    expect(await outcome(page)).not.toBe('');
    expect(await statuses()).toEqual(['done', 'cancelled', 'cancelled']);
    expect(visitor.errors).toEqual([]);
  });

  test('can be taken out, one with the keyboard, all with a button', async () => {
    const { page } = visitor;
    const names = () =>
      page
        .locator('.thumb')
        .evaluateAll((thumbs) => thumbs.map((thumb) => thumb.ariaLabel?.split(':')[0]));
    const before = await names();
    await page.click('.thumb >> nth=-2');
    await page.click('#remove');
    expect(await names()).toEqual(before.toSpliced(-2, 1));
    expect(await page.getAttribute('.thumb >> nth=-1', 'aria-pressed')).toBe('true');
    await page.focus('.thumb >> nth=-1');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Delete');
    const left = before.toSpliced(-3, 2);
    expect(await names()).toEqual(left);
    // The one that is shown has the focus, so that nobody starts again from the page's top.
    expect(await page.evaluate(() => document.activeElement?.ariaPressed)).toBe('true');
    await page.click('#clear');
    expect(await names()).toEqual([]);
    expect(await page.isVisible('#samples')).toBe(true);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('files');
    await takeSample(page, 'coffee.jpg');
    expect(await outcome(page)).not.toBe('');
  });
});

test('many photos that are taken out while they come in stay out', async () => {
  await using visitor = await visit(browser);
  const counts = await visitor.page.evaluate(async () => {
    const many = new DataTransfer();
    for (let i = 0; i < 200; i++) many.items.add(new File(['no photo'], `${i}.jpg`));
    const field = document.querySelector<HTMLInputElement>('#files');
    if (field) field.files = many.files;
    field?.dispatchEvent(new Event('change'));
    const count = () => document.querySelectorAll('.thumb').length;
    const first = count();
    document.querySelector<HTMLButtonElement>('#clear')?.click();
    // More turns than the rest would take to come in.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    return { first, left: count() };
  });
  expect(counts.first).toBeGreaterThan(0);
  expect(counts.first).toBeLessThan(200);
  expect(counts.left).toBe(0);
});

describe('two hundred photos', () => {
  test('are shown small, one at a time is kept large, and a broken one stops nothing', async () => {
    await using visitor = await visit(browser, {
      prepare: (page) =>
        page.addInitScript(() => {
          const live = new Map<string, number>();
          const { createObjectURL, revokeObjectURL } = URL;
          URL.createObjectURL = (blob: Blob) => {
            const address = createObjectURL(blob);
            live.set(address, blob.size);
            return address;
          };
          URL.revokeObjectURL = (address) => {
            live.delete(address);
            revokeObjectURL(address);
          };
          Object.assign(globalThis, { live });
        }),
    });
    const { page } = visitor;
    const photos = await Promise.all(['coffee.jpg', 'rocket.jpg'].map(sampleBytes));
    const smallest = Math.min(...photos.map(({ length }) => length));
    await page.setInputFiles(
      '#files',
      Array.from({ length: 200 }, (_, i) => ({
        name: `${i}.jpg`,
        mimeType: 'image/jpeg',
        buffer: (i === 1 ? Buffer.from('no photo') : photos[i % 2]) as Buffer,
      })),
    );
    await expect.poll(() => page.locator('.thumb').count()).toBe(200);
    // Every photo has its small picture long before its caption.
    await expect
      .poll(() => page.locator('.thumb img[src]').count(), { timeout: 120_000 })
      .toBe(199);
    const sizes = await page.evaluate(() => [
      ...(globalThis as unknown as { live: Map<string, number> }).live.values(),
    ]);
    // The photo that is shown; besides it the scripts of two workers.
    expect(sizes.filter((size) => size >= smallest)).toHaveLength(1);
    expect(sizes.length).toBeLessThanOrEqual(202);
    await expect
      .poll(() => page.textContent('#queue-count'), { timeout: 240_000 })
      .toMatch(/^\d+ of 200 captioned, 1 failed · (about|a few)/);
    await page.click('.thumb >> nth=150');
    expect(await outcome(page, 'waiting', 'working', 'done')).toBeDefined();
    await page.click('#cancel-all');
    await expect.poll(() => page.isVisible('#queue-bar')).toBe(false);
    const captioned = await page.locator('.thumb[data-status="done"]').count();
    await page.click('#clear');
    const left = await page.evaluate(
      () => (globalThis as unknown as { live: Map<string, number> }).live.size,
    );
    expect(captioned).toBeGreaterThan(1);
    expect(left).toBeLessThanOrEqual(2);
  });
});

async function streamText(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
