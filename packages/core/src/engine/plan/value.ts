import { type ElementType, elements } from '../onnx/tensor.js';

/** Bytes in the arena or among the weights; the address is settled when the plan is complete. */
export interface Storage {
  address: number;
  readonly bytes: number;
}

/**
 * A tensor as a view of storage: element (i, j, …) lies at offset + i · strides[0] + j · strides[1] …,
 * counted in elements of four bytes. Transposing, splitting and the like only make other views.
 */
export interface Value {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly storage: Storage;
  /** The elements in row-major order, where they are known before the run. */
  readonly known?: Float32Array | Int32Array | undefined;
  /** The name of the weight that this is, whole. */
  readonly weight?: string;
}

/** Where a view's first element lies; to be asked for at run time only. */
export function address({ storage, offset }: Value): number {
  return storage.address + offset * 4;
}

/** Row-major strides. */
export function contiguousStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= dims[axis] ?? 1;
  }
  return strides;
}

export function channelsLastStrides(dims: readonly number[]): number[] {
  const [, channels = 1, height = 1, width = 1] = dims;
  return [channels * height * width, 1, width * channels, channels];
}

/** Are these a tensor's strides, as far as they matter? Those of sides of one do not. */
export function hasStrides({ dims, strides }: Value, wanted: readonly number[]): boolean {
  return dims.every((side, axis) => side <= 1 || strides[axis] === wanted[axis]);
}

export function isContiguous(value: Value): boolean {
  return elements(value.dims) === 0 || hasStrides(value, contiguousStrides(value.dims));
}

/** Are its elements one run of memory, in whatever order? */
export function isDense({ dims, strides }: Value): boolean {
  let step = 1;
  for (const axis of memoryOrder(dims, strides)) {
    if (strides[axis] !== step) return false;
    step *= dims[axis] ?? 1;
  }
  return true;
}

/** The axes of more than one element, the closest neighbours first. */
export function memoryOrder(dims: readonly number[], strides: readonly number[]): number[] {
  return dims
    .flatMap((side, axis) => (side === 1 ? [] : [axis]))
    .sort((a, b) => (strides[a] ?? 0) - (strides[b] ?? 0) || b - a);
}

/**
 * Sides and strides of several views of one shape, with as few axes as possible: neighbours that can
 * be walked as one are joined. At least one axis is left.
 */
export function collapse(
  dims: readonly number[],
  views: readonly (readonly number[])[],
): { dims: number[]; views: number[][] } {
  const sides: number[] = [];
  const steps: number[][] = views.map(() => []);
  dims.forEach((side, axis) => {
    if (side === 1) return;
    const last = sides.length - 1;
    const isJoined =
      last >= 0 && views.every((strides, i) => steps[i]?.[last] === (strides[axis] ?? 0) * side);
    if (isJoined) {
      sides[last] = (sides[last] ?? 1) * side;
      views.forEach((strides, i) => {
        (steps[i] as number[])[last] = strides[axis] ?? 0;
      });
    } else {
      sides.push(side);
      views.forEach((strides, i) => {
        steps[i]?.push(strides[axis] ?? 0);
      });
    }
  });
  if (sides.length === 0) {
    sides.push(1);
    for (const list of steps) list.push(1);
  }
  return { dims: sides, views: steps };
}

/** Strides of `value` as if it had the shape `dims`, which it broadcasts to. */
export function broadcastStrides({ dims, strides }: Value, to: readonly number[]): number[] {
  const missing = to.length - dims.length;
  return to.map((_, axis) => {
    const own = axis - missing;
    return own < 0 || dims[own] === 1 ? 0 : (strides[own] ?? 0);
  });
}
