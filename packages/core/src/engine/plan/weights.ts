import { invalid, unsupported } from '../errors.js';
import { floatsOf } from '../graph/weights.js';
import type { Kernels } from '../kernels/kernels.js';
import type { EngineMemory } from '../memory.js';
import { type Constant, elements, type Int8Constant } from '../onnx/tensor.js';
import { contiguousStrides, type Storage, type Value } from './value.js';

/** A matrix [k, n] among a network's weights: how its constant is laid out. */
export interface MatrixView {
  readonly k: number;
  readonly n: number;
  /** Distance of two rows, and of two columns, in elements. */
  readonly strideK: number;
  readonly strideN: number;
  /** The axis of the constant that runs over n. */
  readonly axisN: number;
}

export interface FloatMatrix {
  readonly kind: 'float';
  readonly address: number;
}

export interface Int8Matrix {
  readonly kind: 'int8';
  readonly address: number;
  /** One a column. */
  readonly scales: number;
  /** The largest size of a quantised activation; see assembly/gemm-int8.ts. */
  readonly limit: number;
}

/** Weights of so few numbers are kept outside the memory, too. */
const MOST_KEPT = 1024;

/** Below this an activation would be quantised too coarsely; such a matrix is expanded instead. */
const LEAST_LIMIT = 4095;
const MOST_LIMIT = 32_767;
const MOST_SUM = 2 ** 31 - 1;

/** A weight as it is: put into memory when a step reads it, as most are taken in another form. */
export class WeightStorage implements Storage {
  address = -1;

  constructor(
    readonly bytes: number,
    private readonly find: () => number,
  ) {}

  place(): void {
    if (this.address < 0) this.address = this.find();
  }
}

/** Weights of so many numbers at most count as known when a plan is made, as shapes and masks do. */
const MOST_KNOWN = 65_536;

/** A network's weights in the memory, in the forms that kernels take; each form is made once. */
export class WeightStore {
  readonly #made = new Map<string, unknown>();
  readonly #constants: Map<string, Constant>;
  readonly #forgotten = new Set<string>();

  constructor(
    constants: ReadonlyMap<string, Constant>,
    private readonly memory: EngineMemory,
    private readonly kernels: Kernels,
    /** Multiply int8 weights as whole numbers? */
    private readonly wholeProducts: boolean,
  ) {
    this.#constants = new Map(constants);
  }

  has(name: string): boolean {
    return this.#constants.has(name);
  }

  /** What a weight is; large ones lose their numbers once they are in the memory. */
  constant(name: string): Constant {
    const constant = this.#constants.get(name);
    if (!constant) throw new Error(`"${name}" is no weight.`);
    return constant;
  }

