import { invalid } from '../errors.js';
import { elements, INT32_MAX } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { withoutWeight } from '../plan/context.js';
import { address, contiguousStrides, type Value } from '../plan/value.js';

/* Operators that only look at their input in another way, and those that copy parts of it. */

/** Another view, no longer the whole weight nor of known order. */
function seen(value: Value, dims: readonly number[], strides: readonly number[], skip = 0): Value {
  const view = { ...withoutWeight(value), dims, strides, offset: value.offset + skip };
  return { ...view, known: undefined };
}

export function identity(context: Context): void {
  context.view(0, context.input(0));
}

export function shape(context: Context): void {
  const { dims } = context.input(0);
  const rank = dims.length;
  const place = (axis: number) => Math.min(Math.max(axis < 0 ? axis + rank : axis, 0), rank);
  const part = dims.slice(place(context.number('start', 0)), place(context.number('end', rank)));
  context.known(0, 'int64', [part.length], Int32Array.from(part));
}

export function reshape(context: Context): void {
  const x = context.input(0);
  const keepsZero = context.number('allowzero', 0) === 1;
  const wanted = context
    .ints(1)
    .map((side, axis) => (side === 0 && !keepsZero ? (x.dims[axis] ?? 0) : side));
  const others = wanted.reduce((product, side) => product * (side === -1 ? 1 : side), 1);
  const count = elements(x.dims);
  const dims = wanted.map((side) => (side === -1 ? count / Math.max(1, others) : side));
  if (!dims.every((side) => Number.isInteger(side) && side >= 0) || elements(dims) !== count) {
    throw invalid(`Reshape of ${x.dims.join(' × ')} to ${wanted.join(' × ')}.`);
  }
  context.view(0, context.reshaped(x, dims));
}

export function flatten(context: Context): void {
  const x = context.input(0);
  const given = context.number('axis', 1);
  const axis = given < 0 ? given + x.dims.length : given;
  const dims = [elements(x.dims.slice(0, axis)), elements(x.dims.slice(axis))];
  context.view(0, context.reshaped(x, dims));
}

/** From opset 13 on axes are an input, before an attribute. */
export function axesOf(context: Context, place = 1): readonly number[] | undefined {
  return context.optional(place) ? context.ints(place) : context.list('axes');
}

export function squeeze(context: Context): void {
  const x = context.input(0);
  const given = axesOf(context)?.map((axis) => context.axis(axis, x.dims.length));
  const gone = given ?? x.dims.flatMap((side, axis) => (side === 1 ? [axis] : []));
  if (gone.some((axis) => x.dims[axis] !== 1)) {
    throw invalid(`Squeeze of ${x.dims.join(' × ')} along axes ${gone.join(', ')}.`);
  }
  const keep = <T>(list: readonly T[]) => list.filter((_, axis) => !gone.includes(axis));
  context.view(0, seen(x, keep(x.dims), keep(x.strides)));
}

export function unsqueeze(context: Context): void {
  const x = context.input(0);
  const given = axesOf(context) ?? [];
  const rank = x.dims.length + given.length;
  const added = new Set(given.map((axis) => context.axis(axis, rank)));
  if (added.size !== given.length) throw invalid('Unsqueeze names an axis twice.');
  const dims: number[] = [];
  const strides: number[] = [];
  let own = 0;
  for (let axis = 0; axis < rank; axis++) {
    dims.push(added.has(axis) ? 1 : (x.dims[own] ?? 1));
    strides.push(added.has(axis) ? 0 : (x.strides[own++] ?? 0));
  }
  context.view(0, seen(x, dims, strides));
}

export function transpose(context: Context): void {
  const x = context.input(0);
  const reversed = x.dims.map((_, axis) => x.dims.length - 1 - axis);
  const order = context.list('perm') ?? reversed;
  const isOrder = [...order].sort((a, b) => a - b).every((axis, i) => axis === i);
  if (!isOrder || order.length !== x.dims.length)
    throw invalid('Transpose without an order of axes.');
  const pick = (list: readonly number[]) => order.map((axis) => list[axis] ?? 0);
  context.view(0, seen(x, pick(x.dims), pick(x.strides)));
}

export function split(context: Context): void {
  const x = context.input(0);
  const axis = context.axis(context.number('axis', 0), x.dims.length);
  const side = x.dims[axis] ?? 0;
  const count = context.node.outputs.length;
  const even = Math.ceil(side / count);
  const given = context.optional(1) ? context.ints(1) : context.list('split');
  const parts = given ?? context.node.outputs.map((_, i) => Math.min(even, side - i * even));
  if (parts.length !== count || parts.reduce((sum, part) => sum + part, 0) !== side) {
    throw invalid(`Split of ${side} into ${parts.join(' + ')}.`);
  }
  let start = 0;
  parts.forEach((part, i) => {
    const dims = x.dims.map((own, at) => (at === axis ? part : own));
    context.view(i, seen(x, dims, x.strides, start * (x.strides[axis] ?? 0)));
    start += part;
  });
}

export function slice(context: Context): void {
  const x = context.input(0);
  const starts = context.ints(1);
  const ends = context.ints(2);
  const axes = context.optional(3) ? context.ints(3) : starts.map((_, axis) => axis);
  const steps = context.optional(4) ? context.ints(4) : starts.map(() => 1);
  const dims = [...x.dims];
  const strides = [...x.strides];
  let skip = 0;
  axes.forEach((given, i) => {
    const axis = context.axis(given, x.dims.length);
    const side = x.dims[axis] ?? 0;
    const step = steps[i] ?? 1;
    if (step === 0) throw invalid('Slice with a step of 0.');
    const place = (at: number) => (at < 0 ? at + side : at);
    const within = (at: number, low: number, high: number) => Math.min(Math.max(at, low), high);
    const isForward = step > 0;
    const start = within(place(starts[i] ?? 0), 0, isForward ? side : side - 1);
    // The largest number means the last element in either direction, as onnxruntime has it.
    const last = ends[i] === INT32_MAX && !isForward ? -1 : place(ends[i] ?? side);
    const end = within(last, isForward ? 0 : -1, isForward ? side : side - 1);
    dims[axis] = Math.max(0, Math.ceil((end - start) / step));
    strides[axis] = (x.strides[axis] ?? 0) * step;
    skip += start * (x.strides[axis] ?? 0);
  });
  context.view(0, seen(x, dims, strides, elements(dims) === 0 ? 0 : skip));
}

