import { describe, expect, test } from 'vitest';
import {
  type TestNetwork,
  type TestNode,
  type TestTensor,
  writeOnnx,
} from '../../../test/engine/onnx-writer.js';
import { disagreement, engineSession, type Feeds } from '../../../test/engine/oracle.js';
import { feed, floats, int8s } from '../../../test/engine/random-tensors.js';
import { EngineError } from '../errors.js';

/*
 * Networks as no exporter of a captioning model writes them: each is run as onnxruntime runs it, or refused
 * as a whole.
 */

const ints = (...values: number[]): TestTensor => ({
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const weight = (dims: number[], seed = 3): TestTensor => ({ dims, data: floats(dims, seed) });

function network(
  nodes: TestNode[],
  feeds: Feeds,
  weights: TestNetwork['weights'] = {},
  more: Partial<TestNetwork> = {},
): TestNetwork {
  const inputs = Object.entries(feeds).map(([name, { type, dims }]) => [
    name,
    { type, shape: [...dims] },
  ]);
  return { nodes, weights, inputs: Object.fromEntries(inputs), outputs: { y: 'float32' }, ...more };
}

describe('run as onnxruntime runs them', () => {
  test.each([
    ['a column and a row', [4, 1], [1, 4]],
    ['several of them', [3, 4, 1], [3, 1, 4]],
    ['a row and a column', [1, 4], [4, 1]],
    ['rows in another order', [2, 1, 5], [1, 2, 5]],
    ['a summand of fewer axes', [1, 4, 1], [4, 1]],
    ['a summand of more axes', [4, 5], [1, 4, 5]],
  ])('a product and a summand of as many numbers: %s', async (_, product, summand) => {
    const columns = product.at(-1) ?? 1;
    const nodes: TestNode[] = [
      { op: 'MatMul', inputs: ['a', 'w'], outputs: ['p'] },
      { op: 'Add', inputs: ['p', 'b'], outputs: ['s'] },
      { op: 'Relu', inputs: ['s'], outputs: ['y'] },
    ];
    const feeds = { a: feed([...product.slice(0, -1), 6], 1), b: feed(summand, 2) };
    const weights = { w: weight([6, columns]) };
    expect(await disagreement(network(nodes, feeds, weights), feeds)).toBeLessThan(1e-5);
  });

  // As many pixels out as in, but others.
  test.each([
    [
      [3, 3],
      [2, 2],
      [1, 1, 1, 1],
    ],
    [
      [5, 3],
      [2, 2],
      [2, 1, 2, 1],
    ],
    [
      [4, 1],
      [2, 1],
      [0, 0, 0, 1],
    ],
    [
      [2, 8],
      [1, 2],
      [1, 0, 1, 0],
    ],
    [
      [4, 4],
      [1, 1],
      [0, 2, 0, 0],
    ],
  ])('a 1 × 1 convolution of a %j map with strides %j and pads %j', async (map, strides, pads) => {
    const conv = { kernel_shape: [1, 1], strides, pads };
    const nodes: TestNode[] = [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: conv },
    ];
    const feeds = { x: feed([1, 3, ...map], 1) };
    const weights = { w: weight([5, 3, 1, 1]) };
    expect(await disagreement(network(nodes, feeds, weights), feeds)).toBeLessThan(1e-5);
  });

  test.each([1, 31, 32, 40, 64, 70])('a depthwise convolution with pads of %i', async (pad) => {
    for (const width of [3, 5]) {
      const conv = { kernel_shape: [3, width], pads: [1, pad, 1, pad], group: 4 };
      const nodes: TestNode[] = [
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: conv },
      ];
      const feeds = { x: feed([1, 4, 4, 6], 1) };
      const weights = { w: weight([4, 1, 3, width]) };
      expect(await disagreement(network(nodes, feeds, weights), feeds)).toBeLessThan(1e-5);
    }
  });

  test('a convolution whose pads are far larger than its kernel', async () => {
    const conv = { kernel_shape: [3, 3], pads: [9, 200, 9, 200], dilations: [2, 3] };
    const nodes: TestNode[] = [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: conv },
    ];
    const feeds = { x: feed([1, 40, 3, 2], 1) };
    const weights = { w: weight([8, 40, 3, 3]) };
    expect(await disagreement(network(nodes, feeds, weights), feeds)).toBeLessThan(1e-4);
  });

  test('one column of numbers as two matrices', async () => {
    const nodes: TestNode[] = [
      { op: 'MatMul', inputs: ['a', 'w'], outputs: ['y'] },
      { op: 'Gemm', inputs: ['y', 'w'], outputs: ['z'], attributes: { transB: 1 } },
    ];
    const feeds = { a: feed([3, 20], 1) };
    const given = network(
      nodes,
      feeds,
      { w: weight([20, 1]) },
      {
        outputs: { y: 'float32', z: 'float32' },
      },
    );
    expect(await disagreement(given, feeds)).toBeLessThan(1e-5);
  });

  test('products of nothing: no rows, no columns, nothing to add up', async () => {
    for (const [m, k, n] of [
      [0, 5, 3],
      [2, 0, 3],
      [2, 5, 0],
    ] as const) {
      const nodes: TestNode[] = [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }];
      const feeds = { a: feed([m, k], 1), b: feed([k, n], 2) };
      expect(await disagreement(network(nodes, feeds), feeds), `${m} ${k} ${n}`).toBe(0);
    }
  });

  test('a product of two stored matrices, with what follows it', async () => {
    const nodes: TestNode[] = [
      { op: 'MatMul', inputs: ['v', 'w'], outputs: ['p'] },
      { op: 'Add', inputs: ['p', 'bias'], outputs: ['q'] },
      { op: 'Relu', inputs: ['q'], outputs: ['r'] },
      { op: 'Add', inputs: ['r', 'x'], outputs: ['y'] },
    ];
    const weights = { v: weight([3, 5], 4), w: weight([5, 6]), bias: weight([6], 5) };
    const feeds = { x: feed([3, 6], 1) };
    expect(await disagreement(network(nodes, feeds, weights), feeds)).toBeLessThan(1e-5);
  });

  test('a backward slice whose end is the largest number there is', async () => {
    for (const end of [2n ** 63n - 1n, 2n ** 31n - 1n, -(2n ** 63n), 2n ** 40n]) {
      const nodes: TestNode[] = [
        { op: 'Slice', inputs: ['x', 'start', 'end', 'axis', 'step'], outputs: ['y'] },
      ];
      const weights = {
        start: ints(9),
        axis: ints(0),
        step: ints(-2),
        end: { dims: [1], data: BigInt64Array.of(end) },
      };
      const feeds = { x: feed([7, 2], 1) };
      expect(await disagreement(network(nodes, feeds, weights), feeds), `${end}`).toBe(0);
    }
  });

  test.each(['Sum', 'Mean', 'Max', 'SumSquare', 'L1', 'L2', 'LogSumExp'])(
    'Reduce%s over no axes: each number alone',
    async (name) => {
      const nodes: TestNode[] = [
        {
          op: `Reduce${name}`,
          inputs: ['x', 'axes'],
          outputs: ['y'],
          attributes: { noop_with_empty_axes: 1 },
        },
      ];
      const feeds = { x: feed([3, 4], 1) };
      const given = network(nodes, feeds, { axes: ints() }, { opset: 18 });
      expect(await disagreement(given, feeds)).toBeLessThan(1e-6);
    },
  );

  test('limits that are left out are the largest finite numbers', async () => {
    const data = Float32Array.of(Infinity, -Infinity, NaN, 2);
    const feeds: Feeds = { x: { type: 'float32', dims: [2, 2], data } };
    const alone: TestNode[] = [{ op: 'Clip', inputs: ['x'], outputs: ['y'] }];
    expect(await disagreement(network(alone, feeds), feeds)).toBe(0);
    const joined: TestNode[] = [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'] },
      { op: 'Clip', inputs: ['p', 'low'], outputs: ['y'] },
    ];
    const weights = {
      w: { dims: [2, 1], data: Float32Array.of(1, -1) },
      low: { dims: [], data: Float32Array.of(0) },
    };
    expect(await disagreement(network(joined, feeds, weights), feeds)).toBe(0);
  });

  test('ReduceLogSumExp of infinities', async () => {
    const data = Float32Array.of(1, Infinity, -Infinity, -Infinity, 2, -Infinity, NaN, Infinity);
    const feeds: Feeds = { x: { type: 'float32', dims: [4, 2], data } };
    const attributes = { axes: [1] };
    const nodes: TestNode[] = [
      { op: 'ReduceLogSumExp', inputs: ['x'], outputs: ['y'], attributes },
    ];
    expect(await disagreement(network(nodes, feeds), feeds)).toBeLessThan(1e-6);
  });

  test('the error function of small numbers', async () => {
    const data = Float32Array.from({ length: 200 }, (_, i) => (i - 100) / 1500);
    const feeds: Feeds = { x: { type: 'float32', dims: [200], data } };
    const nodes: TestNode[] = [
      { op: 'Erf', inputs: ['x'], outputs: ['e'] },
      { op: 'Div', inputs: ['e', 'x'], outputs: ['d'] },
      { op: 'Floor', inputs: ['e'], outputs: ['y'] },
    ];
    const given = network(nodes, feeds, {}, { outputs: { y: 'float32', d: 'float32' } });
    expect(await disagreement(given, feeds)).toBeLessThan(3e-6);
  });
});

