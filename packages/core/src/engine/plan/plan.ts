import { invalid, unsupported } from '../errors.js';
import type { FusedNode } from '../graph/fuse.js';
import type { Kernels } from '../kernels/kernels.js';
import type { EngineMemory } from '../memory.js';
import type { Port } from '../onnx/network.js';
import { type ElementType, elements } from '../onnx/tensor.js';
import { OPERATORS } from '../operators/index.js';
import { assignPlaces, type Lifetime } from './arena.js';
import { Context, type OpenPlan, type StepKind } from './context.js';
import { address, contiguousStrides, type Storage, type Value } from './value.js';
import { WeightStorage, type WeightStore } from './weights.js';

/** A network, prepared: what plans are made from. */
export interface PreparedNetwork {
  readonly opset: number;
  readonly nodes: readonly FusedNode[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

interface Step extends StepKind {
  readonly reads: readonly Storage[];
  readonly writes: readonly Storage[];
  readonly run: () => void;
}

/** One node, planned: what came of its inputs. Inputs that are alike give the same again. */
interface PlannedNode {
  readonly inputs: readonly Value[];
  readonly outputs: readonly (Value | undefined)[];
  readonly steps: readonly Step[];
  readonly presets: readonly Value[];
  /** Every piece of storage that was asked for, in order. */
  readonly storages: readonly Storage[];
}

/** No tensor of a captioning network is larger. */
const MOST_ELEMENTS = 2 ** 27;
/** Nor has one more axes. */
const MOST_AXES = 64;
/** Nor are more numbers read and computed before the run: masks of a few thousand positions. */
const MOST_KNOWN = 2 ** 27;

/**
 * One network for inputs of given shapes: the kernels to run, one after another, with every tensor's
 * place in memory settled. A plan may share tensors and steps with others, whose places for them differ:
 * `enter` one before it is used.
 */
export class Plan implements OpenPlan {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly #values = new Map<string, Value>();
  readonly #steps: Step[] = [];
  readonly #presets: Value[] = [];
  readonly #nodes: PlannedNode[] = [];
  /** Storage that the node at hand asked for, and what it was given when it was planned before. */
  #storages: Storage[] = [];
  #before: readonly Storage[] = [];
  /** Numbers read and computed so far, before the run. */
  #known = 0;
  readonly #places: { readonly storage: Storage; readonly address: number }[];

  /** @throws EngineError `unsupported` for what the engine lacks, `invalid` for what contradicts itself */
  constructor(
    network: PreparedNetwork,
    shapes: readonly (readonly number[])[],
    readonly weights: WeightStore,
    readonly memory: EngineMemory,
    readonly kernels: Kernels,
    onMove: () => void,
    {
      known = [],
      like,
    }: {
      /** For a plan of a few nodes: inputs whose numbers are known. */
      readonly known?: readonly Value[];
      /** A plan of the same network for other shapes: what does not depend on them is taken from it. */
      readonly like?: Plan | undefined;
    } = {},
  ) {
    this.inputs = network.inputs.map(({ name, type }, i) => {
      const dims = shapes[i] ?? [];
      const given = known[i];
      const before = like?.inputs[i];
      const value =
        given ??
        (before && hasDims(before, dims)
          ? before
          : {
              ...this.temporary(elements(dims)),
              type,
              dims,
              strides: contiguousStrides(dims),
            });
      if (given?.known) this.#presets.push(given);
      this.#values.set(name, value);
      return value;
    });
    const computes = known.length === 0;
    const before = like ? like.#nodes : [];
    network.nodes.forEach((node, i) => {
      this.#add(node, network.opset, onMove, computes, before[i]);
    });
    this.#before = [];
    this.outputs = network.outputs.map((port) => {
      const context = new Context(this, { ...PASS, inputs: [port.name] }, network.opset);
      return context.contiguous(context.input(0));
    });
    this.#places = this.#settle(onMove);
  }

  /** Puts the tensors where this plan has them, before inputs are written. */
  enter(): void {
    for (const { storage, address } of this.#places) storage.address = address;
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

  /**
   * The numbers of a contiguous tensor, copied.
   *
   * @param spent numbers whose memory the copy may take. Where it is too small, the copy gets twice what it needs: the
   *   caches of decoders grow from run to run
   */
  read(value: Value, spent?: unknown): Float32Array | Int32Array {
    const array = value.type === 'float32' ? this.memory.floats : this.memory.ints;
    const start = address(value) / 4;
    const numbers = array.subarray(start, start + elements(value.dims));
    if (!(spent instanceof Float32Array) || !(numbers instanceof Float32Array))
      return numbers.slice();
    const isEnough = spent.buffer.byteLength >= numbers.byteLength;
    const buffer = isEnough ? spent.buffer : new ArrayBuffer(2 * numbers.byteLength);
    const copy = new Float32Array(buffer, 0, numbers.length);
    copy.set(numbers);
    return copy;
  }

  // For operators, by way of their context

  value(name: string): Value {
    const value = this.#values.get(name);
    if (value) return value;
    return this.weights.value(name);
  }

  give(name: string, value: Value | undefined): void {
    if (!value) return;
    const { dims } = value;
    if (dims.length > MOST_AXES) throw unsupported(`A tensor of ${dims.length} axes`);
    if (!dims.every((side) => side >= 0)) throw invalid(`A tensor of ${dims.join(' × ')}.`);
    if (name !== '') this.#values.set(name, value);
  }

  temporary(count: number): Value {
    if (!(count <= MOST_ELEMENTS)) throw unsupported(`A tensor of ${count} elements`);
    const bytes = count * 4;
    const before = this.#before[this.#storages.length];
    // The same storage again: nodes that read it then need not be planned again.
    const storage = before?.bytes === bytes ? before : { address: -1, bytes };
    this.#storages.push(storage);
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

  #add(
    node: FusedNode,
    opset: number,
    onMove: () => void,
    computes: boolean,
    before: PlannedNode | undefined,
  ): void {
    const valuesOf = (names: readonly string[]) =>
      names.filter((name) => name !== '').map((name) => this.value(name));
    const inputs = valuesOf([...node.inputs, node.epilogue.residual ?? '']);
    if (before && inputs.every((value, i) => isAlike(value, before.inputs[i]))) {
      node.outputs.forEach((name, i) => {
        this.give(name, before.outputs[i]);
      });
      this.#steps.push(...before.steps);
      this.#presets.push(...before.presets);
      this.#nodes.push(before);
      return;
    }
    const [steps, presets] = [this.#steps.length, this.#presets.length];
    this.#storages = [];
    this.#before = before?.storages ?? [];
    this.#planNode(node, valuesOf(node.inputs), opset, onMove, computes);
    this.#nodes.push({
      inputs,
      outputs: node.outputs.map((name) => this.#values.get(name)),
      steps: this.#steps.slice(steps),
      presets: this.#presets.slice(presets),
      storages: this.#storages,
    });
  }

  #planNode(
    node: FusedNode,
    inputs: readonly Value[],
    opset: number,
    onMove: () => void,
    computes: boolean,
  ): void {
    const plan = OPERATORS[node.operator];
    if (!plan) throw unsupported(`The operator ${node.operator}`);
    // What is known is computed now, with the same kernels: shapes, masks, places.
    const isKnown = inputs.length > 0 && inputs.every((value) => value.known !== undefined);
    // A product with what was joined to it needs its weight as one, not as numbers that are fed.
    const isAlone = Object.keys(node.epilogue).length === 0;
    if (computes && isKnown && isAlone && node.operator !== 'Shape')
      this.#compute(node, inputs, opset, onMove);
    else plan(new Context(this, node, opset));
  }

  #compute(node: FusedNode, inputs: readonly Value[], opset: number, onMove: () => void): void {
    const names = node.inputs.filter((name) => name !== '');
    const port = (name: string): Port => ({ name, type: 'float32', shape: [] });
    const small = new Plan(
      {
        opset,
        nodes: [node],
        inputs: names.map(port),
        outputs: node.outputs.filter((name) => name !== '').map(port),
      },
      [],
      ...[this.weights, this.memory, this.kernels, onMove],
      { known: inputs.map((value) => copyOf(value)) },
    );
    for (const { dims } of [...inputs, ...small.outputs]) this.#known += elements(dims);
    if (this.#known > MOST_KNOWN) throw unsupported(`${this.#known} numbers known before the run`);
    small.enter();
    small.run();
    node.outputs
      .filter((name) => name !== '')
      .forEach((name, i) => {
        const output = small.outputs[i];
        if (output) this.give(name, this.preset(output.type, output.dims, small.read(output)));
      });
  }

  /** Settles where every tensor lies. */
  #settle(onMove: () => void): { storage: Storage; address: number }[] {
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
    return lifetimes.map(({ storage }) => ({ storage, address: base + storage.address }));
  }
}

function hasDims(value: Value, dims: readonly number[]): boolean {
  return areEqual(value.dims, dims);
}

/** Is it the same view of the same storage, known in the same way? */
function isAlike(a: Value, b: Value | undefined): boolean {
  if (a === b) return true;
  return (
    b !== undefined &&
    a.storage === b.storage &&
    a.offset === b.offset &&
    a.type === b.type &&
    a.weight === b.weight &&
    a.known === b.known &&
    areEqual(a.dims, b.dims) &&
    areEqual(a.strides, b.strides)
  );
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

const PASS: FusedNode = {
  operator: 'Identity',
  name: '',
  outputs: [],
  attributes: {},
  epilogue: {},
  inputs: [],
};

/** Known numbers in a place of their own. */
function copyOf({ type, dims, known }: Value): Value {
  return {
    type,
    dims,
    known,
    offset: 0,
    strides: contiguousStrides(dims),
    storage: { address: -1, bytes: elements(dims) * 4 },
  };
}
