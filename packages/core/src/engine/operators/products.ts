import { invalid } from '../errors.js';
import { BINARY } from '../kernels/operations.js';
import { elements } from '../onnx/tensor.js';
import type { Context } from '../plan/context.js';
import { withoutWeight } from '../plan/context.js';
import { address, contiguousStrides, type Value } from '../plan/value.js';
import type { MatrixView } from '../plan/weights.js';

/** The residual is added before the limits; see assembly/epilogue.ts. */
const ADD_FIRST = 1;

/** A residual of another shape than the product's cannot be added on the way. */
interface Ending {
  readonly bias: number;
  readonly residual: Value | undefined;
  readonly flags: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Plans the epilogue of a product with the result `dims`.
 *
 * @param strides the order in which the product is written, and the residual must lie
 */
export function ending(
  context: Context,
  dims: readonly number[],
  strides: readonly number[],
  columns: number,
  bias = context.epilogue.bias,
): { ending: Ending; after: ((product: Value) => void) | undefined } {
  const { epilogue } = context;
  const low = epilogue.low ?? Number.NEGATIVE_INFINITY;
  const high = epilogue.high ?? Number.POSITIVE_INFINITY;
  const flags = epilogue.addFirst ? ADD_FIRST : 0;
  const at = context.weights.columns(bias, columns);
  const other = epilogue.residual === undefined ? undefined : context.plan.value(epilogue.residual);
  if (!other)
    return { ending: { bias: at, residual: undefined, flags, low, high }, after: undefined };
  const missing = dims.length - other.dims.length;
  // As many numbers are not enough: a column and a row of as many are broadcast to a square.
  const isAlike =
    missing >= 0 &&
    dims.every((side, axis) => side === (axis < missing ? 1 : other.dims[axis - missing])) &&
    other.type === 'float32';
  if (isAlike) {
    const padded: Value = {
      ...other,
      dims,
      strides: [...new Array<number>(missing).fill(0), ...other.strides],
    };
    const isInPlace = dims.every((side, i) => side === 1 || padded.strides[i] === strides[i]);
    const residual = isInPlace ? padded : context.copied(padded, strides);
    return { ending: { bias: at, residual, flags, low, high }, after: undefined };
  }
  const none = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const limits = epilogue.addFirst ? none : { low, high };
  return {
    ending: { bias: at, residual: undefined, flags: 0, ...limits },
    after(product) {
      const sum = context.output(0, 'float32', broadcast(context, product.dims, other.dims));
      context.binary(BINARY.add, sum, product, other);
      if (!epilogue.addFirst) return;
      context.step([sum], [sum], () => {
        context.kernels.clip(address(sum), address(sum), elements(sum.dims), low, high);
      });
    },
  };
}

/** The shape of two tensors that are broadcast. */
export function broadcast({ node }: Context, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw invalid(`${node.operator} of the shapes ${a.join(' × ')} and ${b.join(' × ')}.`);
    }
    return x === 1 ? y : x;
  });
}

/** Plans rows [m, k] (`rowStride` apart) times a weight, into rows of `out`. */
export function multiplyByWeight(
  context: Context,
  { name, view }: { readonly name: string; readonly view: MatrixView },
  a: Value,
  rowStride: number,
  out: Value,
  m: number,
  { bias, residual, flags, low, high }: Ending,
): void {
  const { kernels, weights } = context;
  const { k, n } = view;
  const matrix = weights.matrix(name, view);
  const [outBytes, aBytes] = [n * 4, rowStride * 4];
  const reads = [a, residual];
  const residualAt = () => (residual ? address(residual) : 0);
  if (matrix.kind === 'float') {
    context.step(
      reads,
      [out],
      () => {
        kernels.gemmFloat(
          address(out),
          outBytes,
          address(a),
          aBytes,
          matrix.address,
          k * 32,
          32,
          m,
          n,
          k,
          bias,
          residualAt(),
          flags,
          low,
          high,
        );
      },
      { kernel: 'product, float32', multiplyAdds: m * n * k },
    );
    return;
  }
  const group = Math.ceil(k / 2) * 16 + 16;
  const rows = Math.min(kernels.gemmInt8Rows(k), Math.ceil(m / 4) * 4);
  const scratch = context.temporary((rows / 4) * (group / 4));
  context.step(
    reads,
    [out, scratch],
    () => {
      kernels.gemmInt8(
        address(out),
        outBytes,
        address(a),
        aBytes,
        matrix.address,
        matrix.scales,
        m,
        n,
        k,
        matrix.limit,
        address(scratch),
        bias,
        residualAt(),
        flags,
        low,
        high,
      );
    },
    { kernel: 'product, int16', multiplyAdds: m * n * k },
  );
}

export function matMul(context: Context): void {
  const a = context.floats(0);
  const b = context.floats(1);
  if (b.weight !== undefined && b.dims.length === 2 && a.dims.length >= 1) {
    byMatrix(context, a, b, b.weight);
  } else {
    batched(context, a, b);
  }
}

function byMatrix(context: Context, given: Value, b: Value, name: string): void {
  const [k = 0, n = 0] = b.dims;
  const a = context.contiguous(given);
  if (a.dims.at(-1) !== k) throw mismatch(a, b);
  const dims = [...a.dims.slice(0, -1), n];
  const { ending: end, after } = ending(context, dims, contiguousStrides(dims), n);
  const out = productOf(context, dims, contiguousStrides(dims), after);
  const view = { k, n, strideK: n, strideN: 1, axisN: 1 };
  multiplyByWeight(context, { name, view }, a, k, out, elements(dims) / n, end);
  after?.(out);
}

