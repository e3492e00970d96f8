import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CaptionError, type Captioner, loadCaptioner } from 'zipcaption';
import type * as browserPixels from '../../core/dist/browser/pixels.js';
import { openPhoto } from '../../core/dist/node/platform.js';
import { type StaticServer, serveStatic } from '../../core/test/browser/static-server.js';
import { serve } from '../scripts/serve.mjs';
import { BROWSERS, type Tab } from './drivers.js';
import { writePhotos } from './photos.js';

/* What has to be the same in Chromium, Firefox, WebKit and Node. */

const LIMITS = { maxBytes: 2 ** 25, maxPixels: 1e8, orientation: true };
const NEEDED = { width: 224, height: 224 };

let folder: string;
let photos: ReadonlyMap<string, string>;
let node: Captioner;
let page: Awaited<ReturnType<typeof serve>>;
let modules: StaticServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-photos-'));
  photos = await writePhotos(folder);
  node = await loadCaptioner({ model: inject('model') });
  page = await serve({ root: inject('page') });
  const core = resolve(import.meta.dirname, '../../core');
  modules = await serveStatic(
    {
      '/': `<!doctype html><script type="module">
        import { openFile } from '/core/dist/browser/pixels.js';
        globalThis.openFile = openFile;
      </script>`,
    },
    { '/core/': core, '/photos/': folder },
  );
});
afterAll(async () => {
  modules?.close();
  await page?.close();
  await node?.dispose();
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe.each(BROWSERS)('$name', (kind) => {
  const isMissing = !existsSync(kind.program);
  let tab: Tab;
  beforeAll(async () => {
    if (!isMissing) tab = await kind.start();
  });
  afterAll(() => tab?.close());

  test.skipIf(isMissing)('opens photos with the pixels and warnings that Node has', async () => {
    await tab.open(modules.address);
    const opened = await tab.evaluate(openAll, { names: [...photos.keys()], LIMITS, NEEDED });
    const expected: Record<string, unknown> = {};
    for (const [name, path] of photos) expected[name] = await openedByNode(path);
    expect(opened).toEqual(expected);
  });

  describe.skipIf(isMissing)('the page', () => {
    beforeAll(() => tab.open(page.address));

    test('gives the captions and warnings that Node gives', async () => {
      await tab.choose('#files', [...photos.values()]);
      const shown = await tab.evaluate(captionsShown, photos.size);
      const expected = [];
      for (const path of photos.values()) expected.push(await captionedByNode(path));
      expect(shown).toEqual(expected.map((each) => expect.objectContaining(each)));
    });

    test('does not leave a drop without a file to the browser, and says what to do', async () => {
      const { prevented, toast } = await tab.evaluate(dropAddress, 'file:///tmp/photo.jpg');
      expect(prevented).toEqual({ dragenter: true, dragover: true, drop: true });
      expect(toast).toContain('Choose photos');
    });

    test('shows focus and heat map of the word that an arrow key goes to after a click', async () => {
      await tab.evaluate(() => document.querySelector<HTMLElement>('.thumb')?.click(), null);
      await tab.click('.word');
      const clicked = await tab.evaluate(wordShown, null);
      await tab.pressRight();
      const { heat, ...shown } = await tab.evaluate(wordShown, null);
      expect(shown).toEqual({ index: 1, isFocusVisible: true, isHeatShown: true });
      expect(heat).not.toBe(clicked.heat);
      const pictures = join(import.meta.dirname, '../screenshots');
      await mkdir(pictures, { recursive: true });
      await tab.screenshot(join(pictures, `heat-${kind.name.toLowerCase()}.png`));
    });
  });
});

type Opened = string | { size: number[]; pixels: string; warnings: readonly string[] };

async function openedByNode(path: string): Promise<Opened> {
  try {
    const bytes = await readFile(path);
    const { data, width, height, warnings } = await openPhoto(bytes, {
      ...LIMITS,
      minimumSize: () => NEEDED,
    });
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const pixels = createHash('sha256').update(raw).digest('hex');
    return { size: [width, height], pixels, warnings };
  } catch (error) {
    if (error instanceof CaptionError) return error.code;
    throw error;
  }
}

/** Runs in the page. */
async function openAll(question: {
  names: string[];
  LIMITS: { maxBytes: number; maxPixels: number; orientation: boolean };
  NEEDED: { width: number; height: number };
}): Promise<Record<string, Opened>> {
  while (!('openFile' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 20));
  const { openFile } = globalThis as unknown as typeof browserPixels;
  const opened: Record<string, Opened> = {};
  for (const name of question.names) {
    const bytes = new Uint8Array(await (await fetch(`/photos/${name}`)).arrayBuffer());
    try {
      const { data, width, height, warnings } = await openFile(bytes, {
        ...question.LIMITS,
        minimumSize: () => question.NEEDED,
      });
      const raw = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', raw));
      const pixels = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
      opened[name] = { size: [width, height], pixels, warnings };
    } catch (error) {
      opened[name] = (error as { code?: string }).code ?? String(error);
    }
  }
  return opened;
}

async function captionedByNode(path: string) {
  const { numBeams, maxLength } = node.model.generation;
  try {
    const options = { numBeams, maxLength, numCaptions: numBeams };
    const { text, warnings } = await node.caption(path, options);
    return { status: 'done', text, note: expect.stringContaining(warnings.join(' · ')) };
  } catch (error) {
    if (!(error instanceof CaptionError)) throw error;
    return { status: 'failed', note: expect.stringContaining(error.code) };
  }
}

/** Runs in the page: once all photos are done, looks at one after another. */
async function captionsShown(count: number) {
  const thumbs = () => [...document.querySelectorAll<HTMLElement>('.thumb')];
  const isDone = ({ dataset }: HTMLElement) => /^(done|failed)$/.test(dataset.status ?? '');
  while (thumbs().length < count || !thumbs().every(isDone)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return thumbs().map((thumb) => {
    thumb.click();
    const textOf = (selector: string) => document.querySelector(selector)?.textContent ?? '';
    return {
      status: thumb.dataset.status,
      text: textOf('#caption'),
      note: textOf('#caption-note'),
    };
  });
}

/** Runs in the page: what WebKit on Linux does when a file is dropped. */
async function dropAddress(address: string) {
  const dataTransfer = new DataTransfer();
  dataTransfer.setData('text/uri-list', address);
  const prevented: Record<string, boolean> = {};
  for (const type of ['dragenter', 'dragover', 'drop']) {
    const init = { bubbles: true, cancelable: true, dataTransfer };
    prevented[type] = !document.body.dispatchEvent(new DragEvent(type, init));
  }
  return { prevented, toast: document.querySelector('#toast')?.textContent ?? '' };
}

/** Runs in the page: the focus and the heat map, once it has faded over. */
async function wordShown() {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const words = [...document.querySelectorAll<HTMLElement>('.word')];
  const index = words.indexOf(document.activeElement as HTMLElement);
  const isFocusVisible = words[index]?.matches(':focus-visible');
  const canvas = document.querySelector<HTMLCanvasElement>('#heat');
  const isHeatShown = canvas?.classList.contains('shown');
  return { index, isFocusVisible, isHeatShown, heat: canvas?.toDataURL() };
}
