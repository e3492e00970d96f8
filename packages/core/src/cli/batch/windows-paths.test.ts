import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it, vi } from 'vitest';
import { batchSources } from './batch-sources.js';
import { isSidecarName } from './sidecars.js';

// Paths are taken apart and put together as on Windows; the files are those of this machine.
vi.mock('node:path', async (load) => {
  const { win32 } = await load<typeof import('node:path')>();
  return { ...win32, default: win32 };
});

async function names(list: readonly string[], shard?: { index: number; count: number }) {
  const folder = await mkdtemp(`${tmpdir()}/zipcaption-windows-`);
  const filesFrom = `${folder}/list.txt`;
  await writeFile(filesFrom, list.map((name) => `${name}\r\n`).join(''));
  const found: string[] = [];
  const request = { operands: [], recursive: true, filesFrom, shard, sidecars: true };
  const results = ['C:\\photos\\out.jsonl'];
  const report = { onMissing: async () => undefined, onUnread: () => undefined };
  for await (const { name } of batchSources({ ...request, results }, report)) found.push(name);
  await rm(folder, { recursive: true });
  return found;
}

it('names have slashes, and each photo comes once however its path is written', async () => {
  const list = [
    '.\\a\\\\b.jpg',
    'a/b.jpg',
    'a\\c\\..\\b.jpg',
    'C:\\photos\\x.jpg',
    'c:/photos/OUT.jpg',
    'C:/photos/out.jsonl',
    '\\\\server\\share\\y.png',
    'a\\b.jpg.txt',
  ];
  expect(await names(list)).toEqual([
    'a/b.jpg',
    'C:/photos/x.jpg',
    'c:/photos/OUT.jpg',
    '//server/share/y.png',
  ]);
});

it('a photo is in the part in which Linux has it', async () => {
  const photos = Array.from({ length: 20 }, (_, number) => `2026\\trip\\${number}.jpg`);
  const parts = await Promise.all([1, 2, 3].map((index) => names(photos, { index, count: 3 })));
  expect(parts.flat()).toHaveLength(20);
  const slashed = photos.map((name) => name.replaceAll('\\', '/'));
  expect(await Promise.all([1, 2, 3].map((index) => names(slashed, { index, count: 3 })))).toEqual(
    parts,
  );
});

it('sidecars are told by their names', () => {
  const paths = ['C:\\photos\\a.jpg.txt', 'a\\b.PNG.json', 'C:\\photos\\.jpg.txt', 'C:\\a.jpg'];
  expect(paths.filter(isSidecarName)).toEqual(paths.slice(0, 2));
});
