import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  ElementName,
  TestNetwork,
  TestNode,
  TestTensor,
} from '../../../test/engine/onnx-writer.js';
import { disagreement, type Feed, type Feeds } from '../../../test/engine/oracle.js';
import { feed, floats, indices, int8s } from '../../../test/engine/random-tensors.js';

/* Every operator on random shapes and numbers, beside onnxruntime-node. */

/** ZIPCAPTION_TEST_RUNS=20: so many times as many cases, and others. */
const MORE = Number(process.env.ZIPCAPTION_TEST_RUNS ?? 1);

const seeds = fc.integer({ min: 1, max: 1e6 });
const side = fc.integer({ min: 1, max: 9 });
const shapes = fc.array(side, { minLength: 1, maxLength: 4 });

async function hold<T extends unknown[]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  apart: (...values: T) => Promise<number>,
  { within = 1e-5, runs = 5 } = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.tuple(...arbitraries), async (values) => {
      expect(await apart(...(values as T))).toBeLessThanOrEqual(within);
    }),
    { numRuns: runs * MORE, seed: MORE },
  );
}

/** A network of one node, its inputs fed. */
function single(
  op: string,
  feeds: Feeds,
  {
    attributes = {},
    weights = {},
    outputs = { y: 'float32' },
    opset = 17,
    inputs,
  }: {
    attributes?: TestNode['attributes'];
    weights?: TestNetwork['weights'];
    outputs?: Record<string, ElementName>;
    opset?: number;
    inputs?: string[];
  } = {},
): Promise<number> {
  const node: TestNode = {
    op,
    inputs: inputs ?? [...Object.keys(feeds), ...Object.keys(weights)],
    outputs: Object.keys(outputs),
    attributes: attributes ?? {},
  };
  return disagreement({ nodes: [node], weights, inputs: ports(feeds), outputs, opset }, feeds);
}

/** Sides are left open, as exporters leave those of a batch. */
function ports(feeds: Feeds): TestNetwork['inputs'] {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, dims }]) => [name, { type, shape: [...dims] }]),
  );
}

