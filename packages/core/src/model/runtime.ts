import type * as onnxruntime from 'onnxruntime-common';

/**
 * The part of an ONNX runtime that is used: any module with the API of `onnxruntime-common` works
 * (`onnxruntime-web`, `onnxruntime-node`, …).
 */
export type OrtRuntime = Pick<typeof onnxruntime, 'InferenceSession' | 'Tensor' | 'env'>;

/** The runtimes that have names. */
export const RUNTIMES = ['engine', 'web', 'node'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

export function isRuntime(name: unknown): name is RuntimeName {
  return (RUNTIMES as readonly unknown[]).includes(name);
}

/** A runtime and its name. */
export interface NamedRuntime {
  readonly name: RuntimeName | 'custom';
  readonly runtime: OrtRuntime;
}

/** The first choice of a runtime, and a fallback for models that it cannot run. */
export interface Runtimes extends NamedRuntime {
  readonly otherwise?: () => Promise<NamedRuntime>;
}

/** The requested runtime; by default the engine, with onnxruntime-web as the fallback. */
export async function findRuntimes(
  options: { runtime?: RuntimeName | OrtRuntime; executionProviders?: readonly string[] },
  load: (name: RuntimeName) => Promise<OrtRuntime>,
): Promise<Runtimes> {
  const { runtime, executionProviders } = options;
  if (typeof runtime === 'object') return { name: 'custom', runtime };
  const named = async (name: RuntimeName) => ({ name, runtime: await load(name) });
  if (runtime !== undefined) return named(runtime);
  if (executionProviders) return named('web');
  return { ...(await named('engine')), otherwise: () => named('web') };
}

/** True for an error that means: this runtime cannot run the model, another one may. */
export function lacksSomething(error: unknown): error is Error {
  return error instanceof Error && 'reason' in error && error.reason === 'unsupported';
}

/** True for an error that means: the engine cannot start here, nor can onnxruntime-web, which needs the same. */
export function lacksWebAssembly(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'unavailable';
}

/** The places of onnxruntime-web's two files, if it cannot find them itself. */
export interface WasmFiles {
  /** Address of `ort-wasm-simd-threaded.mjs`. */
  readonly mjs?: string | URL;
  /** Address of `ort-wasm-simd-threaded.wasm`, or its bytes. */
  readonly wasm?: string | URL | Uint8Array;
}
