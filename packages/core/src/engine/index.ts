import type { OrtRuntime } from '../model/runtime.js';
import { EngineError, unsupported } from './errors.js';
import { EngineSession, type SessionOptions } from './session.js';
import { EngineTensor } from './tensor.js';

/**
 * The engine, as a runtime: what is used of the API of onnxruntime-common.
 *
 * @param products  how int8 weights are multiplied; float32 is slower, for comparisons
 */
export function createEngine(products: SessionOptions['products'] = 'int16'): OrtRuntime {
  const runtime = {
    InferenceSession: {
      async create(network: unknown, options: { externalData?: readonly unknown[] } = {}) {
        if (!(network instanceof Uint8Array)) throw unsupported('A network by its path');
        if (options.externalData?.length) throw unsupported('Weights in files beside the network');
        return EngineSession.create(network, { products });
      },
    },
    Tensor: EngineTensor,
    env: { wasm: {} },
  };
  // Its tensors and sessions have less than those of onnxruntime-common, but all that is used.
  return runtime as unknown as OrtRuntime;
}

/** Does a failed load mean that another runtime may do better? */
export function isUnsupported(error: unknown): boolean {
  return error instanceof EngineError && error.reason === 'unsupported';
}