  /**
   * Lets go of the file's bytes, once a first plan has put all weights into the memory in the forms that
   * are wanted; those do not depend on shapes.
   */
  forgetFile(): void {
    for (const [name, constant] of this.#constants) {
      if (constant.data.length > MOST_KEPT) {
        this.#forgotten.add(name);
      }
      // Copies, even of nothing: a view of a part of the file would keep all of it.
      const data = constant.data.slice(0, this.#forgotten.has(name) ? 0 : undefined);
      this.#constants.set(name, { ...constant, data } as Constant);
    }
  }

  #numbers(name: string): Constant {
    if (this.#forgotten.has(name)) throw unsupported(`A second use of the weight "${name}"`);
    return this.constant(name);
  }

  /** A weight as a tensor. */
  value(name: string): Value {
    return this.#once(`value ${name}`, () => {
      const constant = this.constant(name);
      const { dims } = constant;
      const isPlain = constant.kind === 'plain';
      return {
        type: isPlain ? constant.type : 'float32',
        dims,
        offset: 0,
        weight: name,
        strides: contiguousStrides(dims),
        storage: new WeightStorage(elements(dims) * 4, () => this.plain(name)),
        known:
          isPlain && !this.#forgotten.has(name) && constant.data.length <= MOST_KNOWN
            ? constant.data
            : undefined,
      };
    });
  }

  /** As it is, row-major; int8 expanded. */
  plain(name: string): number {
    return this.#once(`plain ${name}`, () => {
      const constant = this.#numbers(name);
      if (constant.kind === 'plain' && constant.data instanceof Int32Array) {
        const address = this.memory.allocate(constant.data.byteLength);
        this.memory.ints.set(constant.data, address / 4);
        return address;
      }
      return this.#floats(floatsOf(constant));
    });
  }

  /** One number a column, padded to a multiple of eight by zeros; all zeros without a name. */
  columns(name: string | undefined, n: number): number {
    return this.#once(`columns ${name ?? ''} ${n}`, () => {
      const padded = new Float32Array(Math.ceil(n / 8) * 8);
      if (name !== undefined) {
        const numbers = floatsOf(this.#numbers(name));
        if (numbers.length !== n)
          throw invalid(`"${name}" has ${numbers.length} numbers, not ${n}.`);
        padded.set(numbers);
      }
      return this.#floats(padded);
    });
  }

  /** A matrix in panels of eight columns: as int8 where it is stored so, otherwise as floats. */
  matrix(name: string, view: MatrixView): FloatMatrix | Int8Matrix {
    const { k, strideK, strideN } = view;
    return this.#once(`matrix ${name} ${k} ${strideK} ${strideN}`, () => {
      const constant = this.#numbers(name);
      const scales = this.wholeProducts && columnScales(constant, view);
      const packed = constant.kind === 'int8' && scales && this.#int8(constant, scales, view);
      if (packed) return packed;
      return { kind: 'float', address: this.#floats(floatPanels(floatsOf(constant), view)) };
    });
  }

  /** Any other form of a constant's numbers. */
  arranged(key: string, name: string, arrange: (floats: Float32Array) => Float32Array): number {
    return this.#once(`${key} ${name}`, () => this.#floats(arrange(floatsOf(this.#numbers(name)))));
  }

  #once<T>(key: string, make: () => T): T {
    let made = this.#made.get(key) as T | undefined;
    if (made === undefined) {
      made = make();
      this.#made.set(key, made);
    }
    return made;
  }

  #floats(data: Float32Array): number {
    const address = this.memory.allocate(data.byteLength);
    this.memory.floats.set(data, address / 4);
    return address;
  }

  /** Undefined where the sums of a column could leave 32 bits unless activations were coarse. */
  #int8({ data }: Int8Constant, scales: Float32Array, view: MatrixView): Int8Matrix | undefined {
    const { k, n, strideK, strideN } = view;
    const panels = Math.ceil(n / 8);
    const address = this.memory.allocate(panels * Math.ceil(k / 2) * 16);
    const from = this.memory.spare(data.length);
    this.memory.bytes.set(data, from);
    const most = this.kernels.packInt8(address, from, k, n, strideK, strideN);
    const limit = Math.min(MOST_LIMIT, Math.floor(MOST_SUM / Math.max(1, most)));
    if (limit < LEAST_LIMIT) return undefined;
    const padded = new Float32Array(panels * 8);
    padded.set(scales);
    return { kind: 'int8', address, scales: this.#floats(padded), limit };
  }
}

/** The scale of each column, if the constant is int8 with scales that differ from column to column. */
function columnScales(constant: Constant, { n, axisN }: MatrixView): Float32Array | undefined {
  if (constant.kind !== 'int8' || !constant.scaled) return undefined;
  const { scales, axis } = constant.scaled;
  if (scales.length === 1) return new Float32Array(n).fill(scales[0] ?? 0);
  return axis === axisN && scales.length === n ? scales : undefined;
}

/*
 * Weights in another order. They are moved as whole numbers: not yet optimised, code keeps each float that it holds in
 * an object of its own.
 */

/** [n / 8][k][8] */
function floatPanels(floats: Float32Array, { k, n, strideK, strideN }: MatrixView): Float32Array {
  const data = bitsOf(floats);
  const panels = new Int32Array(Math.ceil(n / 8) * k * 8);
  for (let column = 0; column < n; column++) {
    let to = (column >> 3) * k * 8 + (column & 7);
    let from = column * strideN;
    for (let row = 0; row < k; row++) {
      panels[to] = data[from] as number;
      from += strideK;
      to += 8;
    }
  }
  return new Float32Array(panels.buffer);
}

/** Kernels of a convolution [out, in, height, width] in panels: [out / 8][height][width][in][8]. */
export function convolutionPanels(
  floats: Float32Array,
  [out = 1, into = 1, height = 1, width = 1]: readonly number[],
): Float32Array {
  const data = bitsOf(floats);
  const taps = height * width;
  const panels = new Int32Array(Math.ceil(out / 8) * taps * into * 8);
  for (let channel = 0; channel < out; channel++) {
    for (let i = 0; i < into; i++) {
      for (let tap = 0; tap < taps; tap++) {
        const to = (((channel >> 3) * taps + tap) * into + i) * 8 + (channel & 7);
        panels[to] = data[(channel * into + i) * taps + tap] as number;
      }
    }
  }
  return new Float32Array(panels.buffer);
}

/** Kernels of a depthwise convolution [channels, 1, height, width] as [height][width][channels]. */
export function depthwiseTaps(floats: Float32Array, dims: readonly number[]): Float32Array {
  const data = bitsOf(floats);
  const [channels = 1] = dims;
  const taps = elements(dims) / channels;
  const arranged = new Int32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let tap = 0; tap < taps; tap++) {
      arranged[tap * channels + channel] = data[channel * taps + tap] as number;
    }
  }
  return new Float32Array(arranged.buffer);
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}
