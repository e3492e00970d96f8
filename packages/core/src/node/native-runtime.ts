import { CaptionError } from '../errors.js';
import type { OrtRuntime } from '../model/runtime.js';

/**
 * onnxruntime-node, which users install themselves: it is not a dependency of this package.
 *
 * @throws CaptionError `RUNTIME_UNAVAILABLE` when it is not there or not for this machine
 */
export async function nativeRuntime(): Promise<OrtRuntime> {
  // In a variable, so that neither TypeScript nor a bundler looks for what may not be there.
  const name = 'onnxruntime-node';
  try {
    const module = (await import(name)) as OrtRuntime & { default?: OrtRuntime };
    return module.InferenceSession ? module : (module.default ?? module);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      code === 'ERR_MODULE_NOT_FOUND'
        ? `The runtime 'node' needs the package onnxruntime-node, which is not installed. Run "npm install onnxruntime-node" beside zipcaption, or omit the option "runtime".`
        : `The runtime 'node': onnxruntime-node cannot be loaded (${cause instanceof Error ? cause.message : String(cause)}). Omit the option "runtime" to use WebAssembly.`,
      { cause },
    );
  }
}
