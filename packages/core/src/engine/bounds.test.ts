import { describe, expect, test } from 'vitest';
import { type TestNetwork, type TestNode, writeOnnx } from '../../test/engine/onnx-writer.js';
import { disagreement, engineSession } from '../../test/engine/oracle.js';
import { feed, floats } from '../../test/engine/random-tensors.js';
import { EngineSession } from './session.js';
import { EngineTensor } from './tensor.js';

/* Networks of a few bytes that ask for much, that contradict themselves, or whose parts lie in another order. */

const ints = (...values: number[]) => ({
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

function network(nodes: TestNode[], more: Partial<TestNetwork> = {}): TestNetwork {
  return {
    nodes,
    inputs: { x: { type: 'float32', shape: [2, 3] } },
    outputs: { y: 'float32' },
    ...more,
  };
}

const refused = (given: TestNetwork, reason: 'invalid' | 'unsupported') =>
  expect(engineSession(writeOnnx(given))).rejects.toMatchObject({ reason });

describe('operators in another order', () => {
  const nodes: TestNode[] = [
    { op: 'Add', inputs: ['b', 'c'], outputs: ['y'] },
    { op: 'Neg', inputs: ['b'], outputs: ['c'] },
    { op: 'Exp', inputs: ['a'], outputs: ['b'] },
    { op: 'Abs', inputs: ['x'], outputs: ['a'] },
  ];

  test('are run as onnxruntime runs them', async () => {
    const feeds = { x: feed([2, 3], 1) };
    for (const order of [nodes, [...nodes].reverse(), [nodes[1], nodes[3], nodes[0], nodes[2]]]) {
      expect(await disagreement(network(order as TestNode[]), feeds)).toBeLessThan(1e-6);
    }
  });

  test('that read from each other are invalid', async () => {
    const circle: TestNode[] = [
      { op: 'Add', inputs: ['x', 'b'], outputs: ['y'] },
      { op: 'Neg', inputs: ['y'], outputs: ['b'] },
    ];
    await refused(network(circle), 'invalid');
    await refused(network([{ op: 'Neg', inputs: ['y'], outputs: ['y'] }]), 'invalid');
    await refused(network([{ op: 'Neg', inputs: ['z'], outputs: ['y'] }]), 'invalid');
  });
});

describe('asking for much', () => {
  const shapes: [string, number[]][] = [
    ['a tensor of 2²⁸ elements', [2 ** 28]],
    ['more numbers than are computed before the run', [2 ** 27]],
    ['a tensor of 65 axes', new Array(65).fill(1)],
  ];
  test.each(shapes)('%s', async (_, shape) => {
    const nodes: TestNode[] = [
      { op: 'ConstantOfShape', inputs: ['n'], outputs: ['c'] },
      { op: 'ReduceSum', inputs: ['c'], outputs: ['y'] },
    ];
    await refused(network(nodes, { weights: { n: ints(...shape) } }), 'unsupported');
  });

  test('a shape of thousands of numbers', async () => {
    const nodes: TestNode[] = [
      { op: 'ConstantOfShape', inputs: ['n'], outputs: ['c'], attributes: { value: ints(1) } },
      { op: 'Reshape', inputs: ['x', 'c'], outputs: ['y'] },
    ];
    await refused(network(nodes, { weights: { n: ints(5000) } }), 'unsupported');
  });

  test('millions of products in one', async () => {
    const nodes: TestNode[] = [
      { op: 'ReduceSum', inputs: ['x'], outputs: ['s'] },
      { op: 'Expand', inputs: ['s', 'n'], outputs: ['e'] },
      { op: 'MatMul', inputs: ['e', 'e'], outputs: ['y'] },
    ];
    await refused(network(nodes, { weights: { n: ints(2 ** 22, 1, 1) } }), 'unsupported');
    await refused(network(nodes, { weights: { n: ints(2 ** 30, 0, 0) } }), 'unsupported');
  });

  test('more operators than any network has, all reading one tensor', async () => {
    const nodes = Array.from({ length: 16_385 }, (_, i): TestNode => {
      return { op: 'Neg', inputs: ['x'], outputs: [i === 0 ? 'y' : `n${i}`] };
    });
    await refused(network(nodes), 'unsupported');
  });

  test('a side below zero', async () => {
    const nodes: TestNode[] = [
      { op: 'ReduceSum', inputs: ['x'], outputs: ['s'] },
      { op: 'Expand', inputs: ['s', 'n'], outputs: ['y'] },
    ];
    await refused(network(nodes, { weights: { n: ints(-1, -1) } }), 'invalid');
  });
});

test('a message about a long shape is short', async () => {
  const nodes: TestNode[] = [
    { op: 'Split', inputs: ['x'], outputs: Array.from({ length: 5000 }, (_, i) => `o${i}`) },
    { op: 'Neg', inputs: ['x'], outputs: ['y'] },
  ];
  const error = await engineSession(writeOnnx(network(nodes))).catch((cause: unknown) => cause);
  expect((error as Error).message.length).toBeLessThan(1000);
});

describe('contradictions', () => {
  const map = { x: { type: 'float32', shape: [1, 3, 4, 4] } } as const;
  const weight = (...dims: number[]) => ({ dims, data: floats(dims, 1) });

  test.each([
    ['a kernel of another size', { kernel_shape: [3, 3] }, 'invalid'],
    ['two pads', { pads: [1, 1] }, 'unsupported'],
    ['one stride', { strides: [2] }, 'unsupported'],
    ['pads of an unknown kind', { auto_pad: 'SAME' }, 'unsupported'],
  ] as const)('a convolution with %s', async (_, attributes, reason) => {
    const nodes: TestNode[] = [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes }];
    const weights = { w: weight(2, 3, 1, 1) };
    await refused(network(nodes, { inputs: map, weights }), reason);
  });

  test('pooling without a window', async () => {
    await refused(
      network([{ op: 'MaxPool', inputs: ['x'], outputs: ['y'] }], { inputs: map }),
      'invalid',
    );
  });

  test('a normalisation of other channels', async () => {
    const nodes: TestNode[] = [
      { op: 'BatchNormalization', inputs: ['x', 's', 's', 's', 's'], outputs: ['y'] },
    ];
    await refused(network(nodes, { inputs: map, weights: { s: weight(2) } }), 'invalid');
  });

  test('a choice between tensors of two types', async () => {
    const nodes: TestNode[] = [
      { op: 'Greater', inputs: ['x', 'x'], outputs: ['c'] },
      { op: 'Shape', inputs: ['x'], outputs: ['n'] },
      { op: 'Where', inputs: ['c', 'x', 'n'], outputs: ['y'] },
    ];
    const inputs = { x: { type: 'float32', shape: [2, 2] } } as const;
    await refused(network(nodes, { inputs }), 'unsupported');
  });
});

test('a weight that the first shapes do not read is there for others', async () => {
  const given = network(
    [
      { op: 'Mul', inputs: ['past', 'table'], outputs: ['m'] },
      { op: 'Concat', inputs: ['m', 'x'], outputs: ['y'], attributes: { axis: 0 } },
    ],
    {
      weights: { table: { dims: [2000], data: floats([2000], 3) } },
      inputs: {
        past: { type: 'float32', shape: ['past', 2000] },
        x: { type: 'float32', shape: [1, 2000] },
      },
    },
  );
  const session = await EngineSession.create(writeOnnx(given), {
    products: 'int16',
    shapes: { past: [0] },
  });
  const x = new EngineTensor('float32', new Float32Array(2000), [1, 2000]);
  const past = new EngineTensor('float32', new Float32Array(4000).fill(1), [2, 2000]);
  const { y } = await session.run({ past, x });
  expect(y?.data.slice(0, 2000)).toEqual(floats([2000], 3));
});
