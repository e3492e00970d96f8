import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sample, tinyModel } from '../package/pack.js';
import { cli, killRunning, type RunOptions, run } from './run.js';

/*
 * Many photos by the built command line, with the tests' tiny model: what is kept of them, and what is
 * kept when it is stopped, killed, or hindered.
 */

const NAMES = ['a/photo1.jpg', 'a/photo2.jpg', 'a/photo10.jpg', 'b/c/rocket.jpg'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-batch-'));
  await mkdir(join(folder, 'in/b/c'), { recursive: true });
  await mkdir(join(folder, 'in/a'));
  for (const name of NAMES) {
    const photo = sample(name.includes('rocket') ? 'rocket.jpg' : 'coffee.jpg');
    await copyFile(photo, join(folder, 'in', name));
  }
});
afterEach(async () => {
  killRunning();
  await rm(folder, { recursive: true });
});

const zipcaption = (args: readonly string[], options: RunOptions = {}) =>
  run(cli(), [...args, '--model', tinyModel, '--jobs', '1'], { cwd: folder, ...options });
const path = (name: string) => join(folder, name);
const lines = (name = 'out.jsonl') =>
  readFileSync(path(name), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const files = (name?: string) => lines(name).map(({ file }) => file);
const out = ['-r', 'in', '--out', 'out.jsonl'];

describe('--out', () => {
  it('has a line a photo, as --jsonl prints it, with what tells whether it changes', async () => {
    const { code, stdout, stderr } = await zipcaption(out);
    expect([code, stdout, stderr]).toEqual([0, '', 'zipcaption: 4 captioned.\n']);
    expect(files()).toEqual(NAMES);
    const printed = JSON.parse((await zipcaption(['in/b/c/rocket.jpg', '--jsonl'])).stdout);
    const [, , , last] = lines();
    expect(last).toEqual({
      ...printed,
      file: 'b/c/rocket.jpg',
      timings: expect.any(Object),
      source: { bytes: 112525, mtimeMs: expect.any(Number) },
    });
    expect(await readdir(folder)).toEqual(['in', 'out.jsonl']);
  });

  it('that exists is left alone unless it is said what to do with it', async () => {
    await zipcaption(out);
    const before = await readFile(path('out.jsonl'));
    const refused = await zipcaption(out);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/out\.jsonl exists\. .*--resume.*--overwrite/);
    expect(await readFile(path('out.jsonl'))).toEqual(before);
    expect((await zipcaption([...out, '--overwrite'])).code).toBe(0);
    expect(files()).toEqual(NAMES);
  });

  it('goes on with --resume after a cut: the broken line is dropped, changed photos are done anew', async () => {
    await zipcaption(out);
    const whole = await readFile(path('out.jsonl'));
    await truncate(path('out.jsonl'), whole.length - 7);
    expect((await zipcaption([...out, '--resume'])).stderr).toBe(
      'zipcaption: 1 captioned, 3 done before.\n',
    );
    expect(files()).toEqual(NAMES);
    await copyFile(sample('rocket.jpg'), path('in/a/photo2.jpg'));
    expect((await zipcaption([...out, '--resume'])).stderr).toContain('1 captioned, 3 done');
    // The older line is gone.
    expect(files().toSorted()).toEqual(NAMES.toSorted());
    const captions = new Map(lines().map(({ file, caption }) => [file, caption]));
    expect(captions.get('a/photo2.jpg')).toBe(captions.get('b/c/rocket.jpg'));
  });

  it('with --check hash leaves out a photo whose time alone has changed', async () => {
    await zipcaption([...out, '--check', 'hash']);
    expect(lines()[0]?.source).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await utimes(path('in/a/photo1.jpg'), 1000, 1000);
    const again = [...out, '--resume', '--check', 'hash'];
    expect((await zipcaption(again)).stderr).toContain('0 captioned, 4 done before');
    await writeFile(path('in/a/photo1.jpg'), await readFile(sample('astronaut.jpg')));
    expect((await zipcaption(again)).stderr).toContain('1 captioned, 3 done before');
  });

  it('has photos that failed, too; --retry-failed tries them again', async () => {
    await writeFile(path('in/a/bad.jpg'), 'no photo');
    const first = await zipcaption(out);
    expect(first.code).toBe(1);
    expect(lines().find(({ file }) => file === 'a/bad.jpg')).toMatchObject({
      error: { code: 'UNSUPPORTED_FORMAT', message: expect.any(String) },
    });
    const second = await zipcaption([...out, '--resume']);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('0 captioned, 4 done before, 1 failed before (--retry-failed');
    const { mtimeMs } = (lines().find(({ file }) => file === 'a/bad.jpg')?.source ?? {}) as {
      mtimeMs: number;
    };
    // As if the disk had failed: the same file, and now it can be read.
    await writeFile(
      path('out.jsonl'),
      (await readFile(path('out.jsonl'), 'utf8')).replace(/("bytes":)8,/, '$159801,'),
    );
    await copyFile(sample('coffee.jpg'), path('in/a/bad.jpg'));
    await utimes(path('in/a/bad.jpg'), mtimeMs / 1000, mtimeMs / 1000);
    expect((await zipcaption([...out, '--retry-failed'])).stderr).toContain('1 captioned, 4 done');
    expect(files().toSorted()).toEqual([...NAMES, 'a/bad.jpg'].toSorted());
    expect(lines().every(({ caption }) => typeof caption === 'string')).toBe(true);
  });

  it('may lie among the photos, with other results', async () => {
    const args = ['-r', 'in', '--out', 'in/out.jsonl', '--sidecar', 'json'];
    await zipcaption(args);
    const { stderr } = await zipcaption([...args, '--resume']);
    expect(stderr).toContain('0 captioned, 4 done before');
    expect(files('in/out.jsonl')).toEqual(NAMES);
  });

  it('prints, too, when a format is asked for', async () => {
    const { stdout } = await zipcaption([...out, '--format', 'csv', '--tags', '2']);
    expect(stdout.split('\r\n')[0]).toBe('file,caption,score,confidence,tags,error');
    expect(lines().every(({ tags }) => Array.isArray(tags) && tags.length === 2)).toBe(true);
  });

  it.each([
    [['--out', 'x.jpg'], 'would write over a photo'],
    [['--out', 'x.csv'], '--format csv > x.csv'],
    [['--out', '-'], 'without --out captions go to standard output'],
    [['--resume'], '--resume needs --out FILE or --sidecar txt'],
    [['--out', 'o.jsonl', '--resume', '--overwrite'], 'exclude each other'],
    [['--shard', '0/4'], 'Parts count from 1'],
    [['--out', 'o.jsonl', '--attention', 'x/'], '--attention draws'],
    [['--sidecar', 'txt', '--check', 'hash'], 'no room for the hash'],
    [['-', '--sidecar', 'txt'], "writes beside a photo's file, and - is none"],
    [['--out', 'nowhere/o.jsonl'], 'there is no such folder'],
    [['--out', 'in'], 'it is a folder'],
  ])('refuses %j', async (args, message) => {
    const photos = args[0] === '-' ? [] : ['-r', 'in'];
    const { code, stdout, stderr } = await zipcaption([...photos, ...args]);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(/no such folder|is a folder/.test(message) ? 1 : 2);
  });

  it('is never cut when it holds something else', async () => {
    await writeFile(path('out.jsonl'), 'my notes, no line end');
    const { code, stderr } = await zipcaption([...out, '--resume']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('does not hold results')]);
    expect(await readFile(path('out.jsonl'), 'utf8')).toBe('my notes, no line end');
  });
});

