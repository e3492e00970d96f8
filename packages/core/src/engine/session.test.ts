import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damaged, survive } from '../../test/engine/damage.js';
import { writeOnnx } from '../../test/engine/onnx-writer.js';
import { engineSession } from '../../test/engine/oracle.js';
import { feed, generator } from '../../test/engine/random-tensors.js';
import { EngineError } from './errors.js';
import { EngineSession } from './session.js';
import { EngineTensor } from './tensor.js';

const workspace = join(import.meta.dirname, '../../../..');
const lite = (name: string) => readFileSync(join(workspace, 'models/lite', name));
const manifest = JSON.parse(lite('manifest.json').toString('utf8'));
const { encoder, decoder, image } = manifest;

const pixels = feed([1, 3, image.height, image.width], 7, 1);

interface Numbers {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
type Named = Record<string, Numbers>;

function apart(a: Numbers | undefined, b: Numbers | undefined): number {
  if (!a || !b || a.dims.join() !== b.dims.join()) return Infinity;
  return a.data.reduce((most, x, i) => Math.max(most, Math.abs(x - (b.data[i] ?? NaN))), 0);
}

describe('the embedded model', () => {
  let native: { encoder: ort.InferenceSession; decoder: ort.InferenceSession };
  let encoded: Named;
  beforeAll(async () => {
    const create = (file: string) => ort.InferenceSession.create(lite(file));
    native = { encoder: await create(encoder.file), decoder: await create(decoder.file) };
    const tensor = new ort.Tensor('float32', pixels.data, pixels.dims);
    encoded = (await native.encoder.run({ [encoder.input]: tensor })) as unknown as Named;
  });
  afterAll(async () => {
    await native.encoder.release();
    await native.decoder.release();
  });

  test.each([
    ['float32', 1e-4],
    ['int16', 5e-3],
  ] as const)("encoder with products of %s: onnxruntime's numbers", async (products, within) => {
    const session = await engineSession(lite(encoder.file), products);
    const outputs = (await session.run({
      [encoder.input]: new EngineTensor('float32', pixels.data, pixels.dims),
    })) as unknown as Named;
    for (const name of encoder.outputs) {
      expect(apart(outputs[name], encoded[name])).toBeLessThan(within);
    }
    await session.release();
  });

  /** Runs a whole search's steps, beams reordered at random, on either runtime by its own states. */
  async function steps(
    run: (feeds: Record<string, Numbers | number[]>) => Promise<Named>,
    beams: number,
    length: number,
  ): Promise<Numbers[]> {
    const next = generator(beams);
    const seen: Numbers[] = [];
    let state: Named = Object.fromEntries(
      decoder.state.map(({ input, initial }: { input: string; initial: number[] }) => [
        input,
        { data: new Float32Array(0), dims: initial },
      ]),
    );
    let rows = 1;
    for (let step = 0; step < length; step++) {
      const parents = Array.from({ length: beams }, () => Math.floor(next() * rows));
      const tokens = parents.map(() => Math.floor(next() * 3000));
      state = Object.fromEntries(
        Object.entries(state).map(([name, value]) => [name, rowsOf(value, parents)]),
      );
      const outputs = await run({ ...encoded, ...state, [decoder.tokens]: tokens });
      for (const name of [decoder.logits, decoder.attention]) seen.push(outputs[name] as Numbers);
      state = Object.fromEntries(
        decoder.state.map(({ input, output }: { input: string; output: string }) => [
          input,
          outputs[output],
        ]),
      );
      rows = beams;
    }
    return seen;
  }

  function rowsOf({ data, dims }: Numbers, parents: readonly number[]): Numbers {
    const [rows = 1, ...rest] = dims;
    const length = data.length / rows;
    const gathered = parents.flatMap((row) => [...data.subarray(row * length, (row + 1) * length)]);
    return { data: Float32Array.from(gathered), dims: [parents.length, ...rest] };
  }

  test('decoder: the same numbers whichever shapes were planned before', async () => {
    const shapesInOrder = [
      ...[
        [1, 0],
        [3, 1],
        [3, 2],
        [5, 2],
        [3, 2],
        [3, 7],
        [3, 1],
        [1, 0],
        [2, 7],
        [3, 2],
      ],
    ] as const;
    const session = await engineSession(lite(decoder.file));
    for (const [beams, past] of shapesInOrder) {
      const feeds = Object.fromEntries(
        session.inputMetadata.map(({ name, type, shape }, i) => {
          const dims = shape.map((side) =>
            side === 'batch' ? beams : side === 'past' ? past : Number(side),
          );
          return type === 'int64'
            ? [name, new EngineTensor(type, new BigInt64Array(beams).fill(7n), dims)]
            : [name, new EngineTensor('float32', feed(dims, i).data, dims)];
        }),
      );
      session.poison();
      const shared = (await session.run(feeds)) as unknown as Named;
      const fresh = await engineSession(lite(decoder.file));
      const alone = (await fresh.run(feeds)) as unknown as Named;
      for (const name of session.outputNames) expect(shared[name]?.data).toEqual(alone[name]?.data);
      await fresh.release();
    }
    await session.release();
  });

  const outputs = [
    ...[decoder.logits, decoder.attention],
    ...decoder.state.map(({ output }: { output: string }) => output),
  ];

  test.each([
    [1, manifest.generation.maxLength],
    [2, 5],
    [3, manifest.generation.maxLength],
    [5, 4],
    [8, 3],
    ...[4, 6, 7, 9, 10, 11, 12, 13, 14, 15].map((beams) => [beams, 2] as const),
    [16, 6],
  ] as const)(
    'decoder with %i beams over %i steps, their parents reordered',
    async (beams, length) => {
      const session = await engineSession(lite(decoder.file));
      const ids = (tokens: number[]) => BigInt64Array.from(tokens, BigInt);
      const ours = await steps(
        async (feeds) => {
          session.poison();
          const tensors = Object.entries(feeds).map(([name, value]) => [
            name,
            Array.isArray(value)
              ? new EngineTensor('int64', ids(value), [value.length, 1])
              : new EngineTensor('float32', value.data, value.dims),
          ]);
          return (await session.run(Object.fromEntries(tensors), outputs)) as unknown as Named;
        },
        ...([beams, length] as const),
      );
      const theirs = await steps(
        async (feeds) => {
          const tensors = Object.entries(feeds).map(([name, value]) => [
            name,
            Array.isArray(value)
              ? new ort.Tensor('int64', ids(value), [value.length, 1])
              : new ort.Tensor('float32', value.data, value.dims),
          ]);
          return (await native.decoder.run(
            Object.fromEntries(tensors),
            outputs,
          )) as unknown as Named;
        },
        ...([beams, length] as const),
      );
      expect(ours.length).toBe(2 * length);
      ours.forEach((value, i) => {
        expect(apart(value, theirs[i])).toBeLessThan(i % 2 === 0 ? 5e-3 : 1e-3);
      });
      await session.release();
    },
  );
});

describe('a session', () => {
  const product = () =>
    writeOnnx({
      nodes: [
        { op: 'Cast', inputs: ['q'], outputs: ['f'], attributes: { to: 1 } },
        { op: 'Mul', inputs: ['f', 's'], outputs: ['w'] },
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] },
      ],
      weights: {
        q: {
          dims: [40, 9],
          data: Int8Array.from({ length: 360 }, (_, i) => ((i * 37) % 255) - 127),
        },
        s: { dims: [9], data: new Float32Array(9).fill(0.01) },
      },
      inputs: { x: { type: 'float32', shape: ['rows', 40] } },
      outputs: { y: 'float32' },
    });
  const rows = (count: number, seed: number) => {
    const { data, dims } = feed([count, 40], seed);
    return new EngineTensor('float32', data, dims);
  };

