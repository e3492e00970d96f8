import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, outcome, sampleBytes, samplePath, takeSample, visit } from './visit.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch('--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
});
afterAll(() => browser?.close());

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
    await using visitor = await visit(browser);
    const { page, errors } = visitor;
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
    expect(errors).toEqual([]);
  });

  test('dropped anywhere', async () => {
    await using visitor = await visit(browser);
    await transfer(visitor.page, 'drop', ['chelsea.png']);
    expect(await outcome(visitor.page)).not.toBe('');
    await expect(visitor.page.getAttribute('#drop-veil', 'class')).resolves.not.toContain('shown');
  });

  test('pasted', async () => {
    await using visitor = await visit(browser);
    await transfer(visitor.page, 'paste', ['astronaut.jpg']);
    expect(await outcome(visitor.page)).not.toBe('');
  });

  test('from the camera, which is switched off afterwards', async () => {
    await using visitor = await visit(browser, { permissions: ['camera'] });
    const { page } = visitor;
    await page.click('#camera');
    await page.waitForSelector('#camera-take:enabled');
    await page.evaluate(() => {
      const stream = document.querySelector('video')?.srcObject as MediaStream;
      Object.assign(globalThis, { stream });
    });
    await page.click('#camera-take');
    expect(await outcome(page)).not.toBe('');
    const states = await page.evaluate(() =>
      (globalThis as unknown as { stream: MediaStream }).stream
        .getTracks()
        .map((t) => t.readyState),
    );
    expect(states).toEqual(['ended']);
    expect(await page.isVisible('#camera-dialog')).toBe(false);
  });

  test('in any format that the browser reads, wherever the name says nothing', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    // An SVG is no format of the core's; the browser cannot make a bitmap of one either, but AVIF it can.
    const avif = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(64, 48);
      canvas.getContext('2d')?.fillRect(8, 8, 20, 20);
      return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
    });
    await page.setInputFiles('#files', {
      ...{ name: 'photo', mimeType: '', buffer: Buffer.from(avif) },
    });
    expect(await outcome(page)).not.toBe('');
  });
});

describe('several photos', () => {
  test('are captioned one after another, a broken one among them, and come out as JSON and CSV', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    await page.setInputFiles('#files', [
      { name: 'cat.png', mimeType: 'image/png', buffer: await sampleBytes('chelsea.png') },
      { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo at all') },
      { name: '=cup, "red".jpg', mimeType: 'image/jpeg', buffer: await sampleBytes('coffee.jpg') },
    ]);
    expect(await page.isVisible('#queue-bar')).toBe(true);
    await page.waitForFunction(
      () => document.querySelector('#queue-count')?.textContent === '2 of 3 captioned, 1 failed',
    );
    expect(await page.isVisible('#queue-bar')).toBe(false);

    await page.click('.thumb >> nth=1');
    expect(await outcome(page, 'failed')).toMatch(/not|text/i);
    expect(await page.textContent('#caption-note')).toContain('UNSUPPORTED_FORMAT');
    expect(await page.isVisible('#copy')).toBe(false);
    expect(await page.isVisible('#again')).toBe(true);

    const [json] = await Promise.all([page.waitForEvent('download'), page.click('#download-json')]);
    const rows = JSON.parse(await streamText(await json.createReadStream()));
    expect(rows).toMatchObject([
      { file: 'cat.png', status: 'done', caption: expect.any(String) },
      { file: 'broken.jpg', status: 'failed', error: { code: 'UNSUPPORTED_FORMAT' } },
      { file: '=cup, "red".jpg', status: 'done', caption: expect.any(String) },
    ]);
    const [csv] = await Promise.all([page.waitForEvent('download'), page.click('#download-csv')]);
    const lines = (await streamText(await csv.createReadStream())).trim().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[3]).toContain(`"'=cup, ""red"".jpg",done,${rows[2].caption}`);
  });

  test('can be cancelled together, and tried again', async () => {
    await using visitor = await visit(browser);
    const { page } = visitor;
    await page.setInputFiles('#files', ['chelsea.png', 'coffee.jpg', 'rocket.jpg'].map(samplePath));
    await page.click('#cancel-all');
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLElement>('.thumb')].every(
        (thumb) => thumb.dataset.status === 'cancelled',
      ),
    );
    expect(await page.textContent('#queue-count')).toBe('0 of 3 captioned');
    await page.click('#again');
    expect(await outcome(page)).not.toBe('');
    expect(await page.textContent('#queue-count')).toBe('1 of 3 captioned');
  });
});

async function streamText(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