describe('--sidecar', () => {
  it('txt is a caption beside each photo, left alone afterwards', async () => {
    const { stdout } = await zipcaption(['-r', 'in', '--sidecar', 'txt']);
    expect(stdout).toBe('');
    const printed = await zipcaption(['in/a/photo1.jpg']);
    expect(await readFile(path('in/a/photo1.jpg.txt'), 'utf8')).toBe(
      printed.stdout.replace('in/a/photo1.jpg  ', ''),
    );
    await writeFile(path('in/a/photo1.jpg.txt'), 'a caption by hand\n');
    const again = await zipcaption(['-r', 'in', '--sidecar', 'txt']);
    expect(again.stderr).toContain('0 captioned, 4 skipped, they have a sidecar');
    await utimes(path('in/a/photo2.jpg'), new Date(), new Date(Date.now() + 60_000));
    const resumed = await zipcaption(['-r', 'in', '--sidecar', 'txt', '--resume']);
    expect(resumed.stderr).toContain('1 captioned, 3 done before');
    expect(await readFile(path('in/a/photo1.jpg.txt'), 'utf8')).toBe('a caption by hand\n');
    await zipcaption(['-r', 'in', '--sidecar', 'txt', '--overwrite']);
    expect(await readFile(path('in/a/photo1.jpg.txt'), 'utf8')).not.toContain('by hand');
    expect(await readdir(path('in/b/c'))).toEqual(['rocket.jpg', 'rocket.jpg.txt']);
  });

  it('json is the whole result; with --out both are there or the photo is done again', async () => {
    const args = [...out, '--sidecar', 'json'];
    await zipcaption(args);
    expect(JSON.parse(await readFile(path('in/b/c/rocket.jpg.json'), 'utf8'))).toEqual(lines()[3]);
    await rm(path('in/a/photo2.jpg.json'));
    expect((await zipcaption([...args, '--resume'])).stderr).toContain('1 captioned, 3 done');
    expect(files().toSorted()).toEqual(NAMES.toSorted());
  });

  it('of another program are never replaced but by --overwrite', async () => {
    // Google Takeout puts its metadata there.
    const takeout = '{"title": "photo1.jpg", "description": ""}';
    await writeFile(path('in/a/photo1.jpg.json'), takeout);
    for (const args of [[], ['--resume'], ['--resume', '--out', 'out.jsonl']]) {
      const { code, stderr } = await zipcaption(['-r', 'in', '--sidecar', 'json', ...args]);
      expect([code, stderr]).toEqual([0, expect.stringContaining('1 skipped')]);
      expect(await readFile(path('in/a/photo1.jpg.json'), 'utf8')).toBe(takeout);
    }
    await zipcaption(['-r', 'in', '--sidecar', 'json', '--overwrite']);
    expect(await readFile(path('in/a/photo1.jpg.json'), 'utf8')).toContain('"caption"');
  });

  it('are no photos for a shell that names everything', async () => {
    const args = ['in/a/photo1.jpg', 'in/a/photo1.jpg.txt', '--sidecar', 'txt', '--overwrite'];
    await writeFile(path('in/a/photo1.jpg.txt'), '');
    expect(await zipcaption(args)).toMatchObject({ code: 0, stderr: 'zipcaption: 1 captioned.\n' });
  });
});

