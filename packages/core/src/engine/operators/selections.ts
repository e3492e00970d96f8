import { invalid } from '../errors.js';
import { elements } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { address, contiguousStrides } from '../plan/value.js';

/** @throws EngineError if a kernel said which index is wrong */
function checkIndex(operator: string, wrong: number): void {
  if (wrong !== 0) throw invalid(`${operator}: index number ${wrong - 1} is out of range.`);
}

export function gather(context: Context): void {
  const data = context.input(0);
  const indices = context.contiguous(context.input(1));
  const axis = context.axis(context.number('axis', 0), data.dims.length);
  const side = data.dims[axis] ?? 0;
  const count = elements(indices.dims);
  const [before, after] = [data.dims.slice(0, axis), data.dims.slice(axis + 1)];
  const dims = [...before, ...indices.dims, ...after];
  const { operator } = context.node;
  const { kernels } = context;

  // Words whose vectors are the columns of the matrix that gives the logits.
  if (data.weight !== undefined && axis === 1 && data.dims.length === 2) {
    const [k = 0, n = 0] = data.dims;
    const constant = context.weights.constant(data.weight);
    const view = { k, n, strideK: n, strideN: 1, axisN: 1 };
    const matrix = constant.kind === 'int8' && context.weights.matrix(data.weight, view);
    if (matrix && matrix.kind === 'int8') {
      const out = context.output(0, data.type, dims);
      context.step([indices], [out], () => {
        const wrong = kernels.gatherInt8Columns(
          address(out),
          matrix.address,
          matrix.scales,
          address(indices),
          count,
          k,
          n,
        );
        checkIndex(operator, wrong);
      });
      return;
    }
  }
  const x = context.contiguous(data);
  const out = context.output(0, data.type, dims);
  const [outer, inner] = [elements(before), elements(after)];
  context.step([x, indices], [out], () => {
    const wrong = kernels.gather(
      address(out),
      address(x),
      address(indices),
      outer,
      count,
      side,
      inner,
    );
    checkIndex(operator, wrong);
  });
}

export function gatherElements(context: Context): void {
  const x = context.input(0);
  const indices = context.contiguous(context.input(1));
  const axis = context.axis(context.number('axis', 0), x.dims.length);
  const isWithin = indices.dims.every((side, i) => i === axis || side <= (x.dims[i] ?? 0));
  if (indices.dims.length !== x.dims.length || !isWithin) {
    throw invalid('GatherElements with indices of another shape.');
  }
  const out = context.output(0, x.type, indices.dims);
  const strides = x.strides.map((step, i) => (i === axis ? 0 : step * 4));
  const shape = [...indices.dims, ...strides];
  const axisStride = (x.strides[axis] ?? 0) * 4;
  context.step([x, indices], [out], () => {
    const at = context.memory.shape(shape);
    const wrong = context.kernels.gatherElements(
      address(out),
      address(x),
      address(indices),
      x.dims.length,
      at,
      x.dims[axis] ?? 0,
      axisStride,
      elements(indices.dims),
    );
    checkIndex('GatherElements', wrong);
  });
}

export function topK(context: Context): void {
  const x = context.contiguous(context.floats(0));
  const [count = 0] = context.ints(1);
  const axis = context.axis(context.number('axis', -1), x.dims.length);
  const side = x.dims[axis] ?? 0;
  if (count < 0 || count > side) throw invalid(`TopK: the ${count} largest of ${side}.`);
  const dims = x.dims.map((own, i) => (i === axis ? count : own));
  const strides = contiguousStrides(dims);
  const values = context.output(0, 'float32', dims, strides);
  const indices = context.output(1, 'int64', dims, strides);
  const sign = context.number('largest', 1) ? 1 : -1;
  const [outer, inner] = [elements(x.dims.slice(0, axis)), elements(x.dims.slice(axis + 1))];
  context.step([x], [values, indices], () => {
    context.kernels.topK(
      address(values),
      address(indices),
      address(x),
      outer,
      side,
      inner,
      count,
      sign,
    );
  });
}

/** `ArgMax` (1) and `ArgMin` (-1). */
export function argMost(sign: 1 | -1): (context: Context) => void {
  return (context) => {
    const x = context.contiguous(context.floats(0));
    const axis = context.axis(context.number('axis', 0), x.dims.length);
    const keeps = context.number('keepdims', 1) === 1;
    const dims = x.dims.flatMap((side, i) => (i !== axis ? [side] : keeps ? [1] : []));
    const out = context.output(0, 'int64', dims);
    const [outer, inner] = [elements(x.dims.slice(0, axis)), elements(x.dims.slice(axis + 1))];
    const last = context.number('select_last_index', 0);
    context.step([x], [out], () => {
      context.kernels.argMost(
        address(out),
        address(x),
        outer,
        x.dims[axis] ?? 0,
        inner,
        sign,
        last,
      );
    });
  };
}
