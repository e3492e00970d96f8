import { unsupported } from '../errors.js';
import type { FusedNode } from '../graph/fuse.js';
import type { Kernels } from '../kernels/kernels.js';
import type { EngineMemory } from '../memory.js';
import type { Port } from '../onnx/network.js';
import { type ElementType, elements } from '../onnx/tensor.js';
import { OPERATORS } from '../operators/index.js';
import { assignPlaces, type Lifetime } from './arena.js';
import { Context } from './context.js';
import { address, contiguousStrides, type Storage, type Value } from './value.js';
import { WeightStorage, type WeightStore } from './weights.js';

/** A network, prepared: what plans are made from. */
export interface PreparedNetwork {
  readonly opset: number;
  readonly nodes: readonly FusedNode[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** What a step is, for those who measure. */
export interface StepKind {
  readonly kernel: string;
  /** Multiplications with an addition each, of the kernels that do little else. */
  readonly multiplyAdds: number;
}

interface Step extends StepKind {
  readonly reads: readonly Storage[];
  readonly writes: readonly Storage[];
  readonly run: () => void;
}

/** No tensor of a captioning network is larger. */
const MOST_ELEMENTS = 2 ** 27;

/**
 * One network for inputs of given shapes: the kernels to run, one after another, with every tensor's
 * place in memory settled.
 */
export class Plan {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly #values = new Map<string, Value>();
  readonly #steps: Step[] = [];
  readonly #presets: Value[] = [];

  /** @throws EngineError `unsupported` for what the engine lacks, `invalid` for what contradicts itself */
  constructor(
    network: PreparedNetwork,
    shapes: readonly (readonly number[])[],
    readonly weights: WeightStore,
    readonly memory: EngineMemory,
    readonly kernels: Kernels,
    onMove: () => void,
    /** For a plan of a few nodes: inputs whose numbers are known. */
    known: readonly (Value | undefined)[] = [],
  ) {
    this.inputs = network.inputs.map(({ name, type }, i) => {
      const dims = shapes[i] ?? [];
      const given = known[i];
      const value = given ?? {
        ...this.temporary(elements(dims)),
        type,
        dims,
        strides: contiguousStrides(dims),
      };
      if (given?.known) this.#presets.push(given);
      this.#values.set(name, value);
      return value;
    });
    const computes = known.length === 0;
    for (const node of network.nodes) this.#add(node, network.opset, onMove, computes);
    this.outputs = network.outputs.map((port) => {
      const context = new Context(this, { ...PASS, inputs: [port.name] }, network.opset);
      return context.contiguous(context.input(0));
    });
    this.#settle(onMove);
  }

  /** Runs every step; the inputs' numbers must be in place. */
  run(): void {
    for (const value of this.#presets) this.write(value, value.known ?? []);
    for (const { run } of this.#steps) run();
  }

  /** Runs every step and tells how long each took, in milliseconds. */
  profile(): (StepKind & { readonly milliseconds: number })[] {
    for (const value of this.#presets) this.write(value, value.known ?? []);
    return this.#steps.map(({ kernel, multiplyAdds, run }) => {
      const start = performance.now();
      run();
      return { kernel, multiplyAdds, milliseconds: performance.now() - start };
    });
  }

  write(value: Value, data: ArrayLike<number>): void {
    const array = value.type === 'float32' ? this.memory.floats : this.memory.ints;
    array.set(data, address(value) / 4);
  }

  /** The numbers of a contiguous tensor, copied. */
  read(value: Value): Float32Array | Int32Array {
    const array = value.type === 'float32' ? this.memory.floats : this.memory.ints;
    const start = address(value) / 4;
    return array.slice(start, start + elements(value.dims));
  }

  // For operators, by way of their context

  value(name: string): Value {
    const value = this.#values.get(name);
    if (value) return value;
    return this.weights.value(name);
  }

  give(name: string, value: Value): void {
    if (name !== '') this.#values.set(name, value);
  }

  temporary(count: number): Value {
    if (!(count <= MOST_ELEMENTS)) throw unsupported(`A tensor of ${count} elements`);
    const storage = { address: -1, bytes: count * 4 };
    return { type: 'float32', dims: [count], strides: [1], offset: 0, storage };
  }

  /** A tensor whose numbers are known; they are written before each run. */
  preset(type: ElementType, dims: readonly number[], data: Float32Array | Int32Array): Value {
    const strides = contiguousStrides(dims);
    const value = { ...this.temporary(data.length), type, dims, strides, known: data };
    this.#presets.push(value);
    return value;
  }

  step(
    kind: StepKind,
    reads: readonly (Value | undefined)[],
    writes: readonly Value[],
    run: () => void,
  ): void {
    this.#steps.push({
      ...kind,
      reads: reads.flatMap((value) => (value ? [value.storage] : [])),
      writes: writes.map(({ storage }) => storage),
      run,
    });
  }

  #add(node: FusedNode, opset: number, onMove: () => void, computes: boolean): void {
    const plan = OPERATORS[node.operator];
    if (!plan) throw unsupported(`The operator ${node.operator}`);
    const inputs = node.inputs.filter((name) => name !== '').map((name) => this.value(name));
    // What is known is computed now, with the same kernels: shapes, masks, places.
    const isKnown = inputs.length > 0 && inputs.every((value) => value.known !== undefined);
    if (computes && isKnown && node.operator !== 'Shape')
      this.#compute(node, inputs, opset, onMove);
    else plan(new Context(this, node, opset));
  }