describe('refused as a whole', () => {
  const refused = async (given: TestNetwork, reason: EngineError['reason'] = 'unsupported') => {
    const error = await engineSession(writeOnnx(given)).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ reason });
  };

  test('int8 weights with a scale for every block of an axis', async () => {
    const nodes: TestNode[] = [
      {
        op: 'DequantizeLinear',
        inputs: ['q', 's'],
        outputs: ['w'],
        attributes: { axis: 1, block_size: 4 },
      },
      { op: 'MatMul', inputs: ['a', 'w'], outputs: ['y'] },
    ];
    const weights = { q: { dims: [4, 8], data: int8s([4, 8], 1) }, s: weight([4, 2]) };
    await refused(network(nodes, { a: feed([1, 4], 1) }, weights, { opset: 21 }));
  });

  test('an input of unknown rank', async () => {
    const nodes: TestNode[] = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }];
    await refused({
      nodes,
      inputs: { x: { type: 'float32', shape: undefined } },
      outputs: { y: 'float32' },
    });
  });

  test('a tensor filled with an int8 number', async () => {
    const nodes: TestNode[] = [
      {
        op: 'ConstantOfShape',
        inputs: ['n'],
        outputs: ['c'],
        attributes: { value: { dims: [1], data: Int8Array.of(3) } },
      },
      { op: 'Cast', inputs: ['c'], outputs: ['f'], attributes: { to: 1 } },
      { op: 'Add', inputs: ['f', 'x'], outputs: ['y'] },
    ];
    await refused(network(nodes, { x: feed([2], 1) }, { n: ints(2) }));
  });

  test('a kernel that is larger than its map', async () => {
    const attributes = { kernel_shape: [3, 3] };
    const nodes: TestNode[] = [{ op: 'MaxPool', inputs: ['x'], outputs: ['y'], attributes }];
    await refused(network(nodes, { x: feed([1, 2, 2, 5], 1) }));
  });

  test.each([1, 5, 7])('a convolution to 6 channels with a bias of %i numbers', async (count) => {
    const nodes: TestNode[] = [{ op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['y'] }];
    const weights = { w: weight([6, 3, 1, 1]), b: weight([count]) };
    await refused(network(nodes, { x: feed([1, 3, 2, 2], 1) }, weights), 'invalid');
  });

  test('whole numbers beyond 32 bits that are reckoned with', async () => {
    const large = { dims: [1], data: BigInt64Array.of(2n ** 40n) };
    const feeds = { x: feed([2], 1) };
    const shape: TestNode = { op: 'Shape', inputs: ['x'], outputs: ['n'] };
    const outputs = { y: 'int64' } as const;
    const alone: TestNode[] = [shape, { op: 'Mul', inputs: ['n', 'large'], outputs: ['y'] }];
    await refused(network(alone, feeds, { large }, { outputs }));
    const joined: TestNode[] = [
      shape,
      { op: 'Concat', inputs: ['n', 'large'], outputs: ['m'], attributes: { axis: 0 } },
      { op: 'Mul', inputs: ['m', 'm'], outputs: ['y'] },
    ];
    await refused(network(joined, feeds, { large }, { outputs }));
  });
});
