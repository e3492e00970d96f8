import { bundleFunction, type EntryName } from './bundle.js';
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
  /** Take onnxruntime-web along, for models that the built-in engine cannot run. */
  readonly web?: boolean;
  /** Take the native runtime for this architecture along. */
  readonly native?: Architecture;
}

const none: Contents = new Map();

/** Everything that goes into the function's zip. */
export async function functionContents(root: string, options: PackageOptions): Promise<Contents> {
  const bundled = async (name: EntryName): Promise<Contents> => {
    const { code } = await bundleFunction(root, options.web ?? false, name);
    return new Map([[name, code]]);
  };
  const parts = await Promise.all([
    bundled('index.mjs'),
    bundled('batch.mjs'),
    options.web ? wasmRuntime(root) : none,
    options.native ? nativeRuntime(root, options.native) : none,
    webpDecoder(root),
    options.model === undefined ? none : model(options.model),
  ]);
  return new Map(parts.flatMap((part) => [...part]));
}
