import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadCaptioner, VERSION } from '../../src/index.js';
import { sample, tinyModel } from '../package/pack.js';
import { cli, killRunning, type RunOptions, run } from './run.js';

/*
 * The built command line from the outside, on real photos: with the embedded model for what is said
 * of them, with the tests' tiny one for how the program starts, stops and fails.
 */

const PHOTOS = ['astronaut.jpg', 'coffee.jpg', 'rocket.jpg'];

let main: string;
let folder: string;
let server: Server;
let base: string;
/** What the library says of each photo: the command line has to say the same. */
const captions = new Map<string, string>();
const tinyCaptions = new Map<string, string>();
let rocketScore: number;
let drawnWithSeed7: string;

beforeAll(async () => {
  main = cli();
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-cli-'));
  await mkdir(join(folder, 'photos/deeper'), { recursive: true });
  await mkdir(join(folder, 'empty'));
  await copyFile(sample('astronaut.jpg'), join(folder, 'photos/photo2.jpg'));
  await copyFile(sample('coffee.jpg'), join(folder, 'photos/photo10.JPG'));
  await copyFile(sample('rocket.jpg'), join(folder, 'photos/deeper/rocket.jpg'));
  await writeFile(join(folder, 'photos/notes.txt'), 'no photo');
  await writeFile(join(folder, 'broken.jpg'), readFileSync(sample('coffee.jpg')).subarray(0, 100));

  const captioner = await loadCaptioner();
  const tiny = await loadCaptioner({ model: tinyModel });
  for (const name of PHOTOS) {
    const { text, score } = await captioner.caption(sample(name));
    captions.set(name, text);
    if (name === 'rocket.jpg') rocketScore = score;
    tinyCaptions.set(name, (await tiny.caption(sample(name))).text);
  }
  const sampled = { sample: true, topP: 0.95, seed: 7 };
  drawnWithSeed7 = (await captioner.caption(sample('coffee.jpg'), sampled)).text;
  await Promise.all([captioner.dispose(), tiny.dispose()]);

  server = createServer((request, response) => {
    const [, kind, name = ''] = /^\/(photos|model)\/(.+)$/.exec(request.url ?? '') ?? [];
    const path = kind === 'model' ? join(tinyModel, name) : sample(name);
    if (!kind || !existsSync(path)) response.writeHead(404).end();
    else createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

afterEach(killRunning);

const zipcaption = (args: readonly string[], options: RunOptions = {}) =>
  run(main, args, { cwd: folder, ...options });
const captionOf = (name: string) => captions.get(name) ?? '';
const tinyCaptionOf = (name: string) => tinyCaptions.get(name) ?? '';
const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('photos', () => {
  it('get a line each: name, two spaces, the caption that the library gives', async () => {
    const { code, stdout, stderr } = await zipcaption(PHOTOS.map(sample));
    expect(stdout).toBe(PHOTOS.map((name) => `${sample(name)}  ${captionOf(name)}\n`).join(''));
    expect([code, stderr]).toEqual([0, '']);
    for (const caption of captions.values()) expect(caption).toMatch(/^[a-z]+( [a-z]+){2,}/);
  });

  it('come from folders, globs, addresses and standard input, in the order named', async () => {
    const { code, stdout } = await zipcaption(
      ['-', 'photos', 'photos/**/r*.{jpg,png}', `${base}/photos/coffee.jpg`, '--jsonl'],
      { stdin: readFileSync(sample('rocket.jpg')) },
    );
    expect(jsonLines(stdout).map(({ file, caption }) => [file, caption])).toEqual([
      ['-', captionOf('rocket.jpg')],
      ['photos/photo2.jpg', captionOf('astronaut.jpg')],
      ['photos/photo10.JPG', captionOf('coffee.jpg')],
      ['photos/deeper/rocket.jpg', captionOf('rocket.jpg')],
      [`${base}/photos/coffee.jpg`, captionOf('coffee.jpg')],
    ]);
    expect(code).toBe(0);
  });

  it.each(['1', '2'])('that fail do not stop the others, with %s at a time', async (jobs) => {
    const photos = [
      ...['none.jpg', 'broken.jpg', 'photos/photo2.jpg', 'photos/notes.txt', 'empty'],
      ...[`${base}/photos/none.jpg`, 'photos/photo10.JPG'],
    ];
    const { code, stdout, stderr } = await zipcaption([
      ...photos,
      ...['--jsonl', '--jobs', jobs, '--model', tinyModel],
    ]);
    const lines = jsonLines(stdout);
    expect(lines.map(({ file }) => file)).toEqual(photos);
    expect(lines.map(({ caption, error }) => caption ?? (error as { code: string }).code)).toEqual([
      ...['FILE_NOT_FOUND', 'DECODE_FAILED', tinyCaptionOf('astronaut.jpg'), 'UNSUPPORTED_FORMAT'],
      ...['FILE_NOT_FOUND', 'FILE_NOT_FOUND', tinyCaptionOf('coffee.jpg')],
    ]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(5);
    expect(stderr).toContain('zipcaption: broken.jpg: ');
    expect(code).toBe(1);
  });

  // File systems of other platforms refuse such names.
  it.skipIf(process.platform !== 'linux')('may have names that are not UTF-8', async () => {
    await mkdir(join(folder, 'bytes'));
    const name = Buffer.concat([Buffer.from(join(folder, 'bytes/')), Buffer.of(0xff, 0xe9)]);
    const path = Buffer.concat([name, Buffer.from('.jpg')]);
    await writeFile(path, readFileSync(sample('rocket.jpg')));
    const { code, stdout } = await zipcaption(['bytes', '--jsonl', '--model', tinyModel]);
    expect([code, ...jsonLines(stdout)]).toMatchObject([
      0,
      { file: 'bytes/\udcff\udce9.jpg', caption: tinyCaptionOf('rocket.jpg') },
    ]);
    const tooLarge = await zipcaption(['bytes', '--max-bytes', '9', '--jsonl']);
    expect(jsonLines(tooLarge.stdout)).toMatchObject([{ error: { code: 'IMAGE_TOO_LARGE' } }]);
  });

  it('need no model when there is none of them', async () => {
    const { code, stdout, stderr } = await zipcaption(['none.jpg', '--model', 'nowhere', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'none.jpg',
      error: { code: 'FILE_NOT_FOUND' },
    });
    expect(stderr).toBe(
      'zipcaption: none.jpg: There is no such file or folder. (FILE_NOT_FOUND)\n',
    );
    expect(code).toBe(1);
  });
});

describe('what is asked of the search', () => {
  it('reaches the library', async () => {
    const { stdout, stderr } = await zipcaption([
      ...[sample('astronaut.jpg'), '--json', '--beams=4', '-n', '2', '--prefix', 'two dogs'],
      ...['--ban', 'and', '--max-length=8', '--timings'],
    ]);
    const { caption, alternatives } = JSON.parse(stdout);
    expect(caption).toMatch(/^two dogs/);
    expect(alternatives).toHaveLength(1);
    for (const text of [caption, alternatives[0].caption]) expect(text).not.toMatch(/\band\b/);
    expect(stderr).toMatch(/decode [\d.]+ .* total [\d.]+ ms\n$/);
  });

  it('draws the words that the seed gives, for each photo anew', async () => {
    const photo = sample('coffee.jpg');
    const { stdout } = await zipcaption([photo, photo, '--sample', '--top-p=0.95', '--seed=7']);
    expect(stdout).toBe(`${photo}  ${drawnWithSeed7}\n`.repeat(2));
  });

  it('prints the tags that the library gives', async () => {
    const photo = sample('rocket.jpg');
    const tiny = await loadCaptioner({ model: tinyModel });
    const { tags = [], text } = await tiny.caption(photo, { numTags: 2 });
    await tiny.dispose();
    const shown = tags.map((tag) => `${tag.text} (${tag.probability.toFixed(2)})`).join(', ');
    const { stdout } = await zipcaption(['--tags', '2', photo, '-m', tinyModel]);
    expect(stdout).toBe(`${photo}  ${text}\n  tags: ${shown}\n`);
  });

  it('refuses tags of a model that has none, before any photo', async () => {
    const files = JSON.parse(readFileSync(join(tinyModel, 'manifest.json'), 'utf8'));
    const { tags: _, ...encoder } = files.encoder;
    const plain = join(folder, 'plain-model');
    await cp(tinyModel, plain, { recursive: true });
    await writeFile(join(plain, 'manifest.json'), JSON.stringify({ ...files, encoder }));
    for (const flag of ['--tags', '--tags=3']) {
      const { code, stdout, stderr } = await zipcaption([flag, sample('rocket.jpg'), '-m', plain]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('the model "tiny" gives no tags');
      expect(stderr).toContain('--tags cannot');
    }
  });
});

describe('models and runtimes', () => {
  it('come from an address, with a word about it', async () => {
    const { stdout, stderr } = await zipcaption([sample('coffee.jpg'), '--model', `${base}/model`]);
    expect(stdout).toContain(tinyCaptionOf('coffee.jpg'));
    expect(stderr).toBe(`zipcaption: loading the model from ${base}/model\n`);
  });

  it('are asked what --prompt says', async () => {
    const model = fileURLToPath(new URL('../models/fixtures/florence2/', import.meta.url));
    const asked = async (...flags: string[]) => {
      const { stdout } = await zipcaption([
        ...[sample('coffee.jpg'), '--model', model, '--beams', '1', '--max-length', '12', '--json'],
        ...flags,
      ]);
      return JSON.parse(stdout).score;
    };
    const [short, detailed] = [await asked('--prompt', 'short'), await asked('-p', 'detailed')];
    expect(await asked()).toBe(short);
    expect(detailed).not.toBe(short);
  });

  it('native on request, with nearly the same numbers', async () => {
    const { stdout, stderr } = await zipcaption([
      ...[sample('rocket.jpg'), '--json', '--runtime', 'node'],
    ]);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).score).toBeCloseTo(rocketScore, 1);
  });

  it('that are not there are named', async () => {
    const { code, stdout, stderr } = await zipcaption([sample('coffee.jpg'), '-m', 'nowhere']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(join(folder, 'nowhere'));
    expect(stderr).toMatch(/ \(MODEL_NOT_FOUND\)\n$/);
  });

  it.each(['--json', '--jsonl', '--format=jsonl'])(
    'that are not there are an error in %s',
    async (format) => {
      const photos = [sample('coffee.jpg'), sample('rocket.jpg')];
      const { code, stdout } = await zipcaption([...photos, format, '-m', 'nowhere']);
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toEqual({
        error: { code: 'MODEL_NOT_FOUND', message: expect.stringContaining('nowhere') },
      });
    },
  );
});

describe('usage', () => {
  it('is explained', async () => {
    const [help, version, nothing] = await Promise.all(
      [['--help'], ['-V'], []].map((args) => zipcaption(args)),
    );
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help?.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
    for (const flag of ['--beams', '--attention', '--jobs']) expect(help?.stdout).toContain(flag);
    expect(version).toEqual({ code: 0, stderr: '', stdout: `zipcaption ${VERSION}\n` });
    expect(nothing).toMatchObject({ code: 2, stdout: '' });
    expect(nothing?.stderr).toContain('Usage: zipcaption');
  });

  it.each([
    [['--beam', '5'], 'There is no flag --beam. Did you mean --beams?'],
    [['--beams', '2', '-n', '3'], '--num-captions (3) must be at most --beams (2), or --sample.'],
    [['--top-k', '5'], '--top-k needs --sample.'],
    [['--prefix', 'qwrtzpsdfg', '--model', tinyModel], 'vocabulary'],
  ])('that is wrong ends with 2 before anything is printed: %j', async (args, message) => {
    const { code, stdout, stderr } = await zipcaption([
      ...[sample('coffee.jpg'), sample('rocket.jpg'), '--json'],
      ...args,
    ]);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect([code, stdout]).toEqual([2, '']);
  });
});

it('a photo in place of its path: a data: URL is captioned, base64 named; neither is repeated', async () => {
  const text = readFileSync(sample('coffee.jpg')).toString('base64');
  const { stdout, stderr } = await zipcaption([
    ...[`data:image/jpeg;base64,${text}`, text, '--jsonl', '--model', tinyModel],
  ]);
  const [photo, base64] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(photo).toMatchObject({ caption: tinyCaptionOf('coffee.jpg') });
  expect(base64).toMatchObject({ error: { message: expect.stringContaining('base64') } });
  expect(stdout.length + stderr.length).toBeLessThan(3000);
});

describe('an end before the end', () => {
  const photos = Array.from({ length: 1000 }, () => 'photos/photo2.jpg');
  const many = [...photos, '--model', tinyModel];

  it.each([
    ['SIGINT', 130, '1'],
    ['SIGINT', 130, '2'],
  ] as const)(
    'by %s while it waits for a pipe that nobody writes to',
    async (signal, exitCode, jobs) => {
      const pipe = join(folder, `pipe-${jobs}`);
      execFileSync('mkfifo', [pipe]);
      const others = jobs === '2' ? photos.slice(0, 2) : photos.slice(0, 1);
      const args = [...others, pipe, '--model', tinyModel, '--jobs', jobs];
      const { code, stdout } = await zipcaption(args, {
        onOutput: (text, child) => {
          // All others are done; it is the pipe that is waited for.
          if (text.trim().split('\n').length === others.length) child.kill(signal);
        },
      });
      expect(code).toBe(exitCode);
      expect(stdout.trim().split('\n')).toHaveLength(others.length);
    },
  );

  it.each([
    ['SIGINT', 130, '1'],
    ['SIGTERM', 143, '2'],
  ] as const)(
    'by %s leaves what is done in order, exit code %i',
    async (signal, exitCode, jobs) => {
      let sent = false;
      const { code, stdout, stderr } = await zipcaption([...many, '--json', '--jobs', jobs], {
        onOutput: (text, child) => {
          if (sent || text.split('"file"').length < 4) return;
          sent = true;
          // Twice, as from a terminal through a script.
          child.kill(signal);
          child.kill(signal);
        },
      });
      const done = JSON.parse(stdout) as { caption: string }[];
      expect(done.length).toBeGreaterThan(2);
      expect(done.length).toBeLessThan(1000);
      for (const { caption } of done) expect(caption).toBe(tinyCaptionOf('astronaut.jpg'));
      expect([code, stderr]).toEqual([exitCode, '']);
    },
  );

  it('by a reader that has seen enough is quiet', async () => {
    const { code, stderr } = await zipcaption([...many, '--jobs', '1'], {
      onOutput: (_, child) => child.stdout?.destroy(),
    });
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('attention', () => {
  const tiny = ['--model', tinyModel];

  it('is drawn as a picture and as a page', async () => {
    const photo = sample('rocket.jpg');
    const picture = await zipcaption([photo, '--attention', 'maps/out.png']);
    const page = await zipcaption([photo, '--attention', 'maps/out.html']);
    for (const { code, stdout } of [picture, page]) {
      expect([code, stdout]).toEqual([0, `${photo}  ${captionOf('rocket.jpg')}\n`]);
    }
    const { format, width, height = 0 } = await sharp(join(folder, 'maps/out.png')).metadata();
    expect({ format, width }).toEqual({ format: 'png', width: 1280 });
    expect(height).toBeGreaterThan(900);
    const html = readFileSync(join(folder, 'maps/out.html'), 'utf8');
    expect(html.replace(/<[^>]*>/g, '')).toContain(captionOf('rocket.jpg'));
    const words = captionOf('rocket.jpg').split(' ').length;
    expect(html.match(/class="tile"/g)).toHaveLength(words);
  });

  it('is drawn for several photos into a folder, downloads included', async () => {
    const { code } = await zipcaption(
      [
        'photos/photo2.jpg',
        `${base}/photos/rocket.jpg`,
        '-',
        '--attention',
        'many/',
        '-j2',
        ...tiny,
      ],
      { stdin: readFileSync(sample('coffee.jpg')) },
    );
    expect(code).toBe(0);
    expect((await readdir(join(folder, 'many'))).sort()).toEqual([
      ...['photo2.png', 'rocket.png', 'stdin.png'],
    ]);
  });

  it('that cannot be written fails, the caption is printed all the same', async () => {
    const { code, stdout, stderr } = await zipcaption([
      ...[sample('coffee.jpg'), '--attention', 'broken.jpg/out.png', ...tiny],
    ]);
    expect(stdout).toContain(tinyCaptionOf('coffee.jpg'));
    expect(stderr).toContain('broken.jpg/out.png cannot be written');
    expect(code).toBe(1);
  });

  it('of several photos in one file is refused at once', async () => {
    const { code, stdout, stderr } = await zipcaption([
      ...PHOTOS.map(sample),
      '--attention',
      'x.png',
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('do not fit in the one file x.png');
    expect(existsSync(join(folder, 'x.png'))).toBe(false);
  });
});
