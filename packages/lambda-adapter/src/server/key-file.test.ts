import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KeyRing, watchKeys } from './key-file.js';

let folder: string;
let ring: KeyRing | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-keys-'));
});
afterEach(() => {
  ring?.close();
  rmSync(folder, { recursive: true });
});

const one = 'the-first-key-of-all';
const two = 'the-second-key-of-all';

it('reads keys anew when their file changes, also by way of a link', async () => {
  const [file, target] = [join(folder, 'keys'), join(folder, 'data')];
  writeFileSync(target, one);
  symlinkSync(target, file);
  ring = watchKeys({ ZIPCAPTION_API_KEYS_FILE: file }, () => undefined, 20);
  expect(ring.keys()).toEqual([one]);
  // As Kubernetes changes a secret: a new file, and then a link to it in the old one's place.
  writeFileSync(join(folder, 'data2'), `${one}\n${two}\n`);
  symlinkSync(join(folder, 'data2'), join(folder, 'link'));
  renameSync(join(folder, 'link'), file);
  await expect.poll(() => ring?.keys(), { timeout: 20_000 }).toEqual([one, two]);
});

it('keeps the keys when the file is wrong, and tells', () => {
  const file = join(folder, 'keys');
  writeFileSync(file, one);
  const told: unknown[] = [];
  ring = watchKeys({ ZIPCAPTION_API_KEYS_FILE: file }, (count, failure) => {
    told.push([count, failure instanceof Error]);
  });
  for (const text of ['', 'short']) {
    writeFileSync(file, text);
    ring.reload();
    ring.reload();
    expect(ring.keys()).toEqual([one]);
  }
  rmSync(file);
  ring.reload();
  expect(ring.keys()).toEqual([one]);
  writeFileSync(file, two);
  ring.reload();
  expect(ring.keys()).toEqual([two]);
  expect(told).toEqual([
    [1, true],
    [1, true],
    [1, true],
    [1, false],
  ]);
});