describe('shards and lists', () => {
  it('each photo is in one shard', async () => {
    for (const shard of ['1/3', '2/3', '3/3']) {
      const args = ['-r', 'in', '--shard', shard, '--out', `part-${shard[0]}.jsonl`];
      expect((await zipcaption(args)).code).toBe(0);
    }
    const parts = ['1', '2', '3'].flatMap((part) => files(`part-${part}.jsonl`));
    expect(parts.toSorted()).toEqual(NAMES.toSorted());
  });

  it('names come from a list on standard input, each done once', async () => {
    const list = 'in/a/photo1.jpg\0none.jpg\0./in/a/photo1.jpg\0';
    const { code, stdout } = await zipcaption(['--files-from', '-', '--jsonl'], {
      stdin: Buffer.from(list),
    });
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(printed.map(({ file, error }) => [file, error?.code])).toEqual([
      ['in/a/photo1.jpg', undefined],
      ['none.jpg', 'FILE_NOT_FOUND'],
    ]);
    expect(code).toBe(1);
  });
});

it.runIf(process.platform === 'linux')('a list may name what is no file', async () => {
  execFileSync('mkfifo', [path('in/pipe.jpg')]);
  await writeFile(path('list'), 'in/pipe.jpg\nin/a\nin/a/photo1.jpg\n/dev/zero\n');
  const list = ['--files-from', 'list', '--out', 'out.jsonl', '--check', 'hash'];
  const { code, stderr } = await zipcaption(list);
  expect(code).toBe(1);
  expect(stderr).toContain('in/pipe.jpg: The photo cannot be read: it is a named pipe, not a file');
  expect(stderr).toContain('in/a: The photo cannot be read: it is a folder, not a file');
  expect(stderr).toContain('/dev/zero: The photo cannot be read: it is a device, not a file');
  expect(stderr).toContain('1 captioned, 3 failed');
});

describe('names and folders that are odd', () => {
  it.runIf(process.platform === 'linux')('are kept and found again', async () => {
    const odd = [
      'new\nline.jpg',
      'quo"te\'s.jpg',
      'back\\slash.jpg',
      '\udcff\udcfe.jpg',
      '🐕 é.jpg',
      `${'x'.repeat(251)}.jpg`,
    ];
    const bytes = (name: string) =>
      name.startsWith('\udcff')
        ? Buffer.from([0xff, 0xfe, ...Buffer.from('.jpg')])
        : Buffer.from(name);
    await rm(path('in'), { recursive: true });
    await mkdir(path('in'));
    for (const name of odd) {
      await copyFile(
        sample('rocket.jpg'),
        Buffer.concat([Buffer.from(path('in/')), bytes(name)]) as never,
      );
    }
    expect(await zipcaption(out)).toMatchObject({ code: 0 });
    expect(files().toSorted()).toEqual(odd.toSorted());
    expect((await zipcaption([...out, '--resume'])).stderr).toContain('0 captioned, 6 done before');
    // Without a file of results, too.
    const printed = await zipcaption(['-r', 'in', '--jsonl']);
    expect(printed).toMatchObject({ code: 0 });
    expect(printed.stdout.trimEnd().split('\n')).toHaveLength(odd.length);
    // A name of 255 bytes has no room for a sidecar: that photo fails, the others do not.
    const beside = await zipcaption(['-r', 'in', '--sidecar', 'txt']);
    expect(beside.code).toBe(1);
    expect(beside.stderr).toContain('5 captioned, 1 failed');
    expect((await readdir(path('in'))).filter((name) => name.endsWith('.jpg.txt'))).toHaveLength(5);
  });
});