const ints = (...values: number[]): TestTensor => ({
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const float = (value: number): TestTensor => ({ dims: [], data: Float32Array.of(value) });

describe('elementwise operators', () => {
  const unary: Record<string, { scale?: number; positive?: boolean; within?: number }> = {
    Abs: {},
    Ceil: {},
    Cos: {},
    Erf: {},
    Exp: {},
    Floor: {},
    HardSwish: { scale: 5 },
    IsNaN: {},
    Log: { positive: true },
    Neg: {},
    Reciprocal: { positive: true },
    Relu: {},
    Round: {},
    Sigmoid: { scale: 10 },
    Sign: {},
    Sin: {},
    Softplus: { scale: 30 },
    Sqrt: { positive: true },
    Tanh: { scale: 6 },
  };
  test.each(Object.entries(unary))('%s', async (op, { scale = 2, positive = false }) => {
    await hold([shapes, seeds], async (dims, seed) => {
      const x = feed(dims, seed, scale);
      const data = positive ? x.data.map((v) => Math.abs(v) + 0.01) : x.data;
      const outputs: Record<string, ElementName> = { y: op === 'IsNaN' ? 'bool' : 'float32' };
      return single(op, { x: { ...x, data } as Feed }, { outputs });
    });
  });

  test.each(['Abs', 'Neg', 'Relu', 'Sqrt', 'Sign', 'Sigmoid', 'Tanh', 'Exp', 'IsNaN', 'Erf'])(
    '%s of NaN and infinities',
    async (op) => {
      const data = Float32Array.of(NaN, Infinity, -Infinity, 0, -0, 1, NaN, 3, -5);
      const outputs: Record<string, ElementName> = { y: op === 'IsNaN' ? 'bool' : 'float32' };
      const x: Feed = { type: 'float32', dims: [9], data };
      expect(await single(op, { x }, { outputs })).toBeLessThanOrEqual(1e-6);
    },
  );

  const broadcast = fc
    .tuple(shapes, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), fc.nat(3))
    .map(([dims, ones, cut]) => {
      const a = dims.map((n, i) => (ones[i] ? 1 : n));
      const b = dims.map((n, i) => (ones[i + 4] ? 1 : n)).slice(Math.min(cut, dims.length - 1));
      return { a, b };
    });
  const binary = ['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'Pow', 'PRelu'];
  test.each(binary)('%s, broadcast', async (op) => {
    await hold([broadcast, seeds], async ({ a, b }, seed) => {
      const x = feed(a, seed);
      const base =
        op === 'Pow' ? { ...x, data: Float32Array.from(x.data as Float32Array, Math.abs) } : x;
      // A slope must fit the input, not the other way round.
      const other = op === 'PRelu' ? a.slice(-1) : b;
      const y = feed(other, seed + 1);
      const data = Float32Array.from(y.data as Float32Array, (v) => (v === 0 ? 0.5 : v));
      return single(op, { a: base, b: { ...y, data } });
    });
  });

  test.each(['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'])('%s', async (op) => {
    await hold([broadcast, seeds], async ({ a, b }, seed) => {
      const outputs: Record<string, ElementName> = { y: 'bool' };
      const few = (f: ReturnType<typeof feed>) => ({ ...f, data: f.data.map(Math.round) });
      await single(op, { a: few(feed(a, seed)), b: few(feed(b, seed + 1)) }, { outputs });
      const whole = { a: indices(a, 3, seed), b: indices(b, 3, seed + 1) };
      return single(op, whole, { outputs });
    });
  });

  test.each(['Add', 'Sub', 'Mul', 'Div', 'Mod', 'Min', 'Max'])(
    '%s of whole numbers',
    async (op) => {
      await hold([broadcast, seeds], async ({ a, b }, seed) => {
        const y = indices(b, 9, seed + 1);
        const data = y.data.map((v) => v || 4n);
        return single(
          op,
          { a: indices(a, 50, seed), b: { ...y, data } },
          { outputs: { y: 'int64' } },
        );
      });
    },
  );

  test('Where, And, Or, Not, Xor', async () => {
    await hold([broadcast, seeds], async ({ a, b }, seed) => {
      const bool = (dims: number[], s: number): Feed => ({
        type: 'bool',
        dims,
        data: Uint8Array.from(floats(dims, s), (v) => (v > 0 ? 1 : 0)),
      });
      const outputs: Record<string, ElementName> = { y: 'bool' };
      const pair = { a: bool(a, seed), b: bool(b, seed + 1) };
      const apart = [
        await single('And', pair, { outputs }),
        await single('Or', pair, { outputs }),
        await single('Xor', pair, { outputs }),
        await single('Not', { a: pair.a }, { outputs }),
        await single('Where', { c: bool(a, seed), a: feed(b, seed), b: feed(a, seed + 2) }),
      ];
      return Math.max(...apart);
    });
  });

  test('Gelu in both forms, LeakyRelu, HardSigmoid', async () => {
    const slope = fc.constantFrom(0.01, 0.2, 1.5);
    await hold([shapes, slope, seeds], async (dims, alpha, seed) => {
      const x = feed(dims, seed, 4);
      const attributes = { alpha: { float: alpha }, beta: { float: 0.25 } };
      return Math.max(
        await single('Gelu', { x }, { opset: 20 }),
        await single('Gelu', { x }, { opset: 20, attributes: { approximate: 'tanh' } }),
        await single('LeakyRelu', { x }),
        await single('LeakyRelu', { x }, { attributes: { alpha: attributes.alpha } }),
        await single('HardSigmoid', { x }),
        await single('HardSigmoid', { x }, { attributes }),
      );
    });
  });

  test('Clip with one limit, both or none', async () => {
    await hold([shapes, seeds, fc.nat(3)], async (dims, seed, which) => {
      const weights = {
        ...(which & 1 && { low: float(-0.5) }),
        ...(which & 2 && { high: float(0.75) }),
      };
      const inputs = ['x', which & 1 ? 'low' : '', which & 2 ? 'high' : ''];
      return single('Clip', { x: feed(dims, seed) }, { weights, inputs });
    });
  });

  test('Cast between floats, whole numbers and truth values', async () => {
    await hold([shapes, seeds], async (dims, seed) => {
      const x = feed(dims, seed, 100);
      return Math.max(
        await single('Cast', { x }, { attributes: { to: 7 }, outputs: { y: 'int64' } }),
        await single('Cast', { x }, { attributes: { to: 9 }, outputs: { y: 'bool' } }),
        await single('Cast', { x: indices(dims, 5, seed) }, { attributes: { to: 1 } }),
        await single(
          'Cast',
          { x: indices(dims, 2, seed) },
          { attributes: { to: 9 }, outputs: { y: 'bool' } },
        ),
      );
    });
  });
});

describe('views and copies', () => {
  test('Transpose by any order of axes', async () => {
    const orders = shapes.chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        perm: fc.shuffledSubarray(
          dims.map((_, i) => i),
          { minLength: dims.length },
        ),
      }),
    );
    await hold([orders, seeds], ({ dims, perm }, seed) =>
      single('Transpose', { x: feed(dims, seed) }, { attributes: { perm } }),
    );
  });

  test('Reshape, Flatten, Squeeze and Unsqueeze of a view', async () => {
    await hold([fc.tuple(side, side, side), seeds], ([a, b, c], seed) => {
      const nodes: TestNode[] = [
        { op: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [2, 0, 1] } },
        { op: 'Reshape', inputs: ['t', 'shape'], outputs: ['r'] },
        { op: 'Unsqueeze', inputs: ['r', 'axes'], outputs: ['u'] },
        { op: 'Squeeze', inputs: ['u', 'axes'], outputs: ['s'] },
        { op: 'Flatten', inputs: ['t'], outputs: ['f'], attributes: { axis: 2 } },
      ];
      const weights = { shape: ints(0, -1), axes: ints(-1, 0) };
      const feeds = { x: feed([a, b, c], seed) };
      const outputs: Record<string, ElementName> = { u: 'float32', s: 'float32', f: 'float32' };
      return disagreement({ nodes, weights, inputs: ports(feeds), outputs }, feeds);
    });
  });

  test('Slice with steps of either sign, and past the ends', async () => {
    const cut = fc.record({
      start: fc.integer({ min: -12, max: 12 }),
      end: fc.integer({ min: -12, max: 12 }),
      step: fc.constantFrom(1, 2, 3, -1, -2),
    });
    await hold(
      [fc.tuple(side, side), cut, cut, seeds],
      (dims, a, b, seed) => {
        const weights = {
          starts: ints(a.start, b.start),
          ends: ints(a.end, b.end),
          axes: ints(0, -1),
          steps: ints(a.step, b.step),
        };
        return single('Slice', { x: feed(dims, seed) }, { weights });
      },
      { runs: 15 },
    );
  });

  test('Concat of parts of one tensor, Split', async () => {
    await hold([fc.tuple(side, side, side), fc.nat(2), seeds], ([a, b, c], axis, seed) => {
      const dims = [a + 1, b + 1, c + 1];
      const first = 1;
      const weights = { sizes: ints(first, (dims[axis] ?? 2) - first) };
      const nodes: TestNode[] = [
        { op: 'Split', inputs: ['x', 'sizes'], outputs: ['p', 'q'], attributes: { axis } },
        { op: 'Concat', inputs: ['q', 'p', 'x'], outputs: ['y'], attributes: { axis } },
      ];
      const feeds = { x: feed(dims, seed) };
      return disagreement(
        { nodes, weights, inputs: ports(feeds), outputs: { y: 'float32', p: 'float32' } },
        feeds,
      );
    });
  });

  test('Expand, Tile, Pad, ConstantOfShape, Range, Shape', async () => {
    await hold(
      [fc.tuple(side, side), fc.tuple(side, side, side), seeds],
      ([a, b], [r, s, t], seed) => {
        const nodes: TestNode[] = [
          { op: 'Expand', inputs: ['row', 'big'], outputs: ['e'] },
          { op: 'Tile', inputs: ['x', 'times'], outputs: ['t'] },
          { op: 'Pad', inputs: ['x', 'pads', 'value'], outputs: ['p'] },
          { op: 'Shape', inputs: ['x'], outputs: ['n'] },
          {
            op: 'ConstantOfShape',
            inputs: ['n'],
            outputs: ['z'],
            attributes: { value: { dims: [1], data: Float32Array.of(1.5) } },
          },
          { op: 'Gather', inputs: ['n', 'zero'], outputs: ['rows'] },
          { op: 'Range', inputs: ['zero', 'rows', 'one'], outputs: ['count'] },
        ];
        const scalar = (value: number) => ({ dims: [], data: BigInt64Array.of(BigInt(value)) });
        const weights = {
          big: ints(t, a, b),
          times: ints(r, s),
          pads: ints(r, 0, s, t),
          value: float(0.25),
          zero: scalar(0),
          one: scalar(1),
        };
        const feeds = { x: feed([a, b], seed), row: feed([1, b], seed + 1) };
        const outputs: Record<string, ElementName> = {
          e: 'float32',
          t: 'float32',
          p: 'float32',
          z: 'float32',
          n: 'int64',
          count: 'int64',
        };
        return disagreement({ nodes, weights, inputs: ports(feeds), outputs }, feeds);
      },
    );
  });
});

