import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as ort from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Captioner, captionImage, loadCaptioner } from './captioner.js';
import { loadModel } from './model/model.js';
import { folderSource } from './node/folder-source.js';
import { Pipeline } from './pipeline.js';
import type { CaptionOptions, CaptionOutcome, ImageInput } from './types.js';

/* The whole way of a photo, on a tiny random model and on the embedded one. */

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const tinyModel = path('../test/fixtures/tiny-model');
const photo = path('../../../samples/rocket.jpg');

let tiny: Captioner;
beforeAll(async () => {
  tiny = await loadCaptioner({ model: tinyModel });
});
afterAll(() => tiny.dispose());

async function collect(outcomes: AsyncIterable<CaptionOutcome>): Promise<CaptionOutcome[]> {
  const all: CaptionOutcome[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

describe('what can be captioned', () => {
  test('a path, a file: URL, bytes, an ArrayBuffer and a Blob give the same caption', async () => {
    const bytes = await readFile(photo);
    const buffer = new Uint8Array(bytes).buffer;
    const inputs: ImageInput[] = [
      ...[photo, pathToFileURL(photo), pathToFileURL(photo).href, bytes, new Uint8Array(buffer)],
      ...[buffer, new Blob([bytes])],
    ];
    const results = await Promise.all(inputs.map((input) => tiny.caption(input)));
    expect(new Set(results.map(({ text, score }) => `${text} ${score}`)).size).toBe(1);
  });

  test('raw pixels: grey, RGB and RGBA', async () => {
    const grey = Uint8Array.from({ length: 12 * 10 }, (_, i) => (i * 7) % 256);
    const spread = (channels: 3 | 4) =>
      Uint8Array.from({ length: grey.length * channels }, (_, i) =>
        i % channels === 3 ? 255 : (grey[Math.floor(i / channels)] ?? 0),
      );
    const size = { width: 12, height: 10 };
    const results = await Promise.all([
      tiny.caption({ data: grey, channels: 1, ...size }),
      tiny.caption({ data: spread(3), channels: 3, ...size }),
      tiny.caption({ data: new Uint8ClampedArray(spread(4)), channels: 4, ...size }),
    ]);
    expect(new Set(results.map(({ score }) => score)).size).toBe(1);
    expect(results[0]?.image).toEqual({
      format: 'raw',
      stored: size,
      upright: size,
      orientation: 1,
    });
  });

  test.each<[string, unknown, string]>([
    ['a path that leads nowhere', './no-such-photo.jpg', 'FILE_NOT_FOUND'],
    ['a folder', tinyModel, 'INVALID_INPUT'],
    ['a web address', 'https://example.com/a.jpg', 'INVALID_INPUT'],
    ['a text file', path('./captioner.ts'), 'UNSUPPORTED_FORMAT'],
    ['no bytes at all', new Uint8Array(), 'UNSUPPORTED_FORMAT'],
    ['a number', 3, 'INVALID_INPUT'],
    ['null', null, 'INVALID_INPUT'],
    [
      'pixels of a wrong length',
      { data: new Uint8Array(5), width: 2, height: 2, channels: 3 },
      'INVALID_INPUT',
    ],
  ])('but not %s', async (_, input, code) => {
    await expect(tiny.caption(input as ImageInput)).rejects.toMatchObject({
      name: 'CaptionError',
      code,
    });
  });

  test('nor more bytes or pixels than allowed', async () => {
    const tooLarge = { code: 'IMAGE_TOO_LARGE' };
    const bytes = await readFile(photo);
    for (const input of [photo, bytes, new Blob([bytes])]) {
      await expect(tiny.caption(input, { maxBytes: 1000 })).rejects.toMatchObject(tooLarge);
      await expect(tiny.caption(input, { maxPixels: 1000 })).rejects.toMatchObject(tooLarge);
    }
    const raw = { data: new Uint8Array(300), width: 10, height: 10, channels: 3 } as const;
    await expect(tiny.caption(raw, { maxPixels: 99 })).rejects.toMatchObject(tooLarge);
  });
});

describe('a result', () => {
  test('tells of the words, the stages, the photo and the model', async () => {
    const result = await tiny.caption(photo, { numBeams: 3, numCaptions: 3, attention: true });
    expect(result.text).toBe(result.tokens.map((token) => token.text).join(''));
    expect(result.tokens.every(({ logProb }) => logProb <= 0)).toBe(true);
    expect(result.alternatives).toHaveLength(2);
    const scores = [result, ...result.alternatives].map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(result.confidence).toBeGreaterThan(0);
    expect(result.confidence).toBeLessThanOrEqual(1);
    const { decode, preprocess, encode, search, detokenize, total } = result.timings;
    expect(decode + preprocess + encode + search + detokenize).toBeCloseTo(total, 6);
    expect(result.image).toMatchObject({ format: 'jpeg', orientation: 1 });
    expect(result.model).toEqual({ name: 'tiny', version: '1.0.0', runtime: 'engine' });
    expect(result.warnings).toEqual([]);
  });

  test('has one map a word, each summing to 1', async () => {
    const { attention = [], text } = await tiny.caption(photo, { attention: true, minLength: 4 });
    expect(attention.map(({ word }) => word).join(' ')).toBe(text);
    for (const { rows, columns, values } of attention) {
      expect(values).toHaveLength(rows * columns);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
  });
});

/** The tiny model, its manifest changed. */
async function changed(change: (manifest: ReturnType<typeof JSON.parse>) => void) {
  const names = ['manifest.json', 'encoder.onnx', 'decoder.onnx', 'tokenizer.json'];
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, await readFile(`${tinyModel}/${name}`));
  const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
  change(manifest);
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  return loadCaptioner({ model: files });
}

describe('tags', () => {
  test('are the likeliest, at most ten, none below 0.1', async () => {
    const few = (await tiny.caption(photo)).tags ?? [];
    const cat = (await tiny.caption(path('../../../samples/chelsea.png'))).tags ?? [];
    expect(few.map(({ text }) => text)).toEqual(['runs', 'through', 'snow', 'cat', 'in', 'on']);
    expect(cat).toHaveLength(10);
    for (const tags of [few, cat]) {
      const probabilities = tags.map(({ probability }) => probability);
      expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
      expect(probabilities.every((p) => p >= 0.1 && p <= 1)).toBe(true);
    }
  });

  test('are as many as were asked for, whatever the search', async () => {
    const all = (await tiny.caption(photo, { numTags: 100 })).tags ?? [];
    expect(all).toHaveLength(15);
    expect(new Set(all.map(({ text }) => text)).size).toBe(15);
    expect((await tiny.caption(photo, { numTags: 3, sample: true })).tags).toEqual(all.slice(0, 3));
    expect((await tiny.caption(photo, { numTags: 0 })).tags).toEqual([]);
    const [outcome] = await collect(tiny.captionAll([photo], { numTags: 1 }));
    expect(outcome).toMatchObject({ tags: all.slice(0, 1) });
    for (const numTags of [-1, 101, 1.5, '3', null]) {
      await expect(tiny.caption(photo, { numTags } as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('from 0 to 100'),
      });
    }
  });

  test('are absent for models that have none, and refused when asked for', async () => {
    const plain = await changed((manifest) => delete manifest.encoder.tags);
    const result = await plain.caption(photo);
    expect('tags' in result).toBe(false);
    expect(result.text).toBe((await tiny.caption(photo)).text);
    expect('tags' in (await plain.caption(photo, { numTags: 0 }))).toBe(false);
    await expect(plain.caption(photo, { numTags: 1 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('"tiny" gives no tags'),
    });
    await plain.dispose();
  });
});

describe('embed', () => {
  const other = path('../../../samples/chelsea.png');
  const product = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

  test('gives vectors of length 1: the same for a photo, whatever holds it; another for another', async () => {
    const bytes = await readFile(photo);
    const same = await Promise.all([
      ...[tiny.embed(photo), tiny.embed(bytes), tiny.embed(new Blob([bytes]))],
      tiny.embed(new Response(bytes)),
    ]);
    const [first] = same as [Float32Array];
    expect(first).toBeInstanceOf(Float32Array);
    expect(first).toHaveLength(16);
    for (const features of same) expect(features).toEqual(first);
    const another = await tiny.embed(other);
    expect(product(first, first)).toBeCloseTo(1, 5);
    expect(product(another, another)).toBeCloseTo(1, 5);
    expect(product(first, another)).toBeLessThan(0.99);
  });

  test('makes vectors of length 1 of any output', async () => {
    const captioner = await changed((manifest) => (manifest.encoder.features = 'first_hidden'));
    const features = await captioner.embed(photo);
    expect(product(features, features)).toBeCloseTo(1, 5);
    await captioner.dispose();
  });

  test('takes the options of reading a photo, and no others', async () => {
    const refused = [
      ...[[photo, { maxBytes: 10 }, 'IMAGE_TOO_LARGE'] as const],
      ...[[photo, { maxPixels: 10 }, 'IMAGE_TOO_LARGE'] as const],
      ...[[photo, { numBeams: 2 }, 'INVALID_OPTION'] as const],
      ...[[photo, { signal: AbortSignal.abort() }, 'ABORTED'] as const],
      ...[['./missing.jpg', {}, 'FILE_NOT_FOUND'] as const],
      ...[['https://example.com/a.jpg', {}, 'INVALID_INPUT'] as const],
      ...[[new Uint8Array(9), {}, 'UNSUPPORTED_FORMAT'] as const],
      ...[[3, {}, 'INVALID_INPUT'] as const],
    ];
    for (const [input, options, code] of refused) {
      await expect(tiny.embed(input as ImageInput, options as object)).rejects.toMatchObject({
        code,
        name: 'CaptionError',
      });
    }
    expect(await tiny.embed(photo, { decode: 'exact' })).toHaveLength(16);
  });

  test('is refused by models without features, before the photo is read', async () => {
    const plain = await changed((manifest) => delete manifest.encoder.features);
    await expect(plain.embed('./missing.jpg')).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('encoder.features'),
    });
    await plain.dispose();
    await expect(plain.embed(photo)).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});

describe('options', () => {
  test('prefix starts the caption, bannedWords never appear', async () => {
    const { text } = await tiny.caption(photo, { prefix: 'the dog' });
    expect(text).toMatch(/^the dog /);
    const words = text.split(' ').slice(2);
    const other = await tiny.caption(photo, { prefix: 'the dog', bannedWords: words });
    expect(
      other.text
        .split(' ')
        .slice(2)
        .filter((word) => words.includes(word)),
    ).toEqual([]);
  });

  test('onToken streams what the result holds', async () => {
    const pieces: string[] = [];
    const result = await tiny.caption(photo, { onToken: (piece) => pieces.push(piece) });
    expect(pieces.join('')).toBe(result.text);
    expect(pieces).toHaveLength(result.tokens.length);
  });

  test('sampling repeats itself with the same seed', async () => {
    const draw = (seed: number) => tiny.caption(photo, { sample: true, seed, temperature: 3 });
    expect((await draw(5)).text).toBe((await draw(5)).text);
    const texts = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (seed) => (await draw(seed)).text),
    );
    expect(new Set(texts).size).toBeGreaterThan(1);
  });

  test('a signal stops a search between steps', async () => {
    const controller = new AbortController();
    const stopped = tiny.caption(photo, {
      signal: controller.signal,
      minLength: 8,
      onToken: () => controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(tiny.caption(photo, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('unknown ones are refused, and models without attention say so', async () => {
    await expect(tiny.caption(photo, { beams: 3 } as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('many photos', () => {
  test('overlapping calls wait for each other and agree with single ones', async () => {
    const alone = await tiny.caption(photo);
    const together = await Promise.all(Array.from({ length: 8 }, () => tiny.caption(photo)));
    expect(together.every(({ text, score }) => text === alone.text && score === alone.score)).toBe(
      true,
    );
  });

  test('one signal for all of them gets one listener, and none is left', async () => {
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const bytes = await readFile(photo);
    const fetch = async () => new Response(bytes);
    const calls = Array.from({ length: 4 }, () => [
      tiny.caption(photo, { signal }),
      tiny.embed(new Response(bytes), { signal }),
      tiny.stream(new Blob([bytes]).stream(), { signal }).result,
      tiny.caption('http://localhost/photo.jpg', { signal, fetch }),
      collect(tiny.captionAll([photo, photo], { signal })),
    ]).flat();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, listeners())));
    most = listeners();
    await Promise.all(calls);
    clearInterval(watch);
    expect([most, listeners()]).toEqual([1, 0]);
  });

  test('captionAll keeps the order and goes on after a bad photo', async () => {
    const outcomes = await collect(tiny.captionAll([photo, './missing.jpg', photo]));
    expect(outcomes.map(({ index, error }) => [index, error?.code])).toEqual([
      [0, undefined],
      [1, 'FILE_NOT_FOUND'],
      [2, undefined],
    ]);
    expect(outcomes[0]?.text).toBe(outcomes[2]?.text);
  });

  test('captionAll stops at once when its signal fires', async () => {
    const controller = new AbortController();
    const outcomes = tiny.captionAll([photo, photo, photo], { signal: controller.signal });
    await outcomes.next();
    controller.abort();
    await expect(outcomes.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('memory stays where it is over hundreds of captions', async () => {
    const bytes = await readFile(photo);
    const run = async (count: number) => {
      for (let i = 0; i < count; i++) await tiny.caption(bytes);
      globalThis.gc?.();
      return process.memoryUsage();
    };
    const before = await run(100);
    const after = await run(300);
    // Typed arrays live outside the heap; both must stay.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(8e6);
    expect(after.external - before.external).toBeLessThan(4e6);
    expect(after.rss - before.rss).toBeLessThan(60e6);
  });
});

describe('a stream', () => {
  test('gives the tokens as they are found, then the result', async () => {
    const stream = tiny.stream(photo, { minLength: 4 });
    const pieces: string[] = [];
    for await (const { text } of stream) pieces.push(text);
    const result = await stream.result;
    expect(pieces).toEqual(result.tokens.map(({ text }) => text));
    expect(result.text).toBe((await tiny.caption(photo, { minLength: 4, numBeams: 1 })).text);
  });

  test('that is left early stops the caption', async () => {
    const stream = tiny.stream(photo, { minLength: 8 });
    for await (const _ of stream) break;
    await expect(stream.result).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('fails as a caption does, and may be aborted', async () => {
    await expect(tiny.stream('./missing.jpg').next()).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    const controller = new AbortController();
    const read = async () => {
      for await (const _ of tiny.stream(photo, { signal: controller.signal, minLength: 8 })) {
        controller.abort('enough');
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
  });
});

test('timers have their turn between stages and words', async () => {
  let ticks = 0;
  const interval = setInterval(() => ticks++, 1);
  const bytes = await readFile(photo);
  ticks = 0;
  await Promise.all(Array.from({ length: 20 }, () => tiny.caption(bytes)));
  clearInterval(interval);
  expect(ticks).toBeGreaterThan(20);
});

test('a disposed captioner refuses work, and disposing twice is harmless', async () => {
  const captioner = await loadCaptioner({ model: tinyModel });
  const last = captioner.caption(photo);
  await captioner.dispose();
  await captioner.dispose();
  expect((await last).text).toBeTypeOf('string');
  await expect(captioner.caption(photo)).rejects.toMatchObject({ code: 'DISPOSED' });
});

test('another runtime with the same API runs the same model to the same words', async () => {
  const native = await loadCaptioner({
    model: tinyModel,
    runtime: await import('onnxruntime-node'),
  });
  const expected = await tiny.caption(photo);
  const result = await native.caption(photo);
  expect(result.text).toBe(expected.text);
  expect(result.score).toBeCloseTo(expected.score, 4);
  await native.dispose();
});

test('the runtime may be handed in', async () => {
  const captioner = await loadCaptioner({ model: tinyModel, runtime: ort, threads: 1 });
  expect((await captioner.caption(photo)).text).toBe((await tiny.caption(photo)).text);
  await captioner.dispose();
});

test('captionImage uses the embedded model, loaded once', async () => {
  const bytes = await readFile(photo);
  const [first, second] = await Promise.all([captionImage(photo), captionImage(bytes)]);
  expect(first.model.name).toBe('lite');
  expect(first.text).toMatch(/^\w+( [\w'-]+){2,}$/);
  expect(second.text).toBe(first.text);
});

describe('words for what the photo shows', () => {
  test('are said as the option asks, watched or not', async () => {
    const model = await loadModel(folderSource(tinyModel), { runtime: ort, threads: 1 });
    const { encoder } = model.manifest;
    const { tokens = [], output = '' } = encoder.tags ?? {};
    const said = await tiny.caption(photo);
    const column = tokens.findIndex((token) => said.tokens.every(({ id }) => id !== token));
    const pipeline = new Pipeline({
      ...model,
      manifest: {
        ...model.manifest,
        encoder: { ...encoder, tags: { output, tokens, forms: [], unweighted: [], bias: output } },
      },
      async encode(pixels) {
        const tagBias = Float32Array.from(tokens, (_, i) => Number(i === column));
        return { ...(await model.encode(pixels)), tagBias };
      },
    });
    const ids = async (options: CaptionOptions) =>
      (await pipeline.caption(photo, options)).tokens.map(({ id }) => id);
    expect(await ids({ tagBias: 0 })).toEqual(said.tokens.map(({ id }) => id));
    expect(await ids({ tagBias: 20 })).toContain(tokens[column]);
    const greedy = await ids({ tagBias: 20, numBeams: 1 });
    expect(await ids({ tagBias: 20, onToken() {} })).toEqual(greedy);
    await pipeline.dispose();
  });

  test('are likelier the likelier their tags are, and are not said again', async () => {
    const model = await loadModel(folderSource(tinyModel), { runtime: ort, threads: 1 });
    const tokens = model.manifest.encoder.tags?.tokens ?? [];
    const said = await tiny.caption(photo, { tagWeight: 0 });
    const column = tokens.findIndex((token) => said.tokens.every(({ id }) => id !== token));
    const pipeline = new Pipeline({
      ...model,
      async encode(pixels) {
        const tags = Float32Array.from(tokens, (_, i) => Number(i === column));
        return { ...(await model.encode(pixels)), tags };
      },
    });
    const times = async (options: CaptionOptions) => {
      const { tokens: found } = await pipeline.caption(photo, { noRepeatNgramSize: 0, ...options });
      return found.filter(({ id }) => id === tokens[column]).length;
    };
    expect(await times({ tagWeight: 0 })).toBe(0);
    expect(await times({ tagWeight: 5 })).toBe(1);
    await pipeline.dispose();

    const ids = async (options: CaptionOptions) =>
      (await tiny.caption(photo, { noRepeatNgramSize: 0, minLength: 8, ...options })).tokens
        .map(({ id }) => id)
        .filter((id) => tokens.includes(id));
    const often = await ids({ tagRepeatPenalty: 0 });
    expect(often.length).toBeGreaterThan(new Set(often).size);
    const once = await ids({ tagRepeatPenalty: 20 });
    expect(once).toHaveLength(new Set(once).size);
  });

  test('need a model with tags', async () => {
    const plain = await changed((manifest) => delete manifest.encoder.tags);
    for (const option of ['tagWeight', 'tagRepeatPenalty'] as const) {
      await expect(plain.caption(photo, { [option]: 1 })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`"${option}" can only be 0`),
      });
    }
    await plain.dispose();
  });

  test('are refused of a model that does not say which', async () => {
    await expect(tiny.caption(photo, { tagBias: 1 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('encoder.tags.bias'),
    });
    expect((await tiny.caption(photo, { tagBias: 0 })).text).toBe((await tiny.caption(photo)).text);
  });
});
