import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lock } from './lock.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

const waits: string[] = [];
const options = {
  signal: new AbortController().signal,
  silenceMs: 1500,
  onWait: async (message: string) => void waits.push(message),
};
const take = (name: string) => Lock.take(join(folder, name), options);
/** As a process writes it that took the lock of `own`. */
const own = () => JSON.parse(readFileSync(join(folder, 'own.lock'), 'utf8'));
const write = (name: string, holder: unknown) =>
  writeFileSync(join(folder, `${name}.lock`), JSON.stringify(holder));

describe('a lock', () => {
  it('is a file as long as it is held', async () => {
    const lock = await take('own');
    expect(own()).toMatchObject({ pid: process.pid, host: hostname() });
    lock.release();
    expect(existsSync(join(folder, 'own.lock'))).toBe(false);
  });

  it('of a process that lives is refused; of one that has ended it is taken over', async () => {
    const lock = await take('own');
    const { namespace } = own();
    lock.release();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const started = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const ticks = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
    const holder = { pid: child.pid, host: hostname(), namespace, started: `${started} ${ticks}` };
    write('a', holder);
    await expect(take('a')).rejects.toThrow(`Process ${child.pid} on ${hostname()} is writing to`);
    // The same number, another process: the machine was started anew.
    write('b', { ...holder, started: `other ${ticks}` });
    (await take('b')).release();
    child.kill('SIGKILL');
    await once(child, 'exit');
    (await take('a')).release();
    expect(waits).toEqual([]);
  });

  it('of a number that lives, but may be another process, is watched', async () => {
    const lock = await take('own');
    const { pid: _, started: __, ...here } = own();
    lock.release();
    waits.length = 0;
    // The parent lives as long as this process does; its start is not told, as on Windows and macOS.
    write('f', { ...here, pid: process.ppid });
    (await take('f')).release();
    expect(waits).toHaveLength(1);

    write('g', { ...here, pid: process.ppid });
    const beat = setInterval(() => utimesSync(join(folder, 'g.lock'), new Date(), new Date()), 300);
    await expect(take('g')).rejects.toThrow(`Process ${process.ppid} on ${hostname()} is writing`);
    clearInterval(beat);
    waits.length = 0;
  });

  it('of another machine is taken over when it is no longer renewed', async () => {
    const lock = await take('own');
    const holder = { ...own(), host: 'elsewhere' };
    lock.release();
    write('c', holder);
    (await take('c')).release();
    expect(waits).toHaveLength(1);

    write('d', holder);
    const beat = setInterval(() => utimesSync(join(folder, 'd.lock'), new Date(), new Date()), 300);
    await expect(take('d')).rejects.toThrow('on elsewhere is writing to');
    clearInterval(beat);
  });

  it('without contents is one that is just being made, or was left so by a kill', async () => {
    const path = join(folder, 'e.lock');
    writeFileSync(path, '');
    await expect(take('e')).rejects.toThrow('Another process is writing to');
    utimesSync(path, new Date(0), new Date(0));
    (await take('e')).release();
  });
});
