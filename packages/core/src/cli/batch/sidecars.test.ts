import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photoState } from './photo-state.js';
import { isSidecarName, Sidecars } from './sidecars.js';

let folder: string;
let photo: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-sidecars-'));
  photo = join(folder, 'a.jpg');
  await writeFile(photo, 'x');
  await utimes(photo, 1000, 1000);
});
afterAll(() => rm(folder, { recursive: true }));

it('names of sidecars are told from those of other files', () => {
  const names = [
    'a.jpg.txt',
    'x/b.PNG.json',
    'a.txt',
    'a.jpg',
    '.jpg.txt',
    'a.jpg.csv',
    'a.txt.json',
  ];
  expect(names.filter(isSidecarName)).toEqual(['a.jpg.txt', 'x/b.PNG.json']);
});

describe('a sidecar', () => {
  it('of text is current when it is no older than its photo', async () => {
    const sidecars = new Sidecars('txt');
    const state = await photoState(photo);
    expect(await sidecars.lookUp(photo, state)).toBe('new');
    await sidecars.prepare(photo);
    await sidecars.write(photo, 'a cat\n', undefined);
    expect(await readFile(`${photo}.txt`, 'utf8')).toBe('a cat\n');
    expect(await sidecars.lookUp(photo, state)).toBe('done');
    await utimes(`${photo}.txt`, 999, 999);
    expect(await sidecars.lookUp(photo, state)).toBe('changed');
    await writeFile(`${photo}.txt`, '');
    expect(await sidecars.lookUp(photo, state)).toBe('changed');
  });

  it('of text is current although the photo comes from the future', async () => {
    const sidecars = new Sidecars('txt');
    const late = join(folder, 'late.jpg');
    await writeFile(late, 'x');
    await utimes(late, 4_000_000_000.75, 4_000_000_000.75);
    const state = await photoState(late);
    await sidecars.write(late, 'a cat\n', state);
    expect(await sidecars.lookUp(late, state)).toBe('done');
    const changed = { ...state, mtimeMs: state.mtimeMs + 5000 };
    expect(await sidecars.lookUp(late, changed)).toBe('changed');
  });

  it('of JSON is current when it tells of the same bytes', async () => {
    const sidecars = new Sidecars('json');
    const state = await photoState(photo);
    const written = (result: object) =>
      sidecars.write(photo, JSON.stringify(result, null, 2), state);
    await written({ file: 'a.jpg', caption: 'x', source: state });
    expect(await sidecars.lookUp(photo, state)).toBe('done');
    expect(await sidecars.lookUp(photo, { ...state, bytes: 7 })).toBe('changed');
    await written({ file: 'a.jpg', error: { code: 'DECODE_FAILED' }, source: state });
    expect(await sidecars.lookUp(photo, state)).toBe('failed');
    for (const cut of ['{"file": "a.jp', '', '\0\0\0']) {
      await writeFile(`${photo}.json`, cut);
      expect(await sidecars.lookUp(photo, state)).toBe('changed');
    }
  });

  it('that is none of ours is left alone', async () => {
    const state = await photoState(photo);
    await writeFile(`${photo}.json`, '{"title": "a.jpg", "photoTakenTime": {"timestamp": "1"}}');
    expect(await new Sidecars('json').lookUp(photo, state)).toBe('exists');
    await rm(`${photo}.txt`, { force: true });
    await mkdir(`${photo}.txt`);
    expect(await new Sidecars('txt').lookUp(photo, state)).toBe('exists');
    await rm(`${photo}.txt`, { recursive: true });
  });

  it('leaves nothing beside it, and takes away what a killed process left', async () => {
    const left = join(folder, '.zipcaption-0123456789abcdef.tmp');
    const fresh = join(folder, '.zipcaption-fedcba9876543210.tmp');
    await writeFile(left, 'half');
    await writeFile(fresh, 'half');
    await utimes(left, 1000, 1000);
    const sidecars = new Sidecars('txt');
    await sidecars.prepare(photo);
    await sidecars.write(photo, 'a cat\n', undefined);
    expect([existsSync(left), existsSync(fresh)]).toEqual([false, true]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
  });

  it('whose name is too long is an error of its photo', async () => {
    const long = join(folder, `${'x'.repeat(251)}.jpg`);
    await writeFile(long, '');
    const sidecars = new Sidecars('txt');
    const tooLong = {
      code: 'WRITE_FAILED',
      message: expect.stringContaining('its name or path is too long'),
    };
    // Before the photo is captioned, too, in a folder that is known already.
    await sidecars.prepare(photo);
    await expect(sidecars.prepare(long)).rejects.toMatchObject(tooLong);
    await expect(sidecars.write(long, 'a', undefined)).rejects.toMatchObject(tooLong);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
  });
});
