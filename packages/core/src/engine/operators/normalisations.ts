import { invalid } from '../errors.js';
import { BINARY, REDUCE } from '../kernels/operations.js';
import { elements } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { address, contiguousStrides, type Value } from '../plan/value.js';

/** `Softmax` and `LogSoftmax`. Before opset 13 all axes from the named one on count as one. */
export function softmax(isLog: 0 | 1): (context: Context) => void {
  return (context) => {
    const x = context.contiguous(context.floats(0));
    const isOld = context.opset < 13;
    const axis = context.axis(context.number('axis', isOld ? 1 : -1), x.dims.length);
    const out = context.output(0, 'float32', x.dims);
    const outer = elements(x.dims.slice(0, axis));
    const side = isOld ? elements(x.dims.slice(axis)) : (x.dims[axis] ?? 1);
    const inner = isOld ? 1 : elements(x.dims.slice(axis + 1));
    context.step([x], [out], () => {
      context.kernels.softmax(address(out), address(x), outer, side, inner, isLog);
    });
  };
}

export function layerNormalization(context: Context): void {
  const x = context.contiguous(context.floats(0));
  const scale = context.contiguous(context.floats(1));
  const bias = context.optional(2) && context.contiguous(context.floats(2));
  if (context.wants(1) || context.wants(2)) throw context.lacks('the mean as an output');
  const axis = context.axis(context.number('axis', -1), x.dims.length);
  const side = elements(x.dims.slice(axis));
  if (elements(scale.dims) !== side || (bias && elements(bias.dims) !== side)) {
    throw context.lacks('a scale of another shape');
  }
  const epsilon = context.number('epsilon', 1e-5);
  const rows = elements(x.dims) / side;
  const out = context.output(0, 'float32', x.dims);
  context.step([x, scale, bias], [out], () => {
    context.kernels.layerNorm(
      address(out),
      address(x),
      address(scale),
      bias ? address(bias) : 0,
      rows,
      side,
      epsilon,
    );
  });
}

/** x over its norm along one axis; zeros stay zeros. */
export function lpNormalization(context: Context): void {
  const x = context.contiguous(context.floats(0));
  const axis = context.axis(context.number('axis', -1), x.dims.length);
  const operation = context.number('p', 2) === 1 ? REDUCE.ReduceL1 : REDUCE.ReduceL2;
  const [outer, inner] = [elements(x.dims.slice(0, axis)), elements(x.dims.slice(axis + 1))];
  const side = x.dims[axis] ?? 1;
  const dims = x.dims.map((own, i) => (i === axis ? 1 : own));
  const norm: Value = {
    ...context.temporary(outer * inner),
    dims,
    strides: contiguousStrides(dims),
  };
  const { kernels } = context;
  context.step([x], [norm], () => {
    kernels.reduce(operation, address(norm), address(x), outer, side, inner);
    // Nothing is divided by zero: a row of zeros is one of zeros still.
    kernels.clip(address(norm), address(norm), outer * inner, 1e-37, Number.POSITIVE_INFINITY);
  });
  const out = context.output(0, 'float32', x.dims);
  context.binary(BINARY.div, out, x, norm);
}

/** With the figures of training, in use: one factor and one summand a channel. */
export function batchNormalization(context: Context): void {
  const x = context.floats(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => context.input(i).known);
  if (!scale || !bias || !mean || !variance) throw context.lacks('computed figures');
  if (context.number('training_mode', 0) !== 0) throw context.lacks('training_mode');
  const [, channels = 1] = x.dims;
  if ([scale, bias, mean, variance].some(({ length }) => length !== channels)) {
    throw invalid(`BatchNormalization of ${channels} channels by ${scale.length} figures.`);
  }
  const epsilon = context.number('epsilon', 1e-5);
  const factors = Float32Array.from(scale, (s, i) => s / Math.sqrt((variance[i] ?? 0) + epsilon));
  const summands = Float32Array.from(bias, (b, i) => b - (mean[i] ?? 0) * (factors[i] ?? 0));
  const dims = x.dims.map((side, axis) => (axis === 1 ? side : 1));
  const dense = context.dense(x);
  const factor = context.plan.preset('float32', dims, factors);
  const summand = context.plan.preset('float32', dims, summands);
  const out = context.output(0, 'float32', dense.dims, dense.strides);
  context.binary(BINARY.mul, out, dense, factor);
  context.binary(BINARY.add, out, out, summand);
}
