import { BINARY, UNARY } from '../kernels/operations.js';
import { DATA_TYPES, type ElementType, elements, FLOAT32_MAX } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { walk, withoutWeight } from '../plan/context.js';
import { address, broadcastStrides, isDense, type Value } from '../plan/value.js';
import { broadcast } from './products.js';

type Plan = (context: Context) => void;

/** One input, the same operation on each element; `whole` for whole numbers, `to` the result's type. */
export function unary(
  float: number | undefined,
  { whole, to }: { readonly whole?: number; readonly to?: ElementType } = {},
): Plan {
  return (context) => {
    const given = context.input(0);
    const operation = given.type === 'float32' ? float : whole;
    if (operation === undefined) throw context.lacks(`an input of type ${given.type}`);
    apply(context, operation, given, to ?? given.type);
  };
}

function apply(context: Context, operation: number, given: Value, type: ElementType): void {
  const x = context.dense(given);
  const out = context.output(0, type, x.dims, x.strides);
  const count = elements(x.dims);
  const run = () => context.kernels.unary(operation, address(out), address(x), count);
  context.step([x], [out], context.whole(type, run));
}

export function cast(context: Context): void {
  const x = context.input(0);
  const to = DATA_TYPES[context.number('to', 0)];
  if (!to || to === 'float16' || to === 'int8' || to === 'uint8') {
    throw context.lacks(`the type ${to ?? context.number('to', 0)}`);
  }
  const isWhole = to === 'int64' || to === 'int32';
  if (x.type === 'float32') {
    if (to === 'float32') context.view(0, x);
    else apply(context, isWhole ? UNARY.toWhole : UNARY.floatToBool, x, to);
  } else if (to === 'float32') apply(context, UNARY.toFloat, x, to);
  else if (isWhole) context.view(0, { ...withoutWeight(x), type: to });
  else apply(context, UNARY.wholeToBool, x, to);
}

/** Two inputs, broadcast. More of them, where the operator takes any number, one after another. */
export function binary(
  float: number | undefined,
  whole: number | undefined,
  to?: ElementType,
): Plan {
  return (context) => {
    const inputs = context.node.inputs.map((_, i) => context.input(i));
    const [first, ...others] = inputs;
    if (!first) throw context.lacks('no input');
    if (others.length === 0) {
      context.view(0, first);
      return;
    }
    const operation = first.type === 'float32' ? float : whole;
    if (operation === undefined || inputs.some(({ type }) => type !== first.type)) {
      throw context.lacks(`inputs of type ${inputs.map(({ type }) => type).join(' and ')}`);
    }
    let left = first;
    for (const [i, right] of others.entries()) {
      const dims = broadcast(context, left.dims, right.dims);
      // Of equal views the result is one too: channels-last maps stay so.
      const isAlike = dims.length === left.dims.length && elements(dims) === elements(left.dims);
      const strides = isAlike && isDense(left) ? left.strides : undefined;
      const type = to ?? first.type;
      const isLast = i === others.length - 1;
      const out: Value = isLast
        ? context.output(0, type, dims, strides)
        : intermediate(context, type, dims);
      context.binary(operation, out, left, right);
      left = out;
    }
  };
}

function intermediate(context: Context, type: ElementType, dims: readonly number[]): Value {
  const value = context.temporary(elements(dims));
  return context.reshaped({ ...value, type }, dims);
}

export function gelu(context: Context): void {
  const form = context.text('approximate', 'none');
  if (form !== 'none' && form !== 'tanh') throw context.lacks(`the approximation "${form}"`);
  unary(form === 'none' ? UNARY.gelu : UNARY.geluByTanh)(context);
}

/** A slope for what is below 0. */
export function leakyRelu(context: Context): void {
  const x = context.dense(context.floats(0));
  const slope = scalar(context, context.number('alpha', 0.01));
  const out = context.output(0, 'float32', x.dims, x.strides);
  context.binary(BINARY.prelu, out, x, slope);
}

/** A line, cut off at 0 and 1. */
export function hardSigmoid(context: Context): void {
  const x = context.dense(context.floats(0));
  const alpha = scalar(context, context.number('alpha', 0.2));
  const beta = scalar(context, context.number('beta', 0.5));
  const out = context.output(0, 'float32', x.dims, x.strides);
  context.binary(BINARY.mul, out, x, alpha);
  context.binary(BINARY.add, out, out, beta);
  const count = elements(out.dims);
  context.step([out], [out], () => {
    context.kernels.clip(address(out), address(out), count, 0, 1);
  });
}

function scalar(context: Context, value: number): Value {
  return context.plan.preset('float32', [], Float32Array.of(value));
}

/** `Pow`, whose exponent may be whole. */
export function pow(context: Context): void {
  const base = context.floats(0);
  let exponent = context.input(1);
  if (exponent.type !== 'float32') {
    const floats = { ...context.temporary(elements(exponent.dims)), dims: exponent.dims };
    const source = context.contiguous(exponent);
    const count = elements(exponent.dims);
    const to = context.reshaped({ ...floats, dims: [count] }, exponent.dims);
    context.step([source], [to], () => {
      context.kernels.unary(UNARY.toFloat, address(to), address(source), count);
    });
    exponent = to;
  }
  const out = context.output(0, 'float32', broadcast(context, base.dims, exponent.dims));
  context.binary(BINARY.pow, out, base, exponent);
}

export function mod(context: Context): void {
  if (context.number('fmod', 0) !== 0) throw context.lacks('fmod');
  binary(undefined, BINARY.modWhole)(context);
}

export function clip(context: Context): void {
  const x = context.dense(context.floats(0));
  const limit = (place: number, otherwise: number) => {
    const value = context.optional(place);
    if (!value) return otherwise;
    if (!value.known) throw context.lacks('computed limits');
    return value.known[0] ?? otherwise;
  };
  const low = limit(1, -FLOAT32_MAX);
  const high = limit(2, FLOAT32_MAX);
  const out = context.output(0, 'float32', x.dims, x.strides);
  const count = elements(x.dims);
  context.step([x], [out], () => {
    context.kernels.clip(address(out), address(x), count, low, high);
  });
}

export function where(context: Context): void {
  const condition = context.input(0);
  const a = context.input(1);
  const b = context.input(2);
  if (condition.type !== 'bool' || a.type !== b.type) {
    throw context.lacks(`a choice by ${condition.type} of ${a.type} and ${b.type}`);
  }
  const dims = broadcast(context, broadcast(context, condition.dims, a.dims), b.dims);
  const out = context.output(0, a.type, dims);
  const inputs = [condition, a, b].map((value) => broadcastStrides(value, dims));
  const { dims: sides, views } = walk(out, inputs);
  const shape = [...sides, ...views.flat().map((step) => step * 4)];
  context.step([condition, a, b], [out], () => {
    const at = context.memory.shape(shape);
    context.kernels.where(
      address(out),
      address(condition),
      address(a),
      address(b),
      sides.length,
      0,
      at,
    );
  });
}
