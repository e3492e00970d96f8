import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { CaptionError } from '../errors.js';
import { lacksSomething, lacksWebAssembly, type OrtRuntime, type WasmFiles } from './runtime.js';

/*
 * The one file that touches the ONNX runtime. Everything else sees plain arrays with a shape, so
 * that it does not matter which runtime is behind it or how a session came to be.
 */

/** Numbers with a shape, row-major. */
export interface Values {
  readonly type: 'float32' | 'float16' | 'int64' | 'int32' | 'bool';
  readonly data: Float32Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
}

export interface SessionSettings {
  readonly runtime: OrtRuntime;
  /** Threads inside one run; the WASM runtime takes the number that is set at its first session. */
  readonly threads: number;
  readonly executionProviders?: readonly string[];
  readonly wasm?: WasmFiles;
}

/** One network's file: its bytes, or its path where the runtime can read it by itself. */
export interface NetworkFile {
  readonly network: Uint8Array | string;
  /** True if nobody else holds the bytes. */
  readonly isOwn?: boolean;
  /** Weights that are kept in files beside it (ONNX external data), by the names it knows them by. */
  readonly data?: Readonly<Record<string, Uint8Array>>;
  /** Where the runtime finds files of weights that `data` does not hold. */
  readonly folder?: string;
}

/** One network, loaded. Runs are queued: the runtime refuses concurrent ones. */
export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Sides of an input or output, undefined where one may differ from run to run. */
  shape(name: string): readonly (number | undefined)[] | undefined;
  /** Element type of an input, where the runtime tells it. */
  inputType(name: string): Values['type'] | undefined;
  outputType(name: string): Values['type'] | undefined;
  /**
   * @param isTrial a failure is no news: the runtime is not to write of it
   * @param spent results of an earlier run, by the names of outputs, that nobody looks at any more: a runtime may put
   *   those of this run into their memory. They may be among the feeds
   * @throws CaptionError `RUNTIME_FAILED`
   */
  run(
    feeds: Readonly<Record<string, Values>>,
    fetches: readonly string[],
    isTrial?: boolean,
    spent?: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Values>>;
  release(): Promise<void>;
}

/** True if the runtime reads files itself, so that their bytes need not pass through our memory. */
export function readsFiles(runtime: OrtRuntime): boolean {
  // What onnxruntime-node has and the WASM and WebGPU runtimes have not.
  return 'listSupportedBackends' in runtime;
}

/**
 * Loads a network.
 *
 * @param file  an ONNX (or ORT format) model
 * @param what  its name in error messages: "decoder.onnx"
 * @param shapes of inputs that the network itself leaves open, where they are known
 * @throws CaptionError `RUNTIME_UNAVAILABLE` when the runtime cannot start, `MODEL_INVALID` when it
 *   cannot read the network, `MODEL_UNSUPPORTED` when the network has what the runtime lacks
 */
export async function createSession(
  file: NetworkFile,
  what: string,
  settings: SessionSettings,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): Promise<Session> {
  prepareRuntime(settings);
  const data = Object.entries(file.data ?? {}).map(([path, bytes]) => ({ path, data: bytes }));
  const options: InferenceSession.SessionOptions & { readonly shapes: typeof shapes } = {
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Weights stored as int8 behind a DequantizeLinear are expanded once, here, not at every run.
    extra: {
      session: {
        disable_quant_qdq: '1',
        ...(file.folder && { model_external_initializers_file_folder_path: file.folder }),
      },
    },
    ...(settings.executionProviders && { executionProviders: settings.executionProviders }),
    ...(data.length > 0 && { externalData: data }),
    // For the engine alone, which tries at once whether it can run the network.
    shapes,
  };
  let session: InferenceSession;
  try {
    session = await settings.runtime.InferenceSession.create(file.network as Uint8Array, options);
  } catch (cause) {
    throw creationError(what, cause);
  }
  return wrap(session, what, settings.runtime);
}

function prepareRuntime({ runtime, threads, wasm }: SessionSettings): void {
  // onnxruntime-node has an `env.wasm` too; setting it there changes nothing.
  const flags = runtime.env.wasm;
  // The engine has none.
  if (!flags) return;
  flags.numThreads ??= threads;
  if (wasm?.wasm instanceof Uint8Array) flags.wasmBinary ??= wasm.wasm;
  const paths = {
    ...(wasm?.mjs && { mjs: wasm.mjs }),
    ...(wasm?.wasm && !(wasm.wasm instanceof Uint8Array) && { wasm: wasm.wasm }),
  };
  if (Object.keys(paths).length > 0) flags.wasmPaths ??= paths;
}

