import { float16ToFloat32, float32ToFloat16 } from './float16.js';
import type { Values } from './session.js';

/** Whole numbers as the network wants them: int64 unless it says int32. */
export function whole(
  type: Values['type'] | undefined,
  numbers: readonly number[],
  dims: readonly number[],
): Values {
  return type === 'int32'
    ? { type: 'int32', data: Int32Array.from(numbers), dims }
    : { type: 'int64', data: BigInt64Array.from(numbers, BigInt), dims };
}

/**
 * The same number everywhere: masks are ones, of whatever type a network wants them.
 *
 * @param count of the first ones that have it, the rest being 0. Default all
 */
export function filled(
  type: Values['type'] | undefined,
  value: number,
  dims: readonly number[],
  count = Number.POSITIVE_INFINITY,
): Values {
  const size = dims.reduce((product, side) => product * side, 1);
  const end = Math.min(size, count);
  if (type === 'bool') return { type, data: new Uint8Array(size).fill(value, 0, end), dims };
  if (type === 'int32') return { type, data: new Int32Array(size).fill(value, 0, end), dims };
  if (type === 'float32') return { type, data: new Float32Array(size).fill(value, 0, end), dims };
  return { type: 'int64', data: new BigInt64Array(size).fill(BigInt(value), 0, end), dims };
}

/** Floating-point numbers in the width that a network wants; anything else as it is. */
export function asType(values: Values, type: Values['type'] | undefined): Values {
  const { data, dims } = values;
  if (values.type === 'float32' && type === 'float16') {
    return { type, data: float32ToFloat16(data as Float32Array), dims };
  }
  if (values.type === 'float16' && type === 'float32') {
    return { type, data: float16ToFloat32(data), dims };
  }
  return values;
}
