import { describe, expect, test } from 'vitest';
import {
  type ElementName,
  type TestNetwork,
  type TestNode,
  type TestTensor,
  writeOnnx,
} from '../../../test/engine/onnx-writer.js';
import { byEngine, disagreement, engineSession, type Feeds } from '../../../test/engine/oracle.js';
import { feed, int8s } from '../../../test/engine/random-tensors.js';

/*
 * Whole numbers are held in 32 bits here, and those of float16, int8 and uint8 in wider types. What would come out
 * differently is refused.
 */

function network(
  nodes: TestNode[],
  feeds: Feeds,
  weights: TestNetwork['weights'] = {},
  type: ElementName = 'float32',
): TestNetwork {
  const inputs = Object.entries(feeds).map(([name, { type, dims }]) => [
    name,
    { type, shape: [...dims] },
  ]);
  return { nodes, weights, inputs: Object.fromEntries(inputs), outputs: { y: type } };
}
const cast = (from: string, to: string, type: number): TestNode => ({
  op: 'Cast',
  inputs: [from],
  outputs: [to],
  attributes: { to: type },
});
const [FLOAT, INT32, INT64] = [1, 6, 7];
const whole = (type: 'int64' | 'int32', ...numbers: number[]): Feeds[string] => ({
  type,
  dims: [numbers.length],
  data: type === 'int64' ? BigInt64Array.from(numbers, BigInt) : Int32Array.from(numbers),
});

describe('int64 beyond 32 bits', () => {
  const refused = (given: TestNetwork, feeds: Feeds) =>
    expect(byEngine(writeOnnx(given), feeds)).rejects.toMatchObject({
      reason: 'unsupported',
      message: expect.stringContaining('beyond 32 bits'),
    });

  test.each(['Add', 'Sub', 'Mul'])('%s', async (op) => {
    const nodes: TestNode[] = [{ op, inputs: ['a', 'b'], outputs: ['y'] }];
    const small = { a: whole('int64', 40_000, -3), b: whole('int64', -40_000, 5) };
    expect(await disagreement(network(nodes, small, {}, 'int64'), small)).toBe(0);
    const large = { a: whole('int64', 1, 2 ** 31 - 1), b: whole('int64', 1, -(2 ** 31)) };
    const other = { ...large, b: whole('int64', 1, 2 ** 31 - 1) };
    await refused(network(nodes, large, {}, 'int64'), op === 'Add' ? other : large);
  });

  test.each(['Neg', 'Abs'])('%s', async (op) => {
    const nodes: TestNode[] = [{ op, inputs: ['x'], outputs: ['y'] }];
    const feeds = { x: whole('int64', 7, -(2 ** 31)) };
    await refused(network(nodes, feeds, {}, 'int64'), feeds);
  });

  test.each(['ReduceSum', 'ReduceProd'])('%s', async (op) => {
    const nodes: TestNode[] = [{ op, inputs: ['x'], outputs: ['y'] }];
    const small = { x: whole('int64', 2 ** 15, 2 ** 14, -3) };
    expect(await disagreement(network(nodes, small, {}, 'int64'), small)).toBe(0);
    const large = { x: whole('int64', 2 ** 30, 2 ** 30, 2) };
    await refused(network(nodes, large, {}, 'int64'), large);
  });

  test('Cast of floats', async () => {
    const feeds = (...numbers: number[]): Feeds => ({
      x: { type: 'float32', dims: [numbers.length], data: Float32Array.from(numbers) },
    });
    const nodes = [cast('x', 'w', INT64), cast('w', 'y', FLOAT)];
    const small = feeds(-(2 ** 31), 2 ** 30, -1.9, 1.9);
    expect(await disagreement(network(nodes, small), small)).toBe(0);
    for (const value of [2 ** 31, -(2 ** 32), 1e12]) {
      await refused(network(nodes, feeds(1, value)), feeds(1, value));
    }
  });

  // T5 takes the logarithm of distances, and leaves out what comes of those that are 0.
  test('not infinities that are cast and then left out', async () => {
    const nodes: TestNode[] = [
      { op: 'Log', inputs: ['x'], outputs: ['l'] },
      cast('l', 'w', INT64),
      { op: 'Add', inputs: ['w', 'eight'], outputs: ['far'] },
      cast('x', 'n', INT64),
      { op: 'Less', inputs: ['n', 'eight'], outputs: ['isNear'] },
      { op: 'Where', inputs: ['isNear', 'n', 'far'], outputs: ['y'] },
    ];
    const feeds: Feeds = { x: { type: 'float32', dims: [3], data: Float32Array.of(0, 5, 90) } };
    const weights = { eight: { dims: [], data: BigInt64Array.of(8n) } };
    expect(await disagreement(network(nodes, feeds, weights, 'int64'), feeds)).toBe(0);
  });

  test('int32 overflows as it does elsewhere', async () => {
    const nodes: TestNode[] = [{ op: 'Mul', inputs: ['a', 'b'], outputs: ['y'] }];
    const feeds = { a: whole('int32', 70_000, 3), b: whole('int32', 70_001, -2) };
    expect(await disagreement(network(nodes, feeds, {}, 'int32'), feeds)).toBe(0);
  });

  test('stored numbers that are an output, or fill a tensor', async () => {
    const large = { dims: [1], data: BigInt64Array.of(2n ** 63n - 1n) };
    const feeds = { x: feed([2], 1) };
    const outputs: TestNode[] = [{ op: 'Identity', inputs: ['large'], outputs: ['y'] }];
    await refused(network(outputs, feeds, { large }, 'int64'), feeds);
    const filled: TestNode[] = [
      {
        op: 'ConstantOfShape',
        inputs: ['n'],
        outputs: ['y'],
        attributes: { value: large },
      },
    ];
    const n = { dims: [1], data: BigInt64Array.of(2n) };
    const session = engineSession(writeOnnx(network(filled, feeds, { n }, 'int64')));
    await expect(session).rejects.toMatchObject({ reason: 'unsupported' });
  });
});