function creationError(what: string, cause: unknown): CaptionError {
  if (lacksSomething(cause)) {
    return new CaptionError(
      'MODEL_UNSUPPORTED',
      `${what} cannot be run by the built-in engine: ${cause.message} is not supported. Use the option "runtime" with 'web' or 'node', or omit it.`,
      { cause },
    );
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (lacksWebAssembly(cause)) {
    return new CaptionError(
      'RUNTIME_UNAVAILABLE',
      `The built-in engine cannot start: ${detail}. It needs WebAssembly with SIMD, which Node 20, Chrome 91, Firefox 89, Safari 16.4 and later have unless it is switched off (node --jitless); the Content-Security-Policy of a page must allow 'wasm-unsafe-eval'.`,
      { cause },
    );
  }
  const unavailable = /no available backend|WebAssembly|wasm.*(fetch|load|compile|instantiate)/i;
  if (unavailable.test(detail)) {
    return new CaptionError(
      'RUNTIME_UNAVAILABLE',
      `The ONNX runtime cannot start: ${detail}. It needs WebAssembly with SIMD and its two files (ort-wasm-simd-threaded.mjs and .wasm); the option "wasm" says where they are.`,
      { cause },
    );
  }
  if (/external (data|initializer)/i.test(detail)) {
    return new CaptionError(
      'MODEL_INVALID',
      `The weights of ${what} are in files of their own, of which one is missing or cut off (${detail}). Fetch the network again with all of them.`,
      { cause },
    );
  }
  return new CaptionError(
    'MODEL_INVALID',
    `${what} is not a network that the ONNX runtime can load (${detail}). The file may be cut off or of a newer ONNX version; fetch or export it again.`,
    { cause },
  );
}

function wrap(session: InferenceSession, what: string, runtime: OrtRuntime): Session {
  const typesOf = (metadata: typeof session.inputMetadata) =>
    new Map(
      metadata.flatMap((meta) => (meta.isTensor ? [[meta.name, meta.type]] : [])) as [
        string,
        Values['type'],
      ][],
    );
  const types = typesOf(session.inputMetadata);
  const outputTypes = typesOf(session.outputMetadata);
  const shapes = new Map(
    [...session.inputMetadata, ...session.outputMetadata].flatMap((meta) =>
      meta.isTensor
        ? [[meta.name, meta.shape.map((side) => (typeof side === 'number' ? side : undefined))]]
        : [],
    ) as [string, (number | undefined)[]][],
  );
  let last: Promise<unknown> = Promise.resolve();

  async function runNow(
    feeds: Readonly<Record<string, Values>>,
    fetches: readonly string[],
    isTrial: boolean,
    spent: Readonly<Record<string, Values>>,
  ): Promise<Record<string, Values>> {
    const tensors: Record<string, Tensor> = {};
    for (const [name, { type, data, dims }] of Object.entries(feeds)) {
      tensors[name] = new runtime.Tensor(type as 'float32', data as Float32Array, dims);
    }
    // `spent` is for the engine alone. Level 4: of nothing but the end of the process.
    const options = { spent, ...(isTrial && { logSeverityLevel: 4 as const }) };
    let results: InferenceSession.ReturnType;
    try {
      results = await session.run(tensors, fetches, options);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new CaptionError(
        'RUNTIME_FAILED',
        `The ONNX runtime failed while running ${what}: ${detail}`,
        { cause },
      );
    }
    const outputs: Record<string, Values> = {};
    for (const name of fetches) {
      const tensor = results[name];
      if (!tensor) throw new CaptionError('MODEL_INVALID', `${what} gave no output "${name}".`);
      // Elsewhere than in main memory (WebGPU) the data has to be fetched first.
      const data = tensor.location === 'cpu' ? tensor.data : await tensor.getData();
      outputs[name] = { type: tensor.type, data, dims: tensor.dims } as Values;
    }
    return outputs;
  }

  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    inputType: (name) => types.get(name),
    outputType: (name) => outputTypes.get(name),
    shape: (name) => shapes.get(name),
    run(feeds, fetches, isTrial = false, spent = {}) {
      const run = last.then(() => runNow(feeds, fetches, isTrial, spent));
      last = run.catch(() => undefined);
      return run;
    },
    async release() {
      await last;
      await session.release();
    },
  };
}
