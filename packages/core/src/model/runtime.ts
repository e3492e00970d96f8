import type * as onnxruntime from 'onnxruntime-common';

/**
 * What is used of an ONNX runtime: any module with the API of `onnxruntime-common` will do
 * (`onnxruntime-web`, `onnxruntime-node`, …).
 */
export type OrtRuntime = Pick<typeof onnxruntime, 'InferenceSession' | 'Tensor' | 'env'>;

/** Where the two files of the WASM runtime are, when it cannot find them itself. */
export interface WasmFiles {
  /** Address of `ort-wasm-simd-threaded.mjs`. */
  readonly mjs?: string | URL;
  /** Address of `ort-wasm-simd-threaded.wasm`, or its bytes. */
  readonly wasm?: string | URL | Uint8Array;
}
