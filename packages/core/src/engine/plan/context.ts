import { invalid, unsupported } from '../errors.js';
import type { Epilogue, FusedNode } from '../graph/fuse.js';
import type { Kernels } from '../kernels/kernels.js';
import type { EngineMemory } from '../memory.js';
import { type ElementType, elements } from '../onnx/tensor.js';
import {
  address,
  broadcastStrides,
  channelsLastStrides,
  collapse,
  contiguousStrides,
  hasStrides,
  isContiguous,
  isDense,
  type Value,
} from './value.js';
import type { WeightStore } from './weights.js';

/** A shape, axes or places are not longer. */
const MOST_INTS = 1024;

/** What a step is, for those who measure. */
export interface StepKind {
  readonly kernel: string;
  /** Multiplications with an addition each, of the kernels that do little else. */
  readonly multiplyAdds: number;
}

/** A plan while it is made: what operators read from it and add to it. */
export interface OpenPlan {
  readonly kernels: Kernels;
  readonly memory: EngineMemory;
  readonly weights: WeightStore;
  value(name: string): Value;
  give(name: string, value: Value | undefined): void;
  temporary(count: number): Value;
  /** A tensor whose numbers are known; they are written before each run. */
  preset(type: ElementType, dims: readonly number[], data: Float32Array | Int32Array): Value;
  step(
    kind: StepKind,
    reads: readonly (Value | undefined)[],
    writes: readonly Value[],
    run: () => void,
  ): void;
}

/**
 * What an operator is planned with: its inputs and attributes, and means to say what it gives and
 * which kernels it runs. Shapes are known here; numbers are not, but for those that are `known`.
 */
export class Context {
  readonly kernels: Kernels;
  readonly memory: EngineMemory;
  readonly weights: WeightStore;

  constructor(
    readonly plan: OpenPlan,
    readonly node: FusedNode,
    readonly opset: number,
  ) {
    this.kernels = plan.kernels;
    this.memory = plan.memory;
    this.weights = plan.weights;
  }

  get epilogue(): Epilogue {
    return this.node.epilogue;
  }

  // Inputs

  /** @throws EngineError `invalid` if the node has no such input */
  input(place: number): Value {
    const value = this.optional(place);
    if (!value) throw invalid(`${this.node.operator} lacks its input ${place}.`);
    return value;
  }

  optional(place: number): Value | undefined {
    const name = this.node.inputs[place] ?? '';
    return name === '' ? undefined : this.plan.value(name);
  }

  /** An input of floats. */
  floats(place: number): Value {
    const value = this.input(place);
    if (value.type !== 'float32') throw this.lacks(`an input of type ${value.type}`);
    return value;
  }

  /** The whole numbers of an input that must be known before the run: a shape, axes. */
  ints(place: number): number[] {
    const { known } = this.input(place);
    if (!known) throw this.lacks(`an input ${place} that is computed from the data`);
    if (known.length > MOST_INTS) throw this.lacks(`an input ${place} of ${known.length} numbers`);
    return [...known];
  }

  // Attributes

  number(name: string, otherwise: number): number {
    const value = this.node.attributes[name];
    return typeof value === 'number' ? value : otherwise;
  }

  list(name: string): readonly number[] | undefined {
    const value = this.node.attributes[name];
    return Array.isArray(value) ? (value as readonly number[]) : undefined;
  }

  text(name: string, otherwise: string): string {
    const value = this.node.attributes[name];
    return typeof value === 'string' ? value : otherwise;
  }

