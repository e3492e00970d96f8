import { CaptionError } from '../errors.js';
import { float16ToFloat32 } from './float16.js';
import type { Values } from './session.js';

/** The rows (first axis) of `values` that `parents` names, in that order. */
export function gatherRows(values: Values, parents: readonly number[]): Values {
  const [rows = 1, ...rest] = values.dims;
  if (parents.length === rows && parents.every((parent, row) => parent === row)) return values;
  const length = values.data.length / rows;
  const data = new (values.data.constructor as Float32ArrayConstructor)(length * parents.length);
  const from = values.data as Float32Array;
  parents.forEach((parent, row) => {
    data.set(from.subarray(parent * length, (parent + 1) * length), row * length);
  });
  return { type: values.type, data, dims: [parents.length, ...rest] };
}

/** `values`, whose rows are all alike, with so many rows. */
export function withRows(values: Values, rows: number): Values {
  if (values.dims[0] === rows) return values;
  return gatherRows(values, new Array(rows).fill(0));
}

/** Of rows × positions × width, each row's last position: rows × width. */
export function lastPositions(values: Values): Values {
  const { data, dims, type } = values;
  const [rows = 1] = dims;
  const width = dims.at(-1) ?? data.length;
  const length = data.length / (rows * width);
  if (length === 1) return values;
  const from = data as Float32Array;
  const last = new (data.constructor as Float32ArrayConstructor)(rows * width);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * length * width;
    last.set(from.subarray(end - width, end), row * width);
  }
  return { type, data: last, dims: [rows, width] };
}

/** Zeros of a type that states have. */
export function zeros(type: Values['type'], dims: readonly number[]): Values {
  const size = dims.reduce((product, side) => product * side, 1);
  const make = {
    float32: () => new Float32Array(size),
    float16: () => new Uint16Array(size),
    int64: () => new BigInt64Array(size),
    int32: () => new Int32Array(size),
    bool: () => new Uint8Array(size),
  } as const;
  return { type, data: make[type](), dims };
}

/** @throws CaptionError `MODEL_UNSUPPORTED` when they are no floating-point numbers */
export function floats(values: Values, name: string): Float32Array {
  if (values.data instanceof Float32Array) return values.data;
  if (values.type === 'float16') return float16ToFloat32(values.data);
  throw new CaptionError(
    'MODEL_UNSUPPORTED',
    `The output "${name}" is ${values.type}; float32 or float16 was expected. Export the model with such outputs.`,
  );
}