describe('numbers stored in few bits', () => {
  // Bits of 0.1 and 0.2 in float16.
  const half: TestTensor = { dims: [2], data: new Float32Array(2), as: 'float16' };
  const halves = { h: { ...half, half: Uint16Array.of(0x2e66, 0x3266) } };
  const bytes = { h: { dims: [2], data: Int8Array.of(100, 7) } };
  const counts = { h: { dims: [2], data: Uint8Array.of(3, 200) } };

  test.each([
    ['float16', halves],
    ['int8', bytes],
    ['uint8', counts],
  ])('%s is moved and cast as it is', async (_, weights) => {
    const nodes: TestNode[] = [
      { op: 'Gather', inputs: ['h', 'places'], outputs: ['g'] },
      cast('g', 'f', FLOAT),
      { op: 'Mul', inputs: ['f', 'x'], outputs: ['y'] },
    ];
    const feeds = { x: feed([3], 1) };
    const places = { dims: [3], data: BigInt64Array.of(1n, 0n, 1n) };
    expect(await disagreement(network(nodes, feeds, { ...weights, places }), feeds)).toBe(0);
  });

  test.each([
    ['float16', halves, 'Mul'],
    ['int8', bytes, 'Add'],
    ['uint8', counts, 'Sub'],
  ])('%s is not reckoned with', async (_, weights, op) => {
    const nodes: TestNode[] = [
      { op: 'Transpose', inputs: ['h'], outputs: ['t'] },
      { op, inputs: ['h', 't'], outputs: ['s'] },
      cast('s', 'f', FLOAT),
      { op: 'Mul', inputs: ['f', 'x'], outputs: ['y'] },
    ];
    const session = engineSession(writeOnnx(network(nodes, { x: feed([2], 1) }, weights)));
    await expect(session).rejects.toMatchObject({ reason: 'unsupported' });
  });

  test('int8 weights with scales of float16 are rounded to float16', async () => {
    const nodes: TestNode[] = [
      { op: 'DequantizeLinear', inputs: ['q', 's'], outputs: ['w'] },
      cast('w', 'f', FLOAT),
      { op: 'MatMul', inputs: ['x', 'f'], outputs: ['y'] },
    ];
    const scale = { dims: [], data: new Float32Array(1), half: Uint16Array.of(0x2e66) };
    const weights = { q: { dims: [4, 8], data: int8s([4, 8], 1) }, s: scale };
    const session = engineSession(
      writeOnnx({ ...network(nodes, { x: feed([1, 4], 1) }, weights), opset: 19 }),
    );
    await expect(session).rejects.toMatchObject({ reason: 'unsupported' });
  });

  test('a whole number is cast to another whole type and stays', async () => {
    const nodes = [cast('x', 'a', INT32), cast('a', 'y', INT64)];
    const feeds = { x: whole('int64', -5, 2 ** 31 - 1) };
    expect(await disagreement(network(nodes, feeds, {}, 'int64'), feeds)).toBe(0);
  });
});