  /** An axis counted from the front; negative ones are counted from the end. */
  axis(axis: number, rank: number): number {
    const place = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(axis) || place < 0 || place >= rank) {
      throw invalid(`${this.node.operator} speaks of axis ${axis} of a tensor with ${rank}.`);
    }
    return place;
  }

  lacks(what: string): Error {
    return unsupported(`${this.node.operator} with ${what}`);
  }

  // Outputs

  /** Is this output read by anything? */
  wants(place: number): boolean {
    return (this.node.outputs[place] ?? '') !== '';
  }

  /** A new tensor as the output, row-major. */
  output(
    place: number,
    type: ElementType,
    dims: readonly number[],
    strides: readonly number[] = contiguousStrides(dims),
  ): Value {
    const value = { ...this.temporary(elements(dims)), type, dims, strides };
    this.plan.give(this.node.outputs[place] ?? '', value);
    return value;
  }

  /** Another view of an input as the output. */
  view(place: number, value: Value): void {
    this.plan.give(this.node.outputs[place] ?? '', value);
  }

  /** An output that is known before the run. */
  known(place: number, type: ElementType, dims: readonly number[], data: Int32Array): void {
    this.plan.give(this.node.outputs[place] ?? '', this.plan.preset(type, dims, data));
  }

  /** Space for so many elements of four bytes. */
  temporary(count: number): Value {
    return this.plan.temporary(count);
  }

  // Steps

  /**
   * Adds a step that reads and writes these tensors. One that writes no element does nothing, but puts the weights
   * it reads into memory: for other shapes it may do something.
   */
  step(
    reads: readonly (Value | undefined)[],
    writes: readonly Value[],
    run: () => void,
    kind: StepKind = { kernel: this.node.operator, multiplyAdds: 0 },
  ): void {
    const isEmpty = writes.every(({ dims }) => elements(dims) === 0);
    this.plan.step(kind, reads, writes, isEmpty ? nothing : run);
  }

  /**
   * What a step runs that computes whole numbers: those of int64 that leave the 32 bits they are held in are refused.
   *
   * @param type of the result
   */
  whole(type: ElementType, run: () => void): () => void {
    if (type !== 'int64') return run;
    return () => {
      this.kernels.takeLost();
      run();
      if (this.kernels.takeLost() !== 0) throw this.lacks('whole numbers beyond 32 bits');
    };
  }

  /** The same tensor row-major. */
  contiguous(value: Value): Value {
    return isContiguous(value) ? value : this.copied(value, contiguousStrides(value.dims));
  }

  /** The same tensor with channels as the innermost axis. */
  channelsLast(value: Value): Value {
    const strides = channelsLastStrides(value.dims);
    return hasStrides(value, strides) ? value : this.copied(value, strides);
  }

  /** The same tensor as one run of memory, in whatever order. */
  dense(value: Value): Value {
    return isDense(value) ? value : this.contiguous(value);
  }

  /** The same numbers in another shape. */
  reshaped(value: Value, dims: readonly number[]): Value {
    const source = this.contiguous(value);
    return { ...withoutWeight(source), dims, strides: contiguousStrides(dims) };
  }

  copied(value: Value, strides: readonly number[]): Value {
    const { type, dims } = value;
    const copy = { ...this.temporary(elements(dims)), type, dims, strides };
    this.copy(value, copy);
    return copy;
  }

  /** A step that copies all elements of one view to another of the same shape. */
  copy(from: Value, to: Value): void {
    const { dims, views } = collapse(from.dims, [to.strides, from.strides]);
    const shape = [...dims, ...views.flat().map((step) => step * 4)];
    this.step([from], [to], () => {
      const at = this.memory.shape(shape);
      this.kernels.copyStrided(address(to), address(from), dims.length, 0, at);
    });
  }

  /** A step of two inputs that are broadcast to the output's shape. */
  binary(operation: number, out: Value, a: Value, b: Value): void {
    const inputs = [broadcastStrides(a, out.dims), broadcastStrides(b, out.dims)];
    const { dims, views } = walk(out, inputs);
    const shape = [...dims, ...views.flat().map((step) => step * 4)];
    const run = () => {
      const at = this.memory.shape(shape);
      this.kernels.binary(operation, address(out), address(a), address(b), dims.length, at);
    };
    this.step([a, b], [out], this.whole(out.type, run));
  }
}

function nothing(): void {}

/** Axes in the order in which a dense output lies in memory, so that it can be written in one go. */
export function walk(
  out: Value,
  inputs: readonly (readonly number[])[],
): { dims: number[]; views: number[][] } {
  const order = out.dims
    .map((_, axis) => axis)
    .sort((a, b) => (out.strides[b] ?? 0) - (out.strides[a] ?? 0) || a - b);
  const pick = (list: readonly number[]) => order.map((axis) => list[axis] ?? 0);
  return collapse(pick(out.dims), inputs.map(pick));
}

/** A view that no longer is the whole weight it was made from. */
export function withoutWeight({ weight: _, ...value }: Value): Value {
  return value;
}
