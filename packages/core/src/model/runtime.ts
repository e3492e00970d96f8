import type * as onnxruntime from 'onnxruntime-common';

/**
 * What is used of an ONNX runtime: any module with the API of `onnxruntime-common` will do
 * (`onnxruntime-web`, `onnxruntime-node`, …).
 */
export type OrtRuntime = Pick<typeof onnxruntime, 'InferenceSession' | 'Tensor' | 'env'>;

/** The runtimes that are known by name. */
export const RUNTIMES = ['engine', 'web', 'node'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

export function isRuntime(name: unknown): name is RuntimeName {
  return (RUNTIMES as readonly unknown[]).includes(name);
}

/** A runtime, and what to say of it. */
export interface NamedRuntime {
  readonly name: RuntimeName | 'custom';
  readonly runtime: OrtRuntime;
}

/** What is to run a model: the first choice, and another for what that one lacks. */
export interface Runtimes extends NamedRuntime {
  readonly otherwise?: () => Promise<NamedRuntime>;
}

/** The runtime that was asked for; by default the engine, and onnxruntime-web for what it lacks. */
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

/** An error by which a runtime says that it lacks something that another one may have. */
export function lacksSomething(error: unknown): error is Error {
  return error instanceof Error && 'reason' in error && error.reason === 'unsupported';
}

/** Where the two files of the WASM runtime are, when it cannot find them itself. */
export interface WasmFiles {
  /** Address of `ort-wasm-simd-threaded.mjs`. */
  readonly mjs?: string | URL;
  /** Address of `ort-wasm-simd-threaded.wasm`, or its bytes. */
  readonly wasm?: string | URL | Uint8Array;
}
