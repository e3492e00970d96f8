import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { noise } from '../../test/image/pictures.js';
import { readPhoto } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'zipcaption-fifo-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pipeNamed(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

it('reads all that is written, in parts with pauses, after a writer came', async () => {
  const path = pipeNamed('parts');
  const { data } = noise(300, 300, 1);
  const reading = readPhoto(path, 1e6);
  await wait(60);
  const writer = await open(path, 'w');
  for (let at = 0; at < data.length; at += 90_000) {
    await writer.write(data, at, Math.min(90_000, data.length - at));
    await wait(50);
  }
  await writer.close();
  expect(Buffer.compare(await reading, data)).toBe(0);
});

it('refuses too many bytes', async () => {
  const path = pipeNamed('long');
  const reading = readPhoto(path, 1000);
  const writer = await open(path, 'w');
  await writer.write(new Uint8Array(2000));
  await expect(reading).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  await writer.close();
});

it('waits for a writer no longer than the signal lets it', async () => {
  const controller = new AbortController();
  const reading = readPhoto(pipeNamed('silent'), 1000, controller.signal);
  await wait(60);
  controller.abort();
  await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
});
