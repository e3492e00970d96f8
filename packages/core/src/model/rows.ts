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

/** Which row of the tensors each of the search's rows has. */
export interface RowPlaces {
  readonly places: readonly number[];
  /** Rows to copy beforehand, each onto one that nobody needs. */
  readonly copies: readonly (readonly [from: number, to: number])[];
}

/**
 * Where the rows of the next step lie if as few as possible are moved: a row stays where its parent was,
 * and only of parents with several children copies are made.
 *
 * @param parents for each row of the next step, the row of the tensors that it continues
 */
export function placeRows(parents: readonly number[]): RowPlaces {
  const places = new Array<number>(parents.length).fill(-1);
  const taken = new Set<number>();
  parents.forEach((parent, row) => {
    if (taken.has(parent)) return;
    taken.add(parent);
    places[row] = parent;
  });
  const copies: [number, number][] = [];
  let free = 0;
  parents.forEach((parent, row) => {
    if (places[row] !== -1) return;
    while (taken.has(free)) free++;
    taken.add(free);
    places[row] = free;
    copies.push([parent, free]);
  });
  return { places, copies };
}

/** Copies rows within `values`. */
export function copyRows({ data, dims }: Values, copies: RowPlaces['copies']): void {
  const length = data.length / (dims[0] ?? 1);
  for (const [from, to] of copies) {
    data.copyWithin(to * length, from * length, (from + 1) * length);
  }
}

/** `values`, whose rows are all alike, with so many rows. */
export function withRows(values: Values, rows: number): Values {
  if (values.dims[0] === rows) return values;
  return gatherRows(values, new Array(rows).fill(0));
}

/** The rows of several tensors, one tensor after another. */
export function rowsTogether(parts: readonly Values[]): Values {
  const [first] = parts as [Values, ...Values[]];
  if (parts.length === 1) return first;
  const [, ...rest] = first.dims;
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (first.data.constructor as Float32ArrayConstructor)(length);
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  const rows = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 1), 0);
  return { type: first.type, data, dims: [rows, ...rest] };
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
