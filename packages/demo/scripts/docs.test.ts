import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toHtml, writeDocs } from './docs.mjs';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-docs-'));
  await writeDocs(folder, {
    csp: "default-src 'none'",
    theme: 'theme.js',
    styles: 'page.css',
    repository: '',
  });
});
afterAll(() => rm(folder, { recursive: true }));

test('every link in the docs leads to a page and a heading that are there', async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.html'));
  const pages = new Map<string, string>();
  for (const name of files) pages.set(name, await readFile(join(folder, name), 'utf8'));
  expect(pages.size).toBeGreaterThan(12);
  const broken: string[] = [];
  let links = 0;
  for (const [name, html] of pages) {
    for (const [, address = ''] of html.matchAll(/<a href="([^"]*)"/g)) {
      links++;
      if (/^https?:/.test(address) || address === '../' || address === './') continue;
      const [file, anchor] = address.split('#');
      const target = pages.get(file || name);
      if (!target || (anchor && !target.includes(` id="${anchor}"`))) {
        broken.push(`${name}: ${address}`);
      }
    }
    expect(html).not.toContain('{{');
    expect(pages.get('index.html')).toContain(`href="${name === 'index.html' ? './' : name}"`);
  }
  expect(broken).toEqual([]);
  expect(links).toBeGreaterThan(60);
});

test('links to files of the repository lead there once it has an address', () => {
  const markdown = '[code](../packages/core/src/pipeline.ts), [api](api.md#tags)';
  expect(toHtml(markdown, '')).toBe('<p>code, <a href="api.html#tags">api</a></p>');
  expect(toHtml(markdown, 'https://example.org/us/zipcaption')).toContain(
    'href="https://example.org/us/zipcaption/blob/main/packages/core/src/pipeline.ts"',
  );
});
