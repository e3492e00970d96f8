import { invalid } from './errors.js';
import type { ElementType } from './onnx/tensor.js';

type Data = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** The part of onnxruntime-common's `Tensor` that is used here. */
export class EngineTensor {
  readonly location = 'cpu';

  constructor(
    readonly type: ElementType,
    readonly data: Data,
    readonly dims: readonly number[],
  ) {}

  async getData(): Promise<Data> {
    return this.data;
  }
}

/** Its elements as they are held inside: float32 or int32. */
export function wholeNumbers({ data }: EngineTensor): ArrayLike<number> {
  if (!(data instanceof BigInt64Array)) return data;
  return Int32Array.from(data, (value) => {
    if (value !== BigInt.asIntN(32, value)) throw invalid(`${value} is beyond 32 bits.`);
    return Number(value);
  });
}

export function toTensor(
  type: ElementType,
  dims: readonly number[],
  data: Float32Array | Int32Array,
): EngineTensor {
  switch (type) {
    case 'int64':
      return new EngineTensor(type, BigInt64Array.from(data, BigInt), dims);
    case 'bool':
      return new EngineTensor(type, Uint8Array.from(data), dims);
    default:
      return new EngineTensor(type, data, dims);
  }
}