  test('gives a row the same numbers whatever rows are beside it', async () => {
    const session = await engineSession(product());
    const five = rows(5, 3);
    const { y: together } = await session.run({ x: five });
    for (let row = 0; row < 5; row++) {
      const data = (five.data as Float32Array).slice(row * 40, (row + 1) * 40);
      const { y } = await session.run({ x: new EngineTensor('float32', data, [1, 40]) });
      expect(y?.data).toEqual(together?.data.slice(row * 9, (row + 1) * 9));
    }
  });

  // 127 in every place of every column, times the largest activation in every place: the largest sums
  // that there can be. Past 2³¹ they would turn negative.
  test.each([1, 2, 516, 517, 2060, 4096])(
    'never overflows: %i products of the largest size',
    async (k) => {
      const session = await engineSession(
        writeOnnx({
          nodes: [
            { op: 'Cast', inputs: ['q'], outputs: ['f'], attributes: { to: 1 } },
            { op: 'Mul', inputs: ['f', 's'], outputs: ['w'] },
            { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] },
          ],
          weights: {
            q: { dims: [k, 8], data: new Int8Array(k * 8).fill(-128) },
            s: { dims: [8], data: new Float32Array(8).fill(1) },
          },
          inputs: { x: { type: 'float32', shape: [1, k] } },
          outputs: { y: 'float32' },
        }),
      );
      const { y } = await session.run({
        x: new EngineTensor('float32', new Float32Array(k).fill(3), [1, k]),
      });
      for (const value of y?.data ?? []) expect(Number(value) / (-384 * k)).toBeCloseTo(1, 3);
    },
  );

  test('gives NaN where a row has NaN or infinities, and only there', async () => {
    const session = await engineSession(product());
    const x = rows(3, 4);
    (x.data as Float32Array)[3] = NaN;
    (x.data as Float32Array)[2 * 40 + 1] = Infinity;
    const { y } = await session.run({ x });
    const numbers = [...((y?.data ?? []) as Float32Array)];
    expect(numbers.map((value) => Number.isNaN(value))).toEqual(
      numbers.map((_, i) => Math.floor(i / 9) !== 1),
    );
  });

  test('takes rows of zeros, and of numbers too small to scale', async () => {
    const session = await engineSession(product());
    const x = new EngineTensor('float32', new Float32Array(80).fill(1e-38, 40), [2, 40]);
    const { y } = await session.run({ x });
    expect([...(y?.data ?? [])].map(Number)).toEqual(new Array(18).fill(0));
  });

  test('refuses what does not fit, saying what was expected', async () => {
    const session = await engineSession(product());
    await expect(session.run({})).rejects.toThrow('"x" is missing');
    const wide = new EngineTensor('float32', new Float32Array(41), [1, 41]);
    await expect(session.run({ x: wide })).rejects.toThrow('rows × 40 was expected');
    const whole = new EngineTensor('int64', new BigInt64Array(40), [1, 40]);
    await expect(session.run({ x: whole })).rejects.toThrow('float32 was expected');
    await expect(session.run({ x: rows(1, 1) }, ['z'])).rejects.toThrow('no output "z"');
  });

  test('keeps its memory over many runs of many shapes, and gives it back', async () => {
    const session = await engineSession(product());
    for (let count = 1; count <= 100; count++) await session.run({ x: rows(count, count) });
    const held = session.memoryBytes;
    for (let i = 0; i < 300; i++) await session.run({ x: rows(1 + (i % 100), i) });
    expect(session.memoryBytes).toBe(held);
    await session.release();
    expect(session.memoryBytes).toBe(0);
    await expect(session.run({ x: rows(1, 1) })).rejects.toThrow('released');
  });

  test('puts results into the memory of spent ones, with room to grow', async () => {
    const session = await engineSession(product());
    const first = await session.run({ x: rows(2, 1) });
    const second = await session.run({ x: rows(3, 2) }, ['y'], { spent: first });
    const expected = await session.run({ x: rows(3, 2) });
    expect(second.y?.data).toEqual(expected.y?.data);
    expect(first.y?.data.buffer).not.toBe(second.y?.data.buffer);
    const third = await session.run({ x: rows(6, 3) }, ['y'], { spent: second });
    expect(third.y?.data.buffer).toBe(second.y?.data.buffer);
    expect(third.y?.data).toEqual((await session.run({ x: rows(6, 3) })).y?.data);
    await session.release();
  });

  test('lets go of the file once it is loaded', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const load = async () => {
      const bytes = Uint8Array.from(lite(encoder.file));
      const session = await engineSession(bytes);
      return { session, file: new WeakRef(bytes.buffer) };
    };
    const { session, file } = await load();
    // What was looked at through a WeakRef stays until the end of the turn.
    await new Promise((resolve) => setTimeout(resolve, 10));
    collectGarbage();
    expect(file.deref()).toBeUndefined();
    expect(session.memoryBytes).toBeGreaterThan(0);
  });

  const withOperator = (op: string) =>
    writeOnnx({
      nodes: [{ op, inputs: ['x'], outputs: ['y'] }],
      inputs: { x: { type: 'float32', shape: [2] } },
      outputs: { y: 'float32' },
    });

  test('names an operator that it lacks', async () => {
    await expect(engineSession(withOperator('Det'))).rejects.toMatchObject({
      reason: 'unsupported',
      message: 'The operator Det',
    });
    // Names of every object's properties are no operators.
    await expect(engineSession(withOperator('constructor'))).rejects.toMatchObject({
      reason: 'unsupported',
    });
  });
});

describe('damaged files', () => {
  const folder = join(workspace, 'packages/core/test/fixtures/tiny-model');
  test.each(['encoder.onnx', 'decoder.onnx'])(
    '%s, changed in 1,000 ways, is refused or runs',
    async (name) => {
      const file = readFileSync(join(folder, name));
      const ends = new Map<string, number>();
      for (let seed = 1; seed <= 1000; seed++) {
        const end = await survive(damaged(file, seed));
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
      // All three kinds of end are seen: the damage is neither too slight nor too heavy.
      expect([...ends.keys()].sort()).toEqual(['invalid', 'ran', 'unsupported']);
    },
  );

  test.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('<!doctype html><title>404</title>')],
    ['zeros', new Uint8Array(1000)],
  ])('%s is no network', async (_, bytes) => {
    await expect(EngineSession.create(bytes, { products: 'int16' })).rejects.toBeInstanceOf(
      EngineError,
    );
  });
});