describe('selections', () => {
  test('Gather along any axis, negative indices too', async () => {
    await hold(
      [shapes, fc.nat(3), fc.array(side, { maxLength: 2 }), seeds],
      (dims, at, places, seed) => {
        const axis = at % dims.length;
        const i = indices(places, dims[axis] ?? 1, seed);
        return single('Gather', { x: feed(dims, seed), i }, { attributes: { axis } });
      },
    );
  });

  test('GatherElements', async () => {
    await hold([shapes, fc.nat(3), side, seeds], (dims, at, count, seed) => {
      const axis = at % dims.length;
      const i = indices(
        dims.map((n, j) => (j === axis ? count : n)),
        dims[axis] ?? 1,
        seed,
      );
      return single('GatherElements', { x: feed(dims, seed), i }, { attributes: { axis } });
    });
  });

  test('TopK, ArgMax and ArgMin; of equals the first', async () => {
    await hold(
      [shapes, fc.nat(3), fc.nat(8), fc.boolean(), seeds],
      async (dims, at, most, largest, seed) => {
        const axis = at % dims.length;
        const count = Math.min(dims[axis] ?? 1, most);
        const x = feed(dims, seed);
        const ties = { ...x, data: x.data.map((v) => Math.round(v * 3)) };
        const attributes = { axis, largest: Number(largest) };
        const outputs: Record<string, ElementName> = { y: 'float32', i: 'int64' };
        const arg = {
          attributes: { axis, keepdims: Number(largest) },
          outputs: { y: 'int64' } as const,
        };
        return Math.max(
          await single('TopK', { x: ties }, { weights: { k: ints(count) }, attributes, outputs }),
          await single('ArgMax', { x: ties }, arg),
          await single('ArgMin', { x: ties }, arg),
        );
      },
      { runs: 8 },
    );
  });
});

