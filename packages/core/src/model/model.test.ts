import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { unsupported } from '../engine/errors.js';
import { createEngine } from '../engine/index.js';
import { folderSource } from '../node/folder-source.js';
import { filesSource } from './given-files.js';
import { loadModel } from './model.js';
import type { ModelSource } from './source.js';

const folder = new URL('../../test/fixtures/tiny-model/', import.meta.url);
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
const files = () =>
  Object.fromEntries(
    ['manifest.json', 'encoder.onnx', 'decoder.onnx', 'tokenizer.json'].map((n) => [n, file(n)]),
  );
const settings = { runtime: ort, threads: 1 };
const expected = JSON.parse(new TextDecoder().decode(file('expected.json')));

function edited(edit: (manifest: ReturnType<typeof JSON.parse>) => void) {
  const all = files();
  const manifest = JSON.parse(new TextDecoder().decode(all['manifest.json']));
  edit(manifest);
  return filesSource({
    ...all,
    'manifest.json': new TextEncoder().encode(JSON.stringify(manifest)),
  });
}

/** Largest difference of two lists of numbers of the same length. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
}

describe('a loaded model', () => {
  test("gives what Python's onnxruntime gives, step by step", async () => {
    const model = await loadModel(folderSource(folder), settings);
    const pixels = Float32Array.from({ length: 192 }, (_, i) => (i % 17) / 8 - 1);
    const encoded = await model.encode(pixels);
    expect(
      difference(encoded.outputs.cross_key?.data as Float32Array, expected.crossKey),
    ).toBeLessThan(1e-4);
    expect(difference(encoded.tags as Float32Array, expected.tags)).toBeLessThan(1e-5);
    const features = (await model.features?.(pixels)) as Float32Array;
    expect(difference(features, expected.features)).toBeLessThan(1e-5);
    const step = model.startDecoding(encoded);
    for (const [i, { tokens, logits, attention }] of expected.steps.entries()) {
      const output = await step(tokens, i === 0 ? [0, 0] : [0, 1]);
      expect(output.vocabSize).toBe(logits.length / 2);
      expect(difference(output.logits, logits)).toBeLessThan(1e-4);
      expect(difference(output.attention as Float32Array, attention)).toBeLessThan(1e-4);
    }
    await model.release();
  });

  test('reorders its state when rows change their parents', async () => {
    const model = await loadModel(folderSource(folder), settings);
    const photo = await model.encode(new Float32Array(192));
    const run = async (...steps: [number[], number[]][]) => {
      const step = model.startDecoding(photo);
      let last = new Float32Array();
      for (const [tokens, parents] of steps)
        last = Float32Array.from((await step(tokens, parents)).logits);
      return last;
    };
    const swapped = await run(
      [[1], [0]],
      [
        [4, 5],
        [0, 0],
      ],
      [
        [7, 6, 8],
        [1, 0, 1],
      ],
    );
    const size = swapped.length / 3;
    const alone = [
      await run([[1], [0]], [[5], [0]], [[7], [0]]),
      await run([[1], [0]], [[4], [0]], [[6], [0]]),
      await run([[1], [0]], [[5], [0]], [[8], [0]]),
    ];
    alone.forEach((row, i) => {
      expect(difference(swapped.slice(i * size, (i + 1) * size), row)).toBeLessThan(1e-5);
    });
    await model.release();
  });
});

describe('the bytes of its files', () => {
  const engine = { name: 'engine', runtime: createEngine(), threads: 1 } as const;
  const watched = (source: ModelSource) => {
    const read = new Map<string, Uint8Array>();
    const watching: ModelSource = {
      ...source,
      async read(file, control) {
        const bytes = await source.read(file, control);
        read.set(file, bytes);
        return bytes;
      },
    };
    return { watching, read };
  };

  test('are let go of at once where they were read for the model alone', async () => {
    const { watching, read } = watched(folderSource(folder));
    const model = await loadModel(watching, engine);
    expect(read.get('encoder.onnx')?.length).toBe(0);
    expect(read.get('decoder.onnx')?.length).toBe(0);
    expect((await model.encode(new Float32Array(192))).tags?.length).toBeGreaterThan(0);
    await model.release();
  });

  test('are left alone where they were given', async () => {
    const given = files();
    const model = await loadModel(filesSource(given), engine);
    expect(given['encoder.onnx']).toEqual(file('encoder.onnx'));
    await model.release();
  });

  test('are kept for the other runtime where the engine lacks something', async () => {
    const { watching, read } = watched(folderSource(folder));
    const lacking = {
      ...createEngine(),
      InferenceSession: {
        create: (network: Uint8Array, options: object) =>
          network.length === file('decoder.onnx').length
            ? Promise.reject(unsupported('The operator'))
            : createEngine().InferenceSession.create(network, options),
      },
    } as unknown as typeof ort;
    const model = await loadModel(watching, {
      ...engine,
      runtime: lacking,
      otherwise: async () => ({ name: 'web', runtime: ort }),
    });
    expect(model.runtime).toBe('web');
    expect(read.get('encoder.onnx')?.length).toBe(file('encoder.onnx').length);
    await model.release();
  });
});

describe('a damaged model', () => {
  test('with a file missing', async () => {
    const { 'decoder.onnx': _, ...rest } = files();
    await expect(loadModel(filesSource(rest), settings)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('decoder.onnx'),
    });
  });

  test('in a folder that is not one', async () => {
    await expect(loadModel(folderSource('./no/such/folder'), settings)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('there is no such file'),
    });
  });

  test('with a network cut off', async () => {
    const source = filesSource({
      ...files(),
      'encoder.onnx': file('encoder.onnx').slice(0, 3000),
    });
    await expect(loadModel(source, settings)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('encoder.onnx'),
    });
  });

  test('with a Git LFS pointer instead of weights', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n';
    const source = filesSource({ ...files(), 'encoder.onnx': new TextEncoder().encode(pointer) });
    await expect(loadModel(source, settings)).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringContaining('git lfs pull'),
    });
  });

  test('with a manifest that is not JSON', async () => {
    const source = filesSource({ ...files(), 'manifest.json': Uint8Array.of(0xff, 0x7b) });
    await expect(loadModel(source, settings)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  test.each<[string, (m: ReturnType<typeof JSON.parse>) => void, string]>([
    ['an encoder output', (m) => m.encoder.outputs.push('ghost'), 'ghost'],
    ['the output of tags', (m) => (m.encoder.tags.output = 'ghost'), 'ghost'],
    ['the output of features', (m) => (m.encoder.features = 'ghost'), 'ghost'],
    ['too few tags', (m) => m.encoder.tags.tokens.pop(), '14 tokens, but the output "concepts"'],
    ['a tag beyond the vocabulary', (m) => (m.encoder.tags.tokens[3] = 22), 'tokens[3] is 22'],
    ['a mark of the model as tag', (m) => (m.encoder.tags.tokens[0] = 2), 'tokens[0] is 2'],
    ['a decoder input', (m) => (m.decoder.state[0].input = 'ghost'), 'ghost'],
    ['a decoder output', (m) => (m.decoder.logits = 'ghost'), 'ghost'],
    [
      'an encoder output as decoder input',
      (m) => (m.decoder.encoderInputs.cross_key = 'ghost'),
      'ghost',
    ],
    ['too few decoder inputs', (m) => m.decoder.state.pop(), 'past'],
  ])('whose manifest names %s wrongly', async (_, edit, name) => {
    await expect(loadModel(edited(edit), settings)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(name),
    });
  });

  test('whose manifest gives the photo a size that the network does not take', async () => {
    const model = await loadModel(
      edited((m) => (m.image.width = 9)),
      settings,
    );
    await expect(model.encode(new Float32Array(3 * 8 * 9))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('encoder.onnx'),
    });
  });
});
