import { execFile } from 'node:child_process';
import { mkdtempSync, openAsBlob } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Captioner, loadCaptioner } from '../captioner.js';
import type { CaptionOutcome, ImageInput } from '../types.js';
import { CaptionerPool } from './pool.js';
import type { StartThread } from './thread.js';

/* Real worker threads with the tiny model. They run compiled code: scripts/vitest-build.ts makes it. */

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const model = path('../../test/fixtures/tiny-model');
const photo = path('../../../../samples/rocket.jpg');
const other = path('../../../../samples/chelsea.png');

let local: Captioner;
let pool: Captioner;
beforeAll(async () => {
  [local, pool] = await Promise.all([
    loadCaptioner({ model }),
    loadCaptioner({ model, workers: 2 }),
  ]);
});
afterAll(async () => {
  await Promise.all([local.dispose(), pool.dispose()]);
});

async function collect(outcomes: AsyncIterable<CaptionOutcome>): Promise<CaptionOutcome[]> {
  const all: CaptionOutcome[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

/** A `Blob` of a file that has gone since. */
async function removedFile(): Promise<Blob> {
  const file = join(mkdtempSync(join(tmpdir(), 'zipcaption-blob-')), 'photo.jpg');
  await copyFile(photo, file);
  const blob = await openAsBlob(file);
  await rm(file);
  return blob;
}

const withoutTimings = ({ timings: _, ...rest }: { timings: unknown }) => rest;

describe('captions of workers', () => {
  test('are those of the caller’s thread, whatever holds the photo', async () => {
    const bytes = new Uint8Array(await readFile(photo));
    const options = { numBeams: 2, numCaptions: 2, attention: true };
    const expected = withoutTimings(await local.caption(photo, options));
    const inputs: ImageInput[] = [
      ...[photo, new URL(`file://${photo}`), bytes, bytes.buffer, Buffer.from(bytes)],
      ...[new Blob([bytes]), new File([bytes], 'rocket.jpg')],
      // These would end the process if a worker read them.
      ...[await openAsBlob(photo), new File([await openAsBlob(photo)], 'rocket.jpg')],
    ];
    for (const result of await Promise.all(inputs.map((input) => pool.caption(input, options)))) {
      expect(withoutTimings(result)).toEqual(expected);
    }
    const pixels = { data: bytes.slice(0, 300), width: 10, height: 10, channels: 3 } as const;
    expect((await pool.caption(pixels)).score).toBe((await local.caption(pixels)).score);
    expect(pool.model).toEqual(local.model);
  });

  test('come in the order of the photos, a bad one between them', async () => {
    const inputs = [photo, './missing.jpg', other, photo, other];
    const summary = (outcomes: CaptionOutcome[]) =>
      outcomes.map(({ index, text, error }) => [index, text, error?.code]);
    const expected = summary(await collect(local.captionAll(inputs)));
    expect(summary(await collect(pool.captionAll(inputs)))).toEqual(expected);
    expect(summary(await collect(pool.captionAll(inputs, { concurrency: 1 })))).toEqual(expected);
    expect(summary(await collect(local.captionAll(inputs, { concurrency: 2 })))).toEqual(expected);
    expect(expected.map(([, , code]) => code)).toEqual([
      ...[undefined, 'FILE_NOT_FOUND', undefined, undefined, undefined],
    ]);
  });

  test('stream', async () => {
    const expected = await local.caption(photo, { numBeams: 1 });
    const pieces: string[] = [];
    const result = await pool.caption(photo, { onToken: (piece) => pieces.push(piece) });
    expect(pieces.join('')).toBe(expected.text);
    expect(result.tokens).toEqual(expected.tokens);
  });

  test('fail with the code and the cause that the caller’s thread gives', async () => {
    const noPhoto = new Uint8Array(10);
    const wrong: [ImageInput, object][] = [
      ['./missing.jpg', {}],
      [noPhoto, {}],
      [noPhoto, { maxBytes: 5 }],
      [{ data: noPhoto, width: 10, height: 10, channels: 1 }, { maxPixels: 99 }],
      [{ data: noPhoto, width: 5, height: 5, channels: 1 }, {}],
      [3 as never, {}],
      [photo, { numBeams: 65 }],
      [photo, { temperature: 2 }],
      [(() => {}) as never, {}],
      [await removedFile(), {}],
      [new Blob([noPhoto]), { maxBytes: 5 }],
    ];
    for (const [input, options] of wrong) {
      const expected = await local.caption(input, options).catch((error) => error);
      const found = await pool.caption(input, options).catch((error) => error);
      expect({ code: found.code, name: found.name }).toEqual({
        code: expected.code,
        name: 'CaptionError',
      });
    }
    expect((await pool.caption('./missing.jpg').catch((error) => error)).cause).toBeInstanceOf(
      Error,
    );
  });
});

describe('features from workers', () => {
  test('are those of the caller’s thread, captions between them', async () => {
    const bytes = new Uint8Array(await readFile(photo));
    const expected = await local.embed(photo);
    const [a, caption, b, another, c] = await Promise.all([
      pool.embed(photo),
      pool.caption(photo),
      pool.embed(bytes),
      pool.embed(other),
      pool.embed(new Blob([bytes])),
    ]);
    for (const features of [a, b, c]) expect(features).toEqual(expected);
    expect(another).toEqual(await local.embed(other));
    expect(caption.text).toBe((await local.caption(photo)).text);
    expect(bytes.length).toBeGreaterThan(0);
  });

  test('fail, stop and change hands as captions do', async () => {
    await expect(pool.embed('./missing.jpg')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(pool.embed(photo, { maxBytes: 9 })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    await expect(pool.embed(photo, { prefix: 'a' } as object)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    const controller = new AbortController();
    const waiting = Array.from({ length: 4 }, () =>
      pool.embed(photo, { signal: controller.signal }),
    );
    controller.abort('enough');
    for (const features of waiting) {
      await expect(features).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    }
    const mine = new Uint8Array(await readFile(photo));
    expect(await pool.embed(mine, { transfer: true })).toEqual(await local.embed(photo));
    expect(mine.length).toBe(0);
  });
});

describe('the caller’s buffers', () => {
  test('stay the caller’s', async () => {
    const bytes = new Uint8Array(await readFile(photo));
    const data = new Uint8ClampedArray(100);
    await pool.caption(bytes);
    await pool.caption(bytes.buffer);
    await pool.caption({ data, width: 10, height: 10, channels: 1 });
    expect(Buffer.from(bytes).equals(await readFile(photo))).toBe(true);
    expect(data.length).toBe(100);
  });

  test('change hands with "transfer", but not those that hold other things, too', async () => {
    const whole = new Uint8Array(await readFile(photo));
    const size = whole.length;
    const wide = new Uint8Array(size + 10);
    wide.set(whole, 5);
    const part = wide.subarray(5, 5 + size);
    const shared = new Uint8Array(new SharedArrayBuffer(size));
    shared.set(whole);
    const data = new Uint8Array(100);
    const expected = (await local.caption(whole, { transfer: true })).text;
    expect(whole.length).toBe(size);
    for (const bytes of [part, shared, whole]) {
      expect((await pool.caption(bytes, { transfer: true })).text).toBe(expected);
    }
    await pool.caption({ data, width: 10, height: 10, channels: 1 }, { transfer: true });
    expect([whole.length, part.length, shared.length, data.length]).toEqual([0, size, size, 0]);
  });
});

describe('a signal', () => {
  test('drops a photo that waits, at once', async () => {
    const alone = await loadCaptioner({ model, workers: 1 });
    const order: string[] = [];
    const controller = new AbortController();
    const first = alone.caption(photo).then(() => order.push('first'));
    const second = alone.caption(photo, { signal: controller.signal }).catch((error) => {
      order.push(error.code);
    });
    controller.abort();
    await Promise.all([first, second]);
    expect(order).toEqual(['ABORTED', 'first']);
    await alone.dispose();
  });

  test('stops a photo under way between words, and the worker goes on', async () => {
    const controller = new AbortController();
    let words = 0;
    const caption = pool.caption(photo, {
      signal: controller.signal,
      minLength: 8,
      onToken: () => {
        words++;
        controller.abort('enough');
      },
    });
    await expect(caption).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(words).toBe(1);
    const texts = await Promise.all([photo, photo, photo].map((input) => pool.caption(input)));
    expect(new Set(texts.map(({ text }) => text))).toEqual(
      new Set([(await local.caption(photo)).text]),
    );
  });

  test('leaves the process alive for a photo that waits behind the stopped one', async () => {
    const program = `
      import { loadCaptioner } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const captioner = await loadCaptioner({ model: ${JSON.stringify(model)}, workers: 1 });
      const controller = new AbortController();
      const stopped = captioner.caption(${JSON.stringify(photo)}, { signal: controller.signal });
      const waiting = captioner.caption(${JSON.stringify(photo)});
      setTimeout(() => controller.abort(), 1);
      await stopped.catch(() => undefined);
      console.log((await waiting).text);`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(stdout.trim()).toBe((await local.caption(photo)).text);
  });

  test('stops captionAll while the next photo is being waited for', async () => {
    const controller = new AbortController();
    async function* inputs() {
      yield photo;
      await new Promise(() => {});
    }
    const outcomes = pool.captionAll(inputs(), { signal: controller.signal });
    await outcomes.next();
    const next = outcomes.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('what goes wrong', () => {
  test('a function of the caller’s that throws fails its caption, not the program', async () => {
    const onToken = () => {
      throw new RangeError('mine');
    };
    await expect(pool.caption(photo, { onToken })).rejects.toThrow(new RangeError('mine'));
    expect((await pool.caption(photo)).text).toBeTypeOf('string');
  });

  test('a model that does not load: the error of loading on the caller’s thread', async () => {
    const load = (options: object) => loadCaptioner({ model: './nowhere', ...options });
    await expect(load({ workers: 2 })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(load({ workers: 2, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('options that need one thread', async () => {
    const runtime = await import('onnxruntime-web');
    await expect(loadCaptioner({ model, workers: 1, runtime })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    await expect(collect(pool.captionAll([photo], { concurrency: 3 }))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('(2)'),
    });
  });

  test('a model of bytes is copied to the workers, and stays', async () => {
    const names = ['manifest.json', 'encoder.onnx', 'decoder.onnx', 'tokenizer.json'];
    const files = new Map<string, Uint8Array>();
    for (const name of names) files.set(name, new Uint8Array(await readFile(join(model, name))));
    const captioner = await loadCaptioner({ model: files, workers: 2 });
    expect((await captioner.caption(photo)).text).toBe((await local.caption(photo)).text);
    expect([...files.values()].every(({ length }) => length > 0)).toBe(true);
    await captioner.dispose();
  });
});

test('dispose waits for what was asked for, and refuses more', async () => {
  const captioner = await loadCaptioner({ model, workers: 1 });
  const captions = [photo, other, photo].map((input) => captioner.caption(input));
  const disposed = captioner[Symbol.asyncDispose]();
  await expect(captioner.caption(photo)).rejects.toMatchObject({ code: 'DISPOSED' });
  await disposed;
  expect((await Promise.all(captions)).map(({ text }) => typeof text)).toEqual([
    'string',
    'string',
    'string',
  ]);
  await captioner.dispose();
});

describe('a worker that', () => {
  let started = 0;
  const startFaulty: StartThread = ({ onAnswer, onEnd }) => {
    started++;
    const worker = new Worker(path('../../test/pool/faulty-worker.mjs'));
    worker.on('message', onAnswer).on('error', onEnd);
    worker.on('exit', () => onEnd(new Error('exit')));
    return {
      post: (request, transfer = []) => worker.postMessage(request, transfer as never[]),
      keepAlive: (yes) => (yes ? worker.ref() : worker.unref()),
      terminate: () => worker.terminate(),
    };
  };
  let faulty: CaptionerPool;
  beforeAll(async () => {
    faulty = new CaptionerPool(1, { model }, { startThread: startFaulty });
    await faulty.start();
  });
  afterAll(() => faulty.dispose());
  const marker = () => join(mkdtempSync(join(tmpdir(), 'zipcaption-pool-')), 'marker');

  test.each(['exit', 'throw'])(
    'ends (%s) is replaced, and its photo is done again',
    async (fault) => {
      const before = started;
      const { text } = await faulty.caption(`${fault}|${marker()}|${photo}`, {});
      expect(text).toBe((await local.caption(photo)).text);
      expect(started).toBeGreaterThan(before);
    },
  );

  test('ends while it embeds is replaced, too', async () => {
    const features = await faulty.embed(`exit|${marker()}|${photo}`, {});
    expect(features).toEqual(await local.embed(photo));
    await expect(faulty.embed('exit', {})).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  test('ends of the same photo twice: the photo fails, those behind it do not', async () => {
    const [bad, good] = await Promise.allSettled([
      faulty.caption('exit', {}),
      faulty.caption(photo, {}),
    ]);
    expect(bad).toMatchObject({ reason: { code: 'RUNTIME_FAILED', name: 'CaptionError' } });
    expect(good).toMatchObject({ value: { text: (await local.caption(photo)).text } });
  });

  test('does not stop when it is told to is ended and replaced', async () => {
    const [before, lost] = [started, faulty.workersLost];
    const controller = new AbortController();
    const hanging = faulty.caption('hang', { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(hanging).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await faulty.caption(photo, {})).text).toBe((await local.caption(photo)).text);
    expect(started).toBe(before + 1);
    expect(faulty.workersLost).toBe(lost + 1);
  });

  const pixelsThatSpell = (fault: string) =>
    ({
      data: new Uint8Array(Buffer.from(fault)),
      width: fault.length,
      height: 1,
      channels: 1,
    }) as const;

  test('ends while it has a buffer of the caller’s: the photo fails, and is not sent again', async () => {
    const before = started;
    const ending = faulty.caption(pixelsThatSpell('exit'), { transfer: true });
    await expect(ending).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      message: expect.not.stringContaining('tried again'),
    });
    expect((await faulty.caption(photo, {})).text).toBe((await local.caption(photo)).text);
    expect(started).toBe(before + 1);
  });

  test('has a photo when the captioner is disposed of: the photo fails', async () => {
    const hanging = faulty.caption(pixelsThatSpell('hang'), { transfer: true });
    setImmediate(() => void faulty.dispose());
    await expect(hanging).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});