describe('reductions and normalisations', () => {
  const names = ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'SumSquare', 'L2', 'L1', 'LogSumExp'];
  const axesOf = shapes.chain((dims) =>
    fc.record({ dims: fc.constant(dims), axes: fc.subarray(dims.map((_, i) => i)) }),
  );
  test.each(names)('Reduce%s over any axes, of any view', async (name) => {
    await hold([axesOf, fc.boolean(), seeds], ({ dims, axes }, keeps, seed) => {
      const isInput = name === 'Sum';
      const attributes = { keepdims: Number(keeps), ...(!isInput && axes.length > 0 && { axes }) };
      const weights = isInput && axes.length > 0 ? { axes: ints(...axes) } : {};
      const nodes: TestNode[] = [
        { op: 'Transpose', inputs: ['x'], outputs: ['t'] },
        { op: `Reduce${name}`, inputs: ['t', ...Object.keys(weights)], outputs: ['y'], attributes },
        { op: `Reduce${name}`, inputs: ['x', ...Object.keys(weights)], outputs: ['z'], attributes },
      ];
      const feeds = { x: feed(dims, seed) };
      const outputs: Record<string, ElementName> = { y: 'float32', z: 'float32' };
      return disagreement({ nodes, weights, inputs: ports(feeds), outputs }, feeds);
    });
  });

  test.each(['Softmax', 'LogSoftmax'])('%s along any axis', async (op) => {
    await hold([shapes, fc.nat(3), seeds], async (dims, at, seed) => {
      const attributes = { axis: at % dims.length };
      return Math.max(
        await single(op, { x: feed(dims, seed, 20) }, { attributes }),
        await single(op, { x: feed(dims, seed, 20) }, { attributes, opset: 11 }),
      );
    });
  });

  test('LayerNormalization, with and without bias', async () => {
    await hold(
      [shapes, fc.integer({ min: 1, max: 70 }), fc.boolean(), seeds],
      (dims, n, hasBias, seed) => {
        const weights = {
          scale: { dims: [n], data: floats([n], seed + 1) },
          ...(hasBias && { bias: { dims: [n], data: floats([n], seed + 2) } }),
        };
        const attributes = { axis: -1, epsilon: { float: 1e-5 } };
        return single(
          'LayerNormalization',
          { x: feed([...dims, n], seed) },
          { weights, attributes },
        );
      },
      { within: 1e-4 },
    );
  });

  test('LpNormalization, global pooling, BatchNormalization', async () => {
    await hold([fc.tuple(side, side, side, side), seeds], async (dims, seed) => {
      const x = feed(dims, seed);
      const channels = [dims[1]];
      const positive = floats(channels, seed + 4).map((v) => Math.abs(v) + 0.1);
      return Math.max(
        await single('LpNormalization', { x }, { attributes: { axis: 1, p: 2 } }),
        await single('LpNormalization', { x }, { attributes: { axis: -1, p: 1 } }),
        await single('GlobalAveragePool', { x }),
        await single('GlobalMaxPool', { x }),
        await single(
          'BatchNormalization',
          { x },
          {
            weights: {
              s: { dims: channels, data: floats(channels, seed + 1) },
              b: { dims: channels, data: floats(channels, seed + 2) },
              m: { dims: channels, data: floats(channels, seed + 3) },
              v: { dims: channels, data: positive },
            },
          },
        ),
      );
    });
  });
});