describe('writing', () => {
  it('by two processes to one file is refused to the second; what the first left is taken over', async () => {
    const fifo = path('in/slow.jpg');
    execFileSync('mkfifo', [fifo]);
    const first = spawn(
      process.execPath,
      [cli(), 'in/a/photo1.jpg', fifo, '--out', 'out.jsonl', '--model', tinyModel],
      { cwd: folder },
    );
    while (!existsSync(path('out.jsonl')) || lines().length < 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await zipcaption([...out, '--resume']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`Process ${first.pid} on `);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(existsSync(path('out.jsonl.lock'))).toBe(true);
    await rm(fifo);
    expect((await zipcaption([...out, '--resume'])).code).toBe(0);
    expect(existsSync(path('out.jsonl.lock'))).toBe(false);
  });

  it('to a full disk stops with a clear error', async () => {
    const { code, stderr } = await zipcaption(['-r', 'in', '--out', '/dev/full']);
    expect(code).toBe(1);
    expect(stderr).toContain('/dev/full cannot be written: no space is left on the disk');
  });

  it('a line that fits only in part leaves no part of it', async () => {
    const [shell, ...args] = [
      'sh',
      '-c',
      `trap '' XFSZ; ulimit -f 1; exec "$@"`,
      'sh',
      process.execPath,
      cli(),
    ];
    const child = spawn(shell ?? '', [...args, ...out, '--model', tinyModel, '--jobs', '1'], {
      cwd: folder,
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(stderr).toMatch(/out\.jsonl cannot be written: no file may be that large/);
    expect(stderr).toContain('continue with: zipcaption -r in --out out.jsonl');
    expect(await readFile(path('out.jsonl'), 'utf8')).toMatch(/\}\n$/);
    expect((await zipcaption([...out, '--resume'])).code).toBe(0);
    expect(files()).toEqual(NAMES);
  });

  it('to a pipe that nobody reads any more is a clear error', async () => {
    const fifo = path('pipe');
    execFileSync('mkfifo', [fifo]);
    const reader = spawn('head', ['-c', '10', fifo]);
    const { code, stderr } = await zipcaption([
      ...out.slice(0, 2),
      ...NAMES.map((name) => `in/${name}`),
      '--out',
      fifo,
    ]);
    reader.kill();
    expect(code).toBe(1);
    expect(stderr).toContain('nobody reads it any more');
  });
});

describe('an end before the end', () => {
  beforeEach(async () => {
    for (let i = 0; i < 60; i++) await copyFile(sample('coffee.jpg'), path(`in/b/${i}.jpg`));
  });
  const ALL = [...NAMES, ...Array.from({ length: 60 }, (_, i) => `b/${i}.jpg`)].toSorted();
  const jobs = ['--model', tinyModel, '--jobs', '2'];
  const started = () =>
    spawn(process.execPath, [cli(), ...out, '--resume', ...jobs], { cwd: folder });
  const until = async (count: number) => {
    while (
      !existsSync(path('out.jsonl')) ||
      readFileSync(path('out.jsonl')).filter((byte) => byte === 10).length < count
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it('by Ctrl-C finishes what is under way and says how to go on', async () => {
    const child = started();
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    await until(3);
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    expect(stderr).toContain('zipcaption: finishing the photos in progress; a second Ctrl-C');
    expect(stderr).toContain('continue with: zipcaption -r in --out out.jsonl --resume');
    expect(lines().length).toBeLessThan(64);
    expect((await zipcaption([...out, '--resume'])).code).toBe(0);
    expect(files().toSorted()).toEqual(ALL);
  });

  it('by somebody who deletes the file is no success', async () => {
    const child = started();
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    await until(3);
    await rm(path('out.jsonl'));
    const [code] = await once(child, 'close');
    expect(stderr).toContain('out.jsonl cannot be written: it was deleted during the run');
    expect(code).toBe(1);
    expect((await zipcaption([...out, '--resume'])).code).toBe(0);
    expect(files().toSorted()).toEqual(ALL);
  });

  it('by a kill at any moment, thrice, loses nothing and does nothing twice', async () => {
    for (const count of [2, 9, 20]) {
      const child = started();
      await until(count);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await appendFile(path('out.jsonl'), '{"file":"b/5');
    expect((await zipcaption([...out, '--resume'])).code).toBe(0);
    expect(files().toSorted()).toEqual(ALL);
  });
});
