import * as ort from 'onnxruntime-node';
import { createEngine } from '../../src/engine/index.js';
import type { EngineSession } from '../../src/engine/session.js';
import { type TestNetwork, writeOnnx } from './onnx-writer.js';

export interface Feed {
  readonly type: 'float32' | 'int64' | 'int32' | 'bool';
  readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
}
export type Feeds = Readonly<Record<string, Feed>>;

export interface Output {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

const numbers = (data: unknown): number[] =>
  Array.from(data as ArrayLike<number | bigint>, (value) => Number(value));

/** What onnxruntime-node gives, without its optimisations. */
export async function byOracle(network: Uint8Array, feeds: Feeds): Promise<Record<string, Output>> {
  const session = await ort.InferenceSession.create(network, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const results = await session.run(
    Object.fromEntries(
      Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        new ort.Tensor(type as 'float32', data as Float32Array, dims),
      ]),
    ),
  );
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => [
      name,
      { type, dims: [...dims], data: numbers(data) },
    ]),
  );
}

export async function engineSession(
  network: Uint8Array,
  products: 'int16' | 'float32' = 'int16',
): Promise<EngineSession> {
  const { InferenceSession } = createEngine(products);
  return (await InferenceSession.create(network)) as unknown as EngineSession;
}

/** What the engine gives, twice, its memory spoilt in between: both must be equal. */
export async function byEngine(
  network: Uint8Array,
  feeds: Feeds,
  products: 'int16' | 'float32' = 'int16',
): Promise<Record<string, Output>> {
  const session = await engineSession(network, products);
  const { Tensor } = createEngine();
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type as 'float32', data as Float32Array, dims),
    ]),
  ) as unknown as Parameters<EngineSession['run']>[0];
  const run = async () =>
    Object.fromEntries(
      Object.entries(await session.run(tensors)).map(([name, { type, dims, data }]) => [
        name,
        { type, dims: [...dims], data: numbers(data) },
      ]),
    );
  const first = await run();
  session.poison();
  const second = await run();
  await session.release();
  if (JSON.stringify(first, spelled) !== JSON.stringify(second, spelled)) {
    throw new Error('A run depends on what the memory held before it.');
  }
  return first;
}

/** JSON knows neither NaN nor infinities nor the sign of zero. */
function spelled(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * The largest distance of two outputs, relative where numbers are large; infinite when type or shape
 * differ, or one is NaN or infinite and the other is not.
 */
export function distance(a: Output | undefined, b: Output | undefined): number {
  if (!a || !b || a.type !== b.type || a.dims.join() !== b.dims.join()) return Infinity;
  let most = 0;
  a.data.forEach((x, i) => {
    const y = b.data[i] ?? Number.NaN;
    if (Object.is(x, y) || x === y) return;
    const apart = Math.abs(x - y) / Math.max(1, Math.abs(x), Math.abs(y));
    most = Math.max(most, Number.isNaN(apart) ? Infinity : apart);
  });
  return most;
}

/** The largest distance of all outputs between the engine and the oracle. */
export async function disagreement(
  network: TestNetwork,
  feeds: Feeds,
  products: 'int16' | 'float32' = 'int16',
): Promise<number> {
  const bytes = writeOnnx(network);
  const [expected, actual] = [await byOracle(bytes, feeds), await byEngine(bytes, feeds, products)];
  return Math.max(
    ...Object.keys(network.outputs).map((name) => distance(expected[name], actual[name])),
  );
}
