import type { OrtRuntime } from '../model/runtime.js';
import { unsupported } from './errors.js';
import { EngineSession, type SessionOptions } from './session.js';
import { EngineTensor } from './tensor.js';

interface Options {
  readonly externalData?: readonly unknown[];
  readonly shapes?: SessionOptions['shapes'];
}

/**
 * The engine, as a runtime: what is used of the API of onnxruntime-common.
 *
 * @param products  how int8 weights are multiplied; float32 is slower, for comparisons
 */
export function createEngine(products: SessionOptions['products'] = 'int16'): OrtRuntime {
  const runtime = {
    InferenceSession: {
      async create(network: unknown, options: Options = {}) {
        if (!(network instanceof Uint8Array)) throw unsupported('A network by its path');
        if (options.externalData?.length) throw unsupported('Weights in files beside the network');
        return EngineSession.create(network, { products, shapes: options.shapes ?? {} });
      },
    },
    Tensor: EngineTensor,
    env: {},
  };
  // Its tensors and sessions have less than those of onnxruntime-common, but all that is used.
  return runtime as unknown as OrtRuntime;
}