/** Where a product is written: the node's output, or a place on the way to it. */
export function productOf(
  context: Context,
  dims: readonly number[],
  strides: readonly number[],
  after: unknown,
): Value {
  if (!after) return context.output(0, 'float32', dims, strides);
  return { ...context.temporary(elements(dims)), dims, strides };
}

function mismatch(a: Value, b: Value): Error {
  return invalid(`A product of the shapes ${a.dims.join(' × ')} and ${b.dims.join(' × ')}.`);
}

/** In one node: many more than any network has heads and beams. */
const MOST_PRODUCTS = 2 ** 20;

/** Both factors are computed: heads of attention, one product after another. */
function batched(context: Context, left: Value, right: Value): void {
  // A vector counts as a matrix of one row or column, which the result then lacks.
  const isRow = left.dims.length === 1;
  const isColumn = right.dims.length === 1;
  let a = isRow ? unsqueezed(context, left, 0) : left;
  let b = isColumn ? unsqueezed(context, right, 1) : right;
  const [m = 0, k = 0] = a.dims.slice(-2);
  const [kOfB = 0, n = 0] = b.dims.slice(-2);
  if (k !== kOfB) throw mismatch(a, b);
  if (k > 1 && a.strides.at(-1) !== 1) a = context.contiguous(a);
  const isTransposed = k > 1 && b.strides.at(-2) === 1 && !(n > 1 && b.strides.at(-1) === 1);
  if (!isTransposed && n > 1 && b.strides.at(-1) !== 1) b = context.contiguous(b);
  const [aRow = 0] = a.strides.slice(-2);
  const [bRow = 0, bColumn = 0] = b.strides.slice(-2);
  const batch = broadcast(context, a.dims.slice(0, -2), b.dims.slice(0, -2));
  const inner = [...(isRow ? [] : [m]), ...(isColumn ? [] : [n])];
  const out = context.output(0, 'float32', [...batch, ...inner]);
  const count = elements(batch);
  if (count > MOST_PRODUCTS) throw context.lacks(`${count} products`);
  const starts = elements(out.dims) === 0 ? [] : batchStarts(batch, a, b);
  const { kernels } = context;
  context.step(
    [a, b],
    [out],
    () => {
      let to = address(out);
      const [fromA, fromB] = [address(a), address(b)];
      for (let i = 0; i < starts.length; i += 2) {
        const x = fromA + (starts[i] ?? 0) * 4;
        const y = fromB + (starts[i + 1] ?? 0) * 4;
        if (isTransposed) {
          kernels.gemmTransposed(to, n * 4, x, aRow * 4, y, bColumn * 4, m, n, k);
        } else {
          kernels.gemmFloat(
            to,
            n * 4,
            x,
            aRow * 4,
            y,
            32,
            bRow * 4,
            m,
            n,
            k,
            0,
            0,
            0,
            Number.NEGATIVE_INFINITY,
            Number.POSITIVE_INFINITY,
          );
        }
        to += m * n * 4;
      }
    },
    { kernel: 'product of computed matrices', multiplyAdds: elements(out.dims) * k },
  );
}

function unsqueezed(context: Context, value: Value, axis: number): Value {
  const row = withoutWeight(context.contiguous(value));
  const dims = axis === 0 ? [1, ...row.dims] : [...row.dims, 1];
  return { ...row, dims, strides: contiguousStrides(dims) };
}

/** For each product of a batch, where its a and its b begin, in elements. */
function batchStarts(batch: readonly number[], a: Value, b: Value): number[] {
  const starts: number[] = [];
  const visit = (axis: number, x: number, y: number): void => {
    const side = batch[axis];
    if (side === undefined) {
      starts.push(x, y);
      return;
    }
    const step = ({ dims, strides }: Value) => {
      const own = axis - batch.length + dims.length - 2;
      return own < 0 || dims[own] === 1 ? 0 : (strides[own] ?? 0);
    };
    for (let i = 0; i < side; i++) visit(axis + 1, x + i * step(a), y + i * step(b));
  };
  visit(0, 0, 0);
  return starts;
}

export function gemm(context: Context): void {
  const given = context.floats(0);
  const b = context.floats(1);
  const c = context.node.inputs[2] || undefined;
  const alpha = context.number('alpha', 1);
  const beta = context.number('beta', 1);
  if (alpha !== 1 || (c !== undefined && beta !== 1)) throw context.lacks('alpha or beta');
  if (b.weight === undefined || b.dims.length !== 2) throw context.lacks('a computed matrix');
  const a = context.contiguous(context.number('transA', 0) ? transposed(given) : given);
  const isTransposed = context.number('transB', 0) === 1;
  const [k = 0, n = 0] = isTransposed ? [...b.dims].reverse() : b.dims;
  const [m = 0, kOfA] = a.dims;
  if (k !== kOfA) throw mismatch(a, b);
  const bias = c === undefined ? undefined : context.plan.value(c);
  const isColumns =
    bias === undefined ||
    (bias.weight !== undefined && elements(bias.dims) === n && bias.dims.at(-1) === n);
  if (!isColumns) throw context.lacks('a third input other than one number a column');
  const dims = [m, n];
  const { ending: end, after } = ending(context, dims, contiguousStrides(dims), n, bias?.weight);
  const out = productOf(context, dims, contiguousStrides(dims), after);
  const view: MatrixView = isTransposed
    ? { k, n, strideK: 1, strideN: k, axisN: 0 }
    : { k, n, strideK: n, strideN: 1, axisN: 1 };
  multiplyByWeight(context, { name: b.weight, view }, a, k, out, m, end);
  after?.(out);
}

function transposed(value: Value): Value {
  return {
    ...withoutWeight(value),
    dims: [...value.dims].reverse(),
    strides: [...value.strides].reverse(),
    known: undefined,
  };
}
