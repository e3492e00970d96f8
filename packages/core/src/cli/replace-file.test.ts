import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from './replace-file.js';

/** Refuses so many times, then renames. */
function busy(times: number, code: string) {
  let calls = 0;
  const move = async (from: string | Buffer, to: string | Buffer) => {
    if (calls++ < times) throw Object.assign(new Error(code), { code });
    await rename(from, to);
  };
  return { move: move as typeof rename, calls: () => calls };
}

it('waits on Windows until a virus scanner has let go of the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'zipcaption-replace-'));
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  await writeFile(from, 'new');
  await writeFile(to, 'old');
  const scanned = busy(2, 'EPERM');
  await replaceFile(from, to, { platform: 'win32', move: scanned.move });
  expect([scanned.calls(), await readFile(to, 'utf8')]).toEqual([3, 'new']);
  await rm(folder, { recursive: true });
});

it('gives up at once where waiting helps nothing', async () => {
  for (const [platform, code] of [
    ['win32', 'ENOSPC'],
    ['linux', 'EACCES'],
  ] as const) {
    const refused = busy(9, code);
    const options = { platform, move: refused.move };
    await expect(replaceFile('a', 'b', options)).rejects.toMatchObject({ code });
    expect(refused.calls()).toBe(1);
  }
});

it('gives up on Windows after a while', async () => {
  const locked = busy(99, 'EBUSY');
  const options = { platform: 'win32', move: locked.move } as const;
  await expect(replaceFile('a', 'b', options)).rejects.toMatchObject({ code: 'EBUSY' });
  expect(locked.calls()).toBe(7);
});
