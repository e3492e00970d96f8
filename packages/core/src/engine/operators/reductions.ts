import { REDUCE } from '../kernels/operations.js';
import { elements } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { withoutWeight } from '../plan/context.js';
import { address, contiguousStrides, isDense, memoryOrder, type Value } from '../plan/value.js';
import { axesOf } from './views.js';

/** What whole numbers can be reduced by. */
const WHOLE: readonly number[] = [
  ...[REDUCE.ReduceSum, REDUCE.ReduceMax, REDUCE.ReduceMin, REDUCE.ReduceProd],
];

export function reduce(operation: number): (context: Context) => void {
  return (context) => {
    const x = context.input(0);
    const isWhole = x.type !== 'float32';
    if (isWhole && !WHOLE.includes(operation)) throw context.lacks(`an input of type ${x.type}`);
    const given = axesOf(context) ?? [];
    // Then each number is reduced alone: its square, its absolute value, or itself.
    const isAlone = context.number('noop_with_empty_axes', 0) === 1;
    const axes =
      given.length === 0 && !isAlone
        ? x.dims.map((_, axis) => axis)
        : given.map((axis) => context.axis(axis, x.dims.length));
    reduceAxes(context, operation, x, axes, context.number('keepdims', 1) === 1);
  };
}

/** All places of a map as one. */
export function globalPool(operation: number): (context: Context) => void {
  return (context) => {
    const x = context.floats(0);
    const axes = x.dims.map((_, axis) => axis).slice(2);
    reduceAxes(context, operation, x, axes, true);
  };
}

function reduceAxes(
  context: Context,
  operation: number,
  given: Value,
  axes: readonly number[],
  keeps: boolean,
): void {
  const isGone = (axis: number) => axes.includes(axis);
  const dims = given.dims.flatMap((side, axis) => (!isGone(axis) ? [side] : keeps ? [1] : []));
  const out = context.output(0, given.type, dims);
  const { x, outer, side, inner } = arranged(context, given, isGone);
  const { kernels } = context;
  const kernel = given.type === 'float32' ? kernels.reduce : kernels.reduceWhole;
  const run = () => kernel(operation, address(out), address(x), outer, side, inner);
  context.step([x], [out], context.whole(given.type, run));
}

/** The input as [outer][side][inner] with the axes that go in the middle; as it lies, if it can be. */
function arranged(
  context: Context,
  given: Value,
  isGone: (axis: number) => boolean,
): { x: Value; outer: number; side: number; inner: number } {
  const size = (list: readonly number[]) => elements(list.map((axis) => given.dims[axis] ?? 1));
  const all = given.dims.map((_, axis) => axis);
  const order = memoryOrder(given.dims, given.strides).reverse();
  const kept = order.filter((axis) => !isGone(axis));
  const first = order.findIndex(isGone);
  const last = order.findLastIndex(isGone);
  const isBlock = first < 0 || order.slice(first, last + 1).every(isGone);
  const isInOrder = kept.every((axis, i) => i === 0 || axis > (kept[i - 1] ?? 0));
  if (isDense(given) && isBlock && isInOrder) {
    const [outer, inner] = [order.slice(0, Math.max(0, first)), order.slice(last + 1)];
    const side = first < 0 ? 1 : size(order.slice(first, last + 1));
    return { x: given, outer: size(outer), side, inner: size(first < 0 ? order : inner) };
  }
  const sorted = [...all.filter((axis) => !isGone(axis)), ...all.filter(isGone)];
  const dims = sorted.map((axis) => given.dims[axis] ?? 1);
  const strides = sorted.map((axis) => given.strides[axis] ?? 0);
  const moved: Value = { ...withoutWeight(given), dims, strides, known: undefined };
  const x = context.copied(moved, contiguousStrides(dims));
  return {
    x,
    outer: size(all.filter((a) => !isGone(a))),
    side: size(all.filter(isGone)),
    inner: 1,
  };
}
