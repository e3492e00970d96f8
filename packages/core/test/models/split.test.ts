import { readFileSync } from 'node:fs';
import * as web from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import {
  createSession,
  type NetworkFile,
  type Session,
  type Values,
} from '../../src/model/session.js';
import { openSplit } from '../../src/model/split/open-split.js';
import { folderSource } from '../../src/node/folder-source.js';
import { difference, fixture } from './recordings.js';

const MERGED = 'onnx/decoder_model_merged';
const encoderInputs = { encoder_hidden_states: 'last_hidden_state' };

/** Opens a fixture's decoder in two networks, and counts the runs of each. */
async function split(family: string, file: string, network: NetworkFile, runtime: typeof web) {
  const runs: number[] = [];
  const opened = await openSplit(
    folderSource(fixture(family)),
    { file, encoderInputs } as never,
    network,
    async (part) => {
      const session = await createSession(part, file, { runtime, threads: 1 });
      const index = runs.push(0) - 1;
      return {
        ...session,
        run: (...run) => {
          runs[index] = (runs[index] ?? 0) + 1;
          return session.run(...run);
        },
      };
    },
  );
  return { opened, runs };
}

/** Made-up tensors for a decoder's inputs. */
function feeds(session: Session, rows: number, photoRows: number, past: number) {
  const made: Record<string, Values> = {};
  for (const name of session.inputs) {
    const shape = session.shape(name) ?? [];
    const cache = name.startsWith('past');
    const dims = cache
      ? [rows, shape[1] ?? 1, past, shape[3] ?? 1]
      : name === 'input_ids'
        ? [rows, cache || session.inputs.length > 2 ? 1 : 3]
        : name === 'use_cache_branch'
          ? [1]
          : [photoRows, 17, shape[2] ?? 32];
    const size = dims.reduce((product, side) => product * side, 1);
    const number = (i: number) => Math.sin(i * 1.7 + dims.length) * 2;
    made[name] =
      name === 'input_ids'
        ? {
            type: 'int64',
            data: BigInt64Array.from({ length: size }, (_, i) => BigInt(5 + i)),
            dims,
          }
        : name === 'use_cache_branch'
          ? { type: 'bool', data: Uint8Array.of(past > 0 ? 1 : 0), dims }
          : {
              type: 'float32',
              data: Float32Array.from({ length: size }, (_, i) => number(i)),
              dims,
            };
  }
  return made;
}

describe.each([
  ['vit-gpt2', `${MERGED}.onnx`],
  ['vit-gpt2', `${MERGED}_quantized.onnx`],
  ['swin-bert', 'onnx/decoder_model.onnx'],
  ['deit-distilgpt2', 'onnx/decoder_with_past_model.onnx'],
])('%s, %s', (family, file) => {
  const path = fixture(family) + file;

  test('says the same in two networks, and looks at the photo once', async () => {
    const node = (await import('onnxruntime-node')) as unknown as typeof web;
    const { opened, runs } = await split(family, file, { network: path }, node);
    if (!opened) throw new Error('not split');
    const whole = await createSession({ network: path }, file, { runtime: node, threads: 1 });
    expect([...opened.inputs].sort()).toEqual([...whole.inputs].sort());
    const steps = whole.inputs.length > 2 ? [0, 1, 4] : [0];
    const photo = feeds(whole, 1, 1, 0).encoder_hidden_states as Values;
    for (const past of steps) {
      const given = { ...feeds(whole, 1, 1, past), encoder_hidden_states: photo };
      const [mine, theirs] = [
        await opened.run(given, opened.outputs),
        await whole.run(given, opened.outputs),
      ];
      for (const name of opened.outputs) {
        expect(mine[name]?.dims, name).toEqual(theirs[name]?.dims);
        const [a, b] = [mine[name]?.data, theirs[name]?.data] as [Float32Array, Float32Array];
        expect(difference(a, b), name).toBeLessThan(1e-5);
      }
    }
    expect(runs).toEqual([1, steps.length]);
    await opened.run(feeds(whole, 2, 2, 0), ['logits']);
    expect(runs[0]).toBe(2);
    await opened.release();
    await whole.release();
  });
});

test('bytes in memory are cut as files are', async () => {
  const file = `${MERGED}.onnx`;
  const network = new Uint8Array(readFileSync(fixture('vit-gpt2') + file));
  const { opened } = await split('vit-gpt2', file, { network }, web);
  const whole = await createSession({ network }, file, { runtime: web, threads: 1 });
  const given = feeds(whole, 1, 1, 2);
  const [mine, theirs] = [await opened?.run(given, ['logits']), await whole.run(given, ['logits'])];
  const [a, b] = [mine?.logits?.data, theirs.logits?.data] as [Float32Array, Float32Array];
  expect(difference(a, b)).toBeLessThan(1e-5);
  await opened?.release();
  await whole.release();
});

test('a decoder that keeps the photo in its cache stays in one piece', async () => {
  const file = `${MERGED}.onnx`;
  const { opened, runs } = await split(
    ...(['beit-trocr', file, { network: fixture('beit-trocr') + file }, web] as const),
  );
  expect([opened, runs]).toEqual([undefined, []]);
});

test.each([10, 500, 0.5])('a file cut off after %d stays in one piece', async (end) => {
  const file = `${MERGED}.onnx`;
  const bytes = new Uint8Array(readFileSync(fixture('vit-gpt2') + file));
  const network = bytes.slice(0, end < 1 ? bytes.length * end : end);
  const { opened } = await split('vit-gpt2', file, { network }, web);
  expect(opened).toBeUndefined();
});
