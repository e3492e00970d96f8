import { EngineError, invalid, unsupported } from './errors.js';
import { fuse } from './graph/fuse.js';
import { foldWeights } from './graph/weights.js';
import { compileKernels, instantiateKernels, type Kernels } from './kernels/kernels.js';
import { EngineMemory } from './memory.js';
import { type Port, readNetwork } from './onnx/network.js';
import { elements } from './onnx/tensor.js';
import { Plan, type PreparedNetwork } from './plan/plan.js';
import type { Value } from './plan/value.js';
import { WeightStore } from './plan/weights.js';
import { type EngineTensor, toTensor, wholeNumbers } from './tensor.js';

/** Plans are kept for so many different shapes: a decoder has one for each length and number of beams. */
const MOST_PLANS = 64;

export interface SessionOptions {
  /**
   * How int8 weights are multiplied: exactly, by activations of 15 bits (`int16`), or expanded to
   * float32.
   */
  readonly products: 'int16' | 'float32';
  /** Shapes of inputs that the network leaves open, as they will be. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

/** A network in memory, with the part of onnxruntime-common's `InferenceSession` that is used here. */
export class EngineSession {
  readonly #plans = new Map<string, Plan>();
  #state: State | undefined;

  private constructor(state: State) {
    this.#state = state;
  }

  /**
   * Reads a network and prepares it, so that everything the engine lacks shows now.
   *
   * @throws EngineError
   */
  static async create(bytes: Uint8Array, options: SessionOptions): Promise<EngineSession> {
    const compiled = starting(compileKernels);
    // Meanwhile; a failure of the other is told where it is waited for.
    compiled.catch(() => undefined);
    const network = reporting(() => foldWeights(readNetwork(bytes)));
    await compiled;
    const memory = await starting(async () => new EngineMemory());
    const kernels = await starting(() => instantiateKernels(memory.memory));
    return reporting(() => {
      memory.expect(bytes.length * 1.5);
      const weights = new WeightStore(
        network.constants,
        memory,
        kernels,
        options.products === 'int16',
      );
      const { opset, inputs, outputs } = network;
      const prepared = { opset, inputs, outputs, nodes: fuse(network) };
      const session = new EngineSession({ prepared, weights, memory, kernels });
      session.#try(options.shapes ?? {});
      weights.forgetFile();
      return session;
    });
  }

  /** Plans once, so that what the engine lacks shows; sides that nobody knows are taken as 1. */
  #try(shapes: NonNullable<SessionOptions['shapes']>): void {
    const { inputs } = this.#loaded.prepared;
    let guesses = 0;
    const tried = inputs.map(({ name, shape }) =>
      shape.map((side, axis) => {
        if (typeof side === 'number') return side;
        const known = shapes[name]?.[axis];
        if (known === undefined) guesses++;
        return known ?? 1;
      }),
    );
    try {
      this.#plan(tried);
    } catch (error) {
      // What contradicts itself may do so by a wrong guess only.
      const isOurs = error instanceof EngineError && error.reason === 'invalid';
      if (!isOurs || guesses === 0) throw error;
      throw unsupported(`A network whose shapes are not known before it runs (${error.message})`);
    }
  }

  get inputNames(): string[] {
    return this.#loaded.prepared.inputs.map(({ name }) => name);
  }

  get outputNames(): string[] {
    return this.#loaded.prepared.outputs.map(({ name }) => name);
  }

  get inputMetadata(): Metadata[] {
    return this.#loaded.prepared.inputs.map(metadata);
  }

  get outputMetadata(): Metadata[] {
    return this.#loaded.prepared.outputs.map(metadata);
  }