describe('products', () => {
  const small = fc.integer({ min: 1, max: 21 });
  const wide = fc.integer({ min: 1, max: 75 });

  test('MatMul by a float weight, with bias, limits and residual', async () => {
    await hold(
      [fc.tuple(small, wide, wide), fc.nat(3), seeds],
      ([m, k, n], what, seed) => {
        const follow: TestNode[] = [
          { op: 'Add', inputs: ['p', 'bias'], outputs: ['q'] },
          what & 1
            ? { op: 'Relu', inputs: ['q'], outputs: ['r'] }
            : { op: 'Clip', inputs: ['q', 'low', 'high'], outputs: ['r'] },
          { op: 'Add', inputs: what & 2 ? ['r', 'x'] : ['one', 'r'], outputs: ['y'] },
        ];
        const weights = {
          w: { dims: [k, n], data: floats([k, n], seed) },
          bias: { dims: [n], data: floats([n], seed + 1) },
          low: float(-1),
          high: float(6),
        };
        const feeds: Feeds = {
          a: feed([2, m, k], seed + 2),
          ...(what & 2 ? { x: feed([2, m, n], seed + 3) } : { one: feed([1, 1], seed + 4) }),
        };
        const nodes = [{ op: 'MatMul', inputs: ['a', 'w'], outputs: ['p'] }, ...follow];
        return disagreement(
          { nodes, weights, inputs: ports(feeds), outputs: { y: 'float32' } },
          feeds,
        );
      },
      { runs: 10 },
    );
  });

  test('MatMul of computed matrices, batches broadcast, either transposed', async () => {
    await hold(
      [fc.tuple(side, small, wide, small), fc.nat(3), seeds],
      ([batch, m, k, n], what, seed) => {
        const shared = what & 1 ? 1 : batch;
        const isTransposed = (what & 2) !== 0;
        const feeds: Feeds = {
          a: feed([2, batch, m, k], seed),
          b: feed(isTransposed ? [shared, n, k] : [shared, k, n], seed + 1),
        };
        const nodes: TestNode[] = [
          ...(isTransposed
            ? [{ op: 'Transpose', inputs: ['b'], outputs: ['c'], attributes: { perm: [0, 2, 1] } }]
            : []),
          { op: 'MatMul', inputs: ['a', isTransposed ? 'c' : 'b'], outputs: ['y'] },
        ];
        return disagreement({ nodes, inputs: ports(feeds), outputs: { y: 'float32' } }, feeds);
      },
      { runs: 10 },
    );
  });

  test('MatMul of vectors', async () => {
    for (const [a, b] of [
      [[7], [7]],
      [[7], [7, 3]],
      [[2, 4, 7], [7]],
    ] as const) {
      const apart = await single('MatMul', { a: feed(a, 1), b: feed(b, 2) });
      expect(apart).toBeLessThanOrEqual(1e-5);
    }
  });

  test('Gemm, either way round', async () => {
    await hold([fc.tuple(small, wide, wide), fc.nat(3), seeds], ([m, k, n], what, seed) => {
      const transB = what & 1;
      const transA = what >> 1;
      return single(
        'Gemm',
        { a: feed(transA ? [k, m] : [m, k], seed) },
        {
          weights: {
            w: { dims: transB ? [n, k] : [k, n], data: floats([k, n], seed + 1) },
            c: { dims: [n], data: floats([n], seed + 2) },
          },
          attributes: { transA, transB },
        },
      );
    });
  });

  test.each(['Cast and Mul', 'DequantizeLinear'] as const)(
    'int8 weights behind %s: within the rounding of 15 bits, exact in float32',
    async (form) => {
      await hold(
        [fc.tuple(small, wide, wide), seeds],
        async ([m, k, n], seed) => {
          const weights = {
            q: { dims: [k, n], data: int8s([k, n], seed) },
            s: { dims: [n], data: floats([n], seed + 1).map((v) => Math.abs(v) / 100 + 1e-4) },
          };
          const unpack: TestNode[] =
            form === 'DequantizeLinear'
              ? [
                  {
                    op: 'DequantizeLinear',
                    inputs: ['q', 's'],
                    outputs: ['w'],
                    attributes: { axis: 1 },
                  },
                ]
              : [
                  { op: 'Cast', inputs: ['q'], outputs: ['f'], attributes: { to: 1 } },
                  { op: 'Mul', inputs: ['f', 's'], outputs: ['w'] },
                ];
          const feeds = { a: feed([m, k], seed + 2) };
          const nodes = [...unpack, { op: 'MatMul', inputs: ['a', 'w'], outputs: ['y'] }];
          const network = {
            nodes,
            weights,
            inputs: ports(feeds),
            outputs: { y: 'float32' } as const,
          };
          expect(await disagreement(network, feeds, 'float32')).toBeLessThanOrEqual(1e-5);
          return disagreement(network, feeds);
        },
        { within: 2e-3, runs: 8 },
      );
    },
  );

  test('words whose vectors are the columns of an int8 matrix', async () => {
    await hold(
      [fc.tuple(wide, wide, small), seeds],
      async ([k, n, count], seed) => {
        const weights = {
          q: { dims: [k, n], data: int8s([k, n], seed) },
          s: { dims: [n], data: floats([n], seed + 1) },
        };
        const feeds = { i: indices([count], n, seed), a: feed([1, k], seed) };
        const nodes: TestNode[] = [
          { op: 'Cast', inputs: ['q'], outputs: ['f'], attributes: { to: 1 } },
          { op: 'Mul', inputs: ['f', 's'], outputs: ['w'] },
          { op: 'Gather', inputs: ['w', 'i'], outputs: ['y'], attributes: { axis: 1 } },
        ];
        return disagreement(
          { nodes, weights, inputs: ports(feeds), outputs: { y: 'float32' } },
          feeds,
        );
      },
      { within: 1e-7 },
    );
  });
});