export function expand(context: Context): void {
  const x = context.input(0);
  const wanted = context.ints(1);
  const rank = Math.max(x.dims.length, wanted.length);
  const dims: number[] = [];
  const strides: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const own = axis - rank + x.dims.length;
    const side = x.dims[own] ?? 1;
    const to = wanted[axis - rank + wanted.length] ?? 1;
    if (side !== to && side !== 1 && to !== 1) {
      throw invalid(`Expand of ${x.dims.join(' × ')} to ${wanted.join(' × ')}.`);
    }
    dims.push(side === 1 ? to : side);
    strides.push(side === 1 ? 0 : (x.strides[own] ?? 0));
  }
  context.view(0, seen(x, dims, strides));
}

export function concat(context: Context): void {
  const inputs = context.node.inputs.map((_, i) => context.input(i));
  const [first] = inputs;
  if (!first) throw invalid('Concat without inputs.');
  const axis = context.axis(context.number('axis', 0), first.dims.length);
  for (const { dims, type } of inputs) {
    const isAlike = dims.every((side, i) => i === axis || side === first.dims[i]);
    if (!isAlike || dims.length !== first.dims.length || type !== first.type) {
      throw invalid('Concat of tensors that do not fit together.');
    }
  }
  const total = inputs.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0);
  const dims = first.dims.map((side, i) => (i === axis ? total : side));
  const out = context.output(0, first.type, dims);
  let start = 0;
  for (const input of inputs) {
    context.copy(
      input,
      seen({ ...out, type: input.type }, input.dims, out.strides, start * (out.strides[axis] ?? 0)),
    );
    start += input.dims[axis] ?? 0;
  }
}

export function pad(context: Context): void {
  const x = context.input(0);
  if (context.text('mode', 'constant') !== 'constant')
    throw context.lacks('a mode other than constant');
  if (context.optional(3)) throw context.lacks('axes');
  const pads = context.ints(1);
  const rank = x.dims.length;
  if (pads.length !== 2 * rank || pads.some((side) => side < 0)) throw context.lacks('such pads');
  const value = context.optional(2)?.known;
  if (context.optional(2) && !value) throw context.lacks('a computed value');
  const dims = x.dims.map((side, axis) => side + (pads[axis] ?? 0) + (pads[axis + rank] ?? 0));
  const out = context.output(0, x.type, dims);
  const skip = dims.reduce((sum, _, axis) => sum + (pads[axis] ?? 0) * (out.strides[axis] ?? 0), 0);
  fill(context, out, value?.[0] ?? 0);
  context.copy(x, seen(out, x.dims, out.strides, skip));
}

function fill(context: Context, out: Value, value: number): void {
  const bits =
    out.type === 'float32' ? (new Int32Array(Float32Array.of(value).buffer)[0] ?? 0) : value;
  const count = elements(out.dims);
  context.step([], [out], () => context.kernels.fill(address(out), bits, count));
}

export function constantOfShape(context: Context): void {
  const dims = context.ints(0);
  if (dims.some((side) => side < 0)) throw invalid('ConstantOfShape with a negative side.');
  const { value } = context.node.attributes;
  const constant =
    typeof value === 'object' && 'kind' in value && value.kind === 'plain' ? value : undefined;
  if (value !== undefined && !constant) throw context.lacks('a value of this type');
  if (constant?.isCut || constant?.stored) throw context.lacks('a value beyond its type');
  const out = context.output(0, constant?.type ?? 'float32', dims);
  fill(context, out, constant?.data[0] ?? 0);
}

export function range(context: Context): void {
  const [start, limit, step] = [0, 1, 2].map((place) => {
    const { known } = context.input(place);
    if (!known) throw context.lacks('computed limits');
    return known[0] ?? 0;
  }) as [number, number, number];
  if (step === 0) throw invalid('Range with a step of 0.');
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!(count <= 2 ** 24)) throw context.lacks(`${count} numbers`);
  const { type } = context.input(0);
  if (type === 'float32') throw context.lacks('floats');
  const numbers = new Int32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = start + i * step;
  context.known(0, type, [count], numbers);
}

/** The whole of a tensor's elements, repeated along each axis. */
export function tile(context: Context): void {
  const x = context.input(0);
  const repeats = context.ints(1);
  if (repeats.length !== x.dims.length || repeats.some((count) => count < 0)) {
    throw invalid('Tile without a count for each axis.');
  }
  const dims = x.dims.map((side, axis) => side * (repeats[axis] ?? 1));
  const out = context.output(0, x.type, dims);
  // [a, b] repeated (r, s) times is [r, a, s, b] where r and s have a stride of 0.
  const interleave = (a: readonly number[], b: readonly number[]) =>
    a.flatMap((n, i) => [n, b[i] ?? 0]);
  const strides = out.strides.map((step, axis) => step * (x.dims[axis] ?? 1));
  const from = seen(
    x,
    interleave(repeats, x.dims),
    interleave(
      repeats.map(() => 0),
      x.strides,
    ),
  );
  context.copy(from, seen(out, from.dims, interleave(strides, contiguousStrides(dims))));
}
