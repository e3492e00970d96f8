import { float16ToFloat32 } from '../../model/float16.js';
import { invalid, unsupported } from '../errors.js';
import { fields, floats, text, varints } from './protobuf.js';

/** Numbers of a network that do not change: a weight, a shape. Whole numbers are held as int32. */
export type Constant = PlainConstant | Int8Constant;

export interface PlainConstant {
  readonly kind: 'plain';
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array;
  /** Some of its numbers were beyond 32 bits. */
  readonly isCut?: boolean;
  /** The type in the file, where fewer bits are stored than are held here: sums of such numbers differ. */
  readonly stored?: 'float16' | 'uint8' | undefined;
}

/**
 * int8 numbers, as stored; with `scales` they stand for floats: number × scale, one scale for each
 * place along `axis`.
 */
export interface Int8Constant {
  readonly kind: 'int8';
  readonly dims: readonly number[];
  readonly data: Int8Array;
  readonly scaled?: { readonly scales: Float32Array; readonly axis: number };
}

/** int64 and int32 are told apart at the rim only. */
export type ElementType = 'float32' | 'int64' | 'int32' | 'bool';

/** TensorProto.DataType. */
export const DATA_TYPES: Readonly<Record<number, ElementType | 'float16' | 'int8' | 'uint8'>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
};

/** No tensor of a captioning network is larger. */
const MOST_ELEMENTS = 2 ** 30;

export function elements(dims: readonly number[]): number {
  return dims.reduce((product, side) => product * side, 1);
}

/**
 * Reads a TensorProto.
 *
 * @throws EngineError
 */
export function readTensor(message: Uint8Array): { name: string; constant: Constant } {
  const dims: number[] = [];
  let name = '';
  let dataType = 0;
  let raw: Uint8Array | undefined;
  const floatData: Uint8Array[] = [];
  const wholeData: number[] = [];
  for (const field of fields(message)) {
    switch (field.number) {
      case 1:
        for (const side of varints(field)) dims.push(side);
        break;
      case 2:
        dataType = field.value;
        break;
      case 4:
        floatData.push(field.bytes);
        break;
      case 5:
      case 7:
        for (const value of varints(field)) wholeData.push(value);
        break;
      case 8:
        name = text(field.bytes);
        break;
      case 9:
        raw = field.bytes;
        break;
      case 14:
        if (field.value === 1) throw unsupported('Weights in files beside the network');
        break;
    }
  }
  const type = DATA_TYPES[dataType];
  if (!type) throw unsupported(`The element type ${dataType} of the weight "${name}"`);
  const size = elements(dims);
  if (!dims.every((side) => side >= 0) || !(size <= MOST_ELEMENTS)) {
    throw invalid(`The weight "${name}" has the sides ${dims.join(' × ')}: the file is damaged.`);
  }
  const constant = raw ? fromRaw(type, dims, raw) : fromLists(type, dims, floatData, wholeData);
  if (constant.data.length !== size) {
    throw invalid(
      `The weight "${name}" should have ${size} numbers and has ${constant.data.length}: the file is damaged.`,
    );
  }
  return { name, constant };
}

function fromRaw(
  type: ElementType | 'float16' | 'int8' | 'uint8',
  dims: readonly number[],
  raw: Uint8Array,
): Constant {
  const whole = (bytes: number) => {
    if (raw.length % bytes !== 0) throw invalid('A weight of the ONNX file is cut off.');
    return raw.slice().buffer;
  };
  switch (type) {
    case 'float32':
      return { kind: 'plain', type, dims, data: floats(raw) };
    case 'float16': {
      const data = float16ToFloat32(new Uint16Array(whole(2)));
      return { kind: 'plain', type: 'float32', dims, data, stored: type };
    }
    case 'int32':
      return { kind: 'plain', type, dims, data: new Int32Array(whole(4)) };
    case 'int64': {
      return wholeConstant(type, dims, [...new BigInt64Array(whole(8))].map(Number));
    }
    case 'bool':
      return { kind: 'plain', type, dims, data: Int32Array.from(raw, (byte) => (byte ? 1 : 0)) };
    case 'int8':
      return {
        kind: 'int8',
        dims,
        data: new Int8Array(raw.buffer, raw.byteOffset, raw.length),
      };
    case 'uint8':
      return { kind: 'plain', type: 'int32', dims, data: Int32Array.from(raw), stored: type };
  }
}

function fromLists(
  type: ElementType | 'float16' | 'int8' | 'uint8',
  dims: readonly number[],
  floatData: readonly Uint8Array[],
  wholeData: readonly number[],
): Constant {
  switch (type) {
    case 'float32': {
      const parts = floatData.map(floats);
      const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      let place = 0;
      for (const part of parts) {
        data.set(part, place);
        place += part.length;
      }
      return { kind: 'plain', type, dims, data };
    }
    case 'float16': {
      const data = float16ToFloat32(Uint16Array.from(wholeData));
      return { kind: 'plain', type: 'float32', dims, data, stored: type };
    }
    case 'int8':
      return { kind: 'int8', dims, data: Int8Array.from(wholeData) };
    case 'uint8':
      return { kind: 'plain', type: 'int32', dims, data: Int32Array.from(wholeData), stored: type };
    default:
      return wholeConstant(type, dims, wholeData);
  }
}

/** Those of 64 bits are cut to 32. */
export function wholeConstant(
  type: ElementType,
  dims: readonly number[],
  numbers: readonly number[],
): PlainConstant {
  const data = Int32Array.from(numbers, narrow);
  const isCut = numbers.some((value, i) => value !== data[i]);
  return { kind: 'plain', type, dims, data, ...(isCut && { isCut }) };
}

const INT32_MIN = -(2 ** 31);
export const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2 ** 63 - 1;
/** The limits of `Clip`, with either sign, where they are left out. */
export const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/**
 * Exporters write the largest int64 for "to the end", which the largest int32 means as well; other numbers
 * beyond 32 bits are only beyond every side.
 */
function narrow(value: number): number {
  if (value >= INT64_MAX) return INT32_MAX;
  return value > INT32_MAX ? INT32_MAX - 1 : Math.max(value, INT32_MIN);
}