describe('convolutions and pooling', () => {
  const channels = fc.integer({ min: 1, max: 19 });
  const map = fc.integer({ min: 5, max: 17 });
  const window = fc.record({
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
    dilation: fc.tuple(fc.constantFrom(1, 1, 2), fc.constantFrom(1, 1, 2)),
  });
  type Window = typeof window extends fc.Arbitrary<infer W> ? W : never;

  /** A window that fits into a padded map. */
  const attributesOf = (
    { kernel, stride, pads, dilation }: Window,
    height: number,
    width: number,
  ) => ({
    kernel_shape: [
      Math.min(kernel[0], Math.floor((height + pads[0] + pads[2] - 1) / dilation[0]) + 1),
      Math.min(kernel[1], Math.floor((width + pads[1] + pads[3] - 1) / dilation[1]) + 1),
    ],
    strides: stride,
    pads,
    dilations: dilation,
  });

  async function conv(
    batch: number,
    [into, out, groups]: [number, number, number],
    [height, width]: [number, number],
    given: Window,
    seed: number,
    what: number,
  ): Promise<number> {
    const attributes = { ...attributesOf(given, height, width), group: groups };
    const kernel = [out * groups, into, ...attributes.kernel_shape];
    const weights = {
      w: { dims: kernel, data: floats(kernel, seed) },
      b: { dims: [out * groups], data: floats([out * groups], seed + 1) },
      low: float(0),
      high: float(6),
    };
    const nodes: TestNode[] = [
      { op: 'Conv', inputs: what & 1 ? ['x', 'w', 'b'] : ['x', 'w'], outputs: ['c'], attributes },
      { op: 'Clip', inputs: ['c', 'low', 'high'], outputs: ['y'] },
    ];
    const feeds = { x: feed([batch, into * groups, height, width], seed + 2) };
    return disagreement({ nodes, weights, inputs: ports(feeds), outputs: { y: 'float32' } }, feeds);
  }

  test('of one kernel for all channels', async () => {
    await hold(
      [fc.tuple(channels, channels), fc.tuple(map, map), window, seeds, fc.nat(1)],
      ([into, out], size, given, seed, what) =>
        conv(1 + what, [into, out, 1], size, given, seed, what),
      // Float32 sums in another order than onnxruntime's differ by their rounding.
      { within: 3e-5, runs: 15 },
    );
  });

  test('one channel at a time', async () => {
    await hold(
      [channels, fc.tuple(map, map), window, seeds, fc.nat(1)],
      (count, size, given, seed, what) => conv(1 + what, [1, 1, count], size, given, seed, what),
      { runs: 15 },
    );
  });

  // Kernels of these widths compute four neighbours at once, and look outside of the map in any place.
  test.each([3, 5])('one channel at a time, %i wide', async (width) => {
    const size = fc.integer({ min: 1, max: 11 });
    const pad = fc.nat(width + 1);
    await hold(
      [
        fc.integer({ min: 1, max: 5 }),
        fc.tuple(size, size),
        fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 1, 2)),
        fc.tuple(fc.nat(2), pad, fc.nat(2), pad),
        seeds,
      ],
      (fours, [height, across], [kernel, stride], pads, seed) => {
        // Whatever was drawn, at least one place for the kernel.
        const more = Math.max(0, width - across - (pads[1] as number) - (pads[3] as number));
        const window: Window = {
          kernel: [kernel, width],
          stride: [stride, 1],
          dilation: [1, 1],
          pads: [...pads.slice(0, 3), (pads[3] as number) + more] as Window['pads'],
        };
        return conv(1, [1, 1, 4 * fours], [Math.max(kernel, height), across], window, seed, 1);
      },
      { runs: 25 },
    );
  });

  test('in groups', async () => {
    await hold(
      [
        fc.tuple(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 11 }),
          fc.integer({ min: 2, max: 3 }),
        ),
        fc.tuple(map, map),
        window,
        seeds,
      ],
      (sizes, size, given, seed) => conv(1, sizes, size, given, seed, 1),
      { runs: 10 },
    );
  });

  test('1 × 1, residual before or after the limits, channels of any number', async () => {
    await hold(
      [fc.tuple(channels, channels, fc.nat(1)), fc.tuple(map, map), seeds, fc.nat(1)],
      ([into, out, isInt8], [height, width], seed, addFirst) => {
        const kernel = [out, into, 1, 1];
        const weights = {
          w: { dims: kernel, data: isInt8 ? int8s(kernel, seed) : floats(kernel, seed) },
          s: {
            dims: [out, 1, 1, 1],
            data: floats([out], seed + 1).map((v) => Math.abs(v) / 200 + 1e-4),
          },
          b: { dims: [out], data: floats([out], seed + 2) },
          low: float(0),
          high: float(6),
        };
        const nodes: TestNode[] = [
          ...(isInt8
            ? [
                { op: 'Cast', inputs: ['w'], outputs: ['f'], attributes: { to: 1 } },
                { op: 'Mul', inputs: ['f', 's'], outputs: ['k'] },
              ]
            : []),
          { op: 'Conv', inputs: ['x', isInt8 ? 'k' : 'w', 'b'], outputs: ['c'] },
          ...(addFirst
            ? [
                { op: 'Add', inputs: ['r', 'c'], outputs: ['d'] },
                { op: 'Relu', inputs: ['d'], outputs: ['y'] },
              ]
            : [
                { op: 'Clip', inputs: ['c', 'low', 'high'], outputs: ['d'] },
                { op: 'Add', inputs: ['d', 'r'], outputs: ['y'] },
              ]),
        ];
        const feeds = {
          x: feed([1, into, height, width], seed + 3),
          r: feed([1, out, height, width], seed + 4),
        };
        return disagreement(
          { nodes, weights, inputs: ports(feeds), outputs: { y: 'float32' } },
          feeds,
        );
      },
      { within: 1e-3, runs: 12 },
    );
  });

  test.each(['MaxPool', 'AveragePool'])('%s', async (op) => {
    await hold(
      [channels, fc.tuple(map, map), window, seeds, fc.nat(1)],
      (count, [height, width], given, seed, counts) => {
        const { dilations: _, ...attributes } = attributesOf(
          { ...given, dilation: [1, 1] },
          height,
          width,
        );
        // Pads are smaller than the kernel, as the oracle demands.
        const [kh = 1, kw = 1] = attributes.kernel_shape;
        const pads = given.pads.map((pad, i) => Math.min(pad, (i % 2 ? kw : kh) - 1));
        const more = op === 'AveragePool' ? { count_include_pad: counts } : {};
        return single(
          op,
          { x: feed([1, count, height, width], seed) },
          {
            attributes: { ...attributes, pads, ...more },
          },
        );
      },
      { runs: 8 },
    );
  });
});
