import { bundleFunction } from './bundle.js';
import {
  type Architecture,
  type Contents,
  model,
  nativeRuntime,
  wasmRuntime,
  webpDecoder,
} from './contents.js';

export interface PackageOptions {
  /** The model's folder; undefined leaves the model out. */
  readonly model?: string;
  /** Take the native runtime for this architecture instead of the WASM one, which runs on both. */
  readonly native?: Architecture;
}

/** Everything that goes into the function's zip. */
export async function functionContents(root: string, options: PackageOptions): Promise<Contents> {
  const parts = await Promise.all([
    bundleFunction(root).then(({ code }) => new Map([['index.mjs', code]])),
    options.native ? nativeRuntime(root, options.native) : wasmRuntime(root),
    webpDecoder(root),
    options.model === undefined ? new Map<string, Uint8Array>() : model(options.model),
  ]);
  return new Map(parts.flatMap((part) => [...part]));
}
