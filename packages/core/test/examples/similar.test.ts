import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sample, tinyModel } from '../package/pack.js';

/* The example as a user has it: in a folder of its own, with the built package installed. */

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-example-'));
  await mkdir(join(folder, 'photos'));
  await mkdir(join(folder, 'node_modules'));
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  await symlink(path('../../'), join(folder, 'node_modules/zipcaption'), 'dir');
  const script = path('../../../../examples/node/similar.mjs');
  await copyFile(script, join(folder, 'similar.mjs'));
  for (const name of ['astronaut.jpg', 'chelsea.png', 'coffee.jpg']) {
    await copyFile(sample(name), join(folder, 'photos', name));
  }
  await sharp(sample('rocket.jpg')).resize(300).png().toFile(join(folder, 'photos/small.png'));
  await writeFile(join(folder, 'photos/broken.jpg'), 'no photo');
  await writeFile(join(folder, 'photos/notes.txt'), 'no photo');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('finds the same photo in another size first, and goes on after a bad one', async () => {
  const args = ['similar.mjs', sample('rocket.jpg'), 'photos', tinyModel];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: folder });
  const found = stdout.trim().split('\n');
  expect(found.map((line) => line.slice(7)).sort()).toEqual([
    ...['astronaut.jpg', 'chelsea.png', 'coffee.jpg', 'small.png'],
  ]);
  expect(found[0]).toMatch(/^0\.99\d {2}small\.png$|^1\.000 {2}small\.png$/);
  expect(stderr).toMatch(/^broken\.jpg: .+\n$/);
});