  #compute(node: FusedNode, inputs: readonly Value[], opset: number, onMove: () => void): void {
    const names = node.inputs.filter((name) => name !== '');
    const port = (name: string): Port => ({ name, type: 'float32', shape: [] });
    const small = new Plan(
      {
        ...{ opset, nodes: [node], inputs: names.map(port) },
        outputs: node.outputs.filter((name) => name !== '').map(port),
      },
      [],
      ...[this.weights, this.memory, this.kernels, onMove],
      inputs.map((value) => copyOf(value)),
    );
    small.run();
    node.outputs
      .filter((name) => name !== '')
      .forEach((name, i) => {
        const output = small.outputs[i];
        if (output) this.give(name, this.preset(output.type, output.dims, small.read(output)));
      });
  }

  /** Settles where every tensor lies. */
  #settle(onMove: () => void): void {
    const uses = new Map<Storage, { from: number; to: number }>();
    const use = (storage: Storage, step: number) => {
      if (storage instanceof WeightStorage) return;
      const known = uses.get(storage);
      if (known) known.to = Math.max(known.to, step);
      else uses.set(storage, { from: step, to: step });
    };
    for (const { storage } of [...this.inputs, ...this.#presets]) use(storage, -1);
    this.#steps.forEach(({ reads, writes }, i) => {
      for (const storage of reads) use(storage, i);
      for (const storage of writes) use(storage, i);
    });
    for (const { storage } of this.outputs) use(storage, this.#steps.length);
    const lifetimes = [...uses].map(([storage, life]): Lifetime => ({ storage, ...life }));
    const bytes = assignPlaces(lifetimes);
    // Weights that steps read go into memory before the arena is settled: it would have to move.
    const read = [
      ...this.#steps.flatMap(({ reads }) => reads),
      ...this.outputs.map((o) => o.storage),
    ];
    for (const storage of read) if (storage instanceof WeightStorage) storage.place();
    const base = this.memory.arena(bytes, onMove);
    for (const { storage } of lifetimes) storage.address += base;
  }
}

const PASS: FusedNode = {
  ...{ operator: 'Identity', name: '', outputs: [] },
  ...{ attributes: {}, epilogue: {}, inputs: [] },
};

/** Known numbers in a place of their own. */
function copyOf({ type, dims, known }: Value): Value {
  return {
    ...{ type, dims, known, offset: 0, strides: contiguousStrides(dims) },
    storage: { address: -1, bytes: elements(dims) * 4 },
  };
}