  /**
   * @param options `spent`: results of an earlier run, by the names of outputs, whose memory those of this run may
   *   take. What a run leaves behind has to be collected, which takes longer than the run of a small decoder
   * @throws EngineError `invalid` for inputs that do not fit
   */
  async run(
    feeds: Readonly<Record<string, EngineTensor>>,
    fetches: readonly string[] = this.outputNames,
    { spent = {} }: { readonly spent?: Readonly<Record<string, Pick<EngineTensor, 'data'>>> } = {},
  ): Promise<Record<string, EngineTensor>> {
    return reporting(() => {
      const plan = this.#fed(feeds);
      plan.run();
      return Object.fromEntries(
        fetches.map((name) => [name, this.#output(plan, name, spent[name]?.data)]),
      );
    });
  }

  /** A run that tells what its steps are and how long each took. */
  profile(feeds: Readonly<Record<string, EngineTensor>>): ReturnType<Plan['profile']> {
    return this.#fed(feeds).profile();
  }

  /** The plan for inputs of these shapes, the inputs in place. */
  #fed(feeds: Readonly<Record<string, EngineTensor>>): Plan {
    const given = this.#loaded.prepared.inputs.map((port) => checked(port, feeds[port.name]));
    const plan = this.#plan(given.map(({ dims }) => dims));
    plan.inputs.forEach((value, i) => {
      const tensor = given[i];
      if (tensor) plan.write(value, wholeNumbers(tensor));
    });
    return plan;
  }

  /** Gives the memory back. */
  async release(): Promise<void> {
    this.#plans.clear();
    this.#state = undefined;
  }

  /** Bytes of WebAssembly memory held. */
  get memoryBytes(): number {
    return this.#state?.memory.memory.buffer.byteLength ?? 0;
  }

  /** For tests: spoils everything that a run must write before it reads it. */
  poison(): void {
    this.#loaded.memory.poison();
  }

  get #loaded(): State {
    if (!this.#state) throw invalid('The session was released.');
    return this.#state;
  }

  #output(plan: Plan, name: string, spent?: EngineTensor['data']): EngineTensor {
    const place = this.#loaded.prepared.outputs.findIndex((port) => port.name === name);
    const value: Value | undefined = plan.outputs[place];
    if (!value) throw invalid(`The network has no output "${name}".`);
    return toTensor(value.type, value.dims, plan.read(value, spent));
  }

  #plan(shapes: readonly (readonly number[])[]): Plan {
    const { prepared, weights, memory, kernels } = this.#loaded;
    const key = shapes.join(';');
    const known = this.#plans.get(key);
    // The least recently used one comes first.
    if (known) this.#plans.delete(key);
    let hasMoved = false;
    const onMove = () => {
      hasMoved = true;
    };
    // Of a decoder's lengths, one after another, most of the plan is the same.
    const like = [...this.#plans.values()].at(-1);
    const plan = known ?? new Plan(prepared, shapes, weights, memory, kernels, onMove, { like });
    if (hasMoved) this.#plans.clear();
    this.#plans.set(key, plan);
    plan.enter();
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MOST_PLANS && oldest !== undefined) this.#plans.delete(oldest);
    return plan;
  }
}

interface State {
  readonly prepared: PreparedNetwork;
  readonly weights: WeightStore;
  readonly memory: EngineMemory;
  readonly kernels: Kernels;
}

interface Metadata {
  readonly name: string;
  readonly isTensor: true;
  readonly type: Port['type'];
  readonly shape: readonly (number | string)[];
}

function metadata({ name, type, shape }: Port): Metadata {
  return { name, isTensor: true, type, shape };
}

function checked({ name, type, shape }: Port, tensor: EngineTensor | undefined): EngineTensor {
  if (!tensor) throw invalid(`The input "${name}" is missing.`);
  if (tensor.type !== type) {
    throw invalid(`The input "${name}" is ${tensor.type}; ${type} was expected.`);
  }
  const fits =
    tensor.dims.length === shape.length &&
    shape.every((side, axis) => typeof side === 'string' || side === tensor.dims[axis]);
  if (!fits || elements(tensor.dims) !== tensor.data.length) {
    throw invalid(
      `The input "${name}" is ${tensor.dims.join(' × ')} (${tensor.data.length} numbers); ${shape.join(' × ')} was expected.`,
    );
  }
  return tensor;
}

/** What fails here fails for every network. */
async function starting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('unavailable', detail, { cause });
  }
}

/** What a damaged network makes fail in some other way is named for what it is. */
function reporting<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('invalid', `The network cannot be run: ${detail}`, { cause });
  }
}
