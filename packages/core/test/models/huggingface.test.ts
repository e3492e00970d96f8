import { readdirSync, readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { preprocess } from '../../src/image/preprocess.js';
import { loadModel } from '../../src/model/model.js';
import { floats as toFloats } from '../../src/model/rows.js';
import { folderSource } from '../../src/node/folder-source.js';
import type { LoadOptions } from '../../src/types.js';
import { noise } from '../image/pictures.js';
import { photo } from './photos.js';
import { difference, fixture, floats, recording } from './recordings.js';

const settings = { runtime: ort, threads: 1 };

/** A folder's files in memory, without those that `left out` matches. */
function without(family: string, leftOut: RegExp): Record<string, Uint8Array> {
  const names = readdirSync(fixture(family), { recursive: true, encoding: 'utf8' });
  const files = names.filter(
    (name) => /\.(json|onnx|onnx_data)$/.test(name) && !leftOut.test(name),
  );
  return Object.fromEntries(
    files.map((name) => [name, new Uint8Array(readFileSync(fixture(family) + name))]),
  );
}

const variants: [string, string, LoadOptions][] = [
  ['vit-gpt2', 'merged decoder', {}],
  ['deit-distilgpt2', 'merged decoder, weights in files of their own', {}],
  ['deit-distilgpt2', 'pair of decoders', { model: without('deit-distilgpt2', /merged/) }],
  ['swin-bert', 'decoder without a cache', {}],
  ['beit-trocr', 'merged decoder that keeps the photo in its cache', {}],
  [
    'beit-trocr',
    'pair of decoders, the second without the photo',
    { model: without('beit-trocr', /merged/) },
  ],
];

describe('a file much larger than the model looks at', () => {
  const size = { width: 900, height: 700 };
  const pixels = sharp(noise(size.width, size.height, 5).data, { raw: { ...size, channels: 3 } });

  test.each(['png', 'jpeg', 'webp'] as const)(
    '%s: as its decoded pixels, to the bit',
    async (f) => {
      const file = await pixels.clone().toFormat(f, { lossless: true }).toBuffer();
      const data = Uint8Array.from(await sharp(file).raw().toBuffer());
      const captioner = await loadCaptioner({ model: fixture('vit-gpt2') });
      const expected = await captioner.caption({ ...size, data, channels: 3 });
      const { tokens, score } = await captioner.caption(file);
      expect({ tokens, score }).toEqual({ tokens: expected.tokens, score: expected.score });
      expect(await captioner.caption(file, { decode: 'exact' })).toMatchObject({ tokens, score });
      // Averaged while it is decoded, it is not quite the same.
      const fast = await captioner.caption(file, { decode: 'fast' });
      expect(fast.score).not.toBe(score);
      await captioner.dispose();
    },
  );
});

describe.each(variants)('%s: %s', (family, _, options) => {
  const expected = recording(family);

  test('captions as transformers does, over all settings', async () => {
    const captioner = await loadCaptioner({ model: fixture(family), ...options });
    for (const [index, { captions }] of expected.photos.entries()) {
      for (const { options: settings, found } of captions) {
        const caption = await captioner.caption(photo(index), settings);
        const all = [caption, ...caption.alternatives];
        const where = `photo ${index}, ${JSON.stringify(settings)}`;
        expect(
          all.map(({ tokens }) => tokens.map((token) => token.id)),
          where,
        ).toEqual(found.map(({ tokens }) => tokens));
        expect(
          all.map(({ text }) => text),
          where,
        ).toEqual(found.map(({ text }) => text));
        for (const [rank, { score }] of found.entries()) {
          if (score !== undefined) expect(all[rank]?.score, where).toBeCloseTo(score, 3);
        }
      }
    }
    await captioner.dispose();
  });
});

describe.each(['vit-gpt2', 'deit-distilgpt2', 'swin-bert', 'beit-trocr'])('%s', (family) => {
  test('sees the same pixels, and makes the same of them', async () => {
    const model = await loadModel(folderSource(fixture(family)), settings);
    for (const [index, expected] of recording(family).photos.entries()) {
      const pixels = preprocess(photo(index), model.manifest.image);
      expect(difference(pixels, floats(expected.pixels))).toBeLessThan(1e-5);
      const encoded = await model.encode(pixels);
      const hidden = toFloats(encoded.outputs.last_hidden_state as never, 'last_hidden_state');
      expect(difference(hidden, floats(expected.encoded))).toBeLessThan(1e-3);
    }
    await model.release();
  });
});

describe('number formats of one folder', () => {
  const [first] = recording('vit-gpt2').photos;
  const greedy = first?.captions.find(({ options }) => options.numBeams === 1);

  test('half floats, in and out, give the same caption', async () => {
    const captioner = await loadCaptioner({ model: fixture('vit-gpt2'), dtype: 'fp16' });
    const { tokens } = await captioner.caption(photo(0), { numBeams: 1 });
    expect(tokens.map((token) => token.id)).toEqual(greedy?.found[0]?.tokens);
    await captioner.dispose();
  });

  test('quantised networks run, near the original', async () => {
    const original = await loadModel(folderSource(fixture('vit-gpt2')), settings);
    const quantised = await loadModel(folderSource(fixture('vit-gpt2')), settings, { dtype: 'q8' });
    const pixels = preprocess(photo(0), original.manifest.image);
    const logits = async (model: typeof original) =>
      (await model.startDecoding(await model.encode(pixels))([0], [0])).logits;
    const [a, b] = [await logits(original), await logits(quantised)];
    const spread = Math.max(...a) - Math.min(...a);
    expect(difference(a, b)).toBeLessThan(spread / 8);
    expect(difference(a, b)).toBeGreaterThan(0);
    await original.release();
    await quantised.release();
  });

  test('one that is not there is refused with the list of those that are', async () => {
    await expect(loadCaptioner({ model: fixture('vit-gpt2'), dtype: 'q4' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('there are: fp32, q8, fp16'),
    });
  });

  test('without the one of full size, the smaller is taken by itself', async () => {
    const model = without('vit-gpt2', /model(_merged)?(_fp16)?\.onnx$/);
    const captioner = await loadCaptioner({ model });
    expect(captioner.model.decoder.file).toBe('onnx/decoder_model_merged_quantized.onnx');
    await captioner.dispose();
  });

  test('a folder of our own format has only one', async () => {
    const model = fixture('../../fixtures/tiny-model');
    await expect(loadCaptioner({ model, dtype: 'q8' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('dtype'),
    });
  });
});

describe('the networks of a folder', () => {
  test('may lie beside the configuration, as Optimum writes them', async () => {
    const files = without('swin-bert', /expected/);
    const flat = Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name.replace('onnx/', ''), bytes]),
    );
    const captioner = await loadCaptioner({ model: flat });
    expect(captioner.model.encoder.file).toBe('encoder_model.onnx');
    await captioner.dispose();
  });

  test('need no second decoder where the first step makes do with empty caches', async () => {
    const model = without('deit-distilgpt2', /merged|decoder_model\.onnx/);
    const captioner = await loadCaptioner({ model });
    expect(captioner.model.decoder.firstStep).toBeUndefined();
    await captioner.dispose();
  });
});
