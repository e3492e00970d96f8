import type { WasmFiles } from '../model/runtime.js';
import type { LoadOptions } from '../types.js';
import { ownBytes } from './copy-bytes.js';
import type { Request } from './protocol.js';

/** The request to load a model in a worker, with a copy of the model's bytes if the caller passed bytes. */
export async function loadRequest({
  signal: _,
  onProgress: __,
  runtime,
  workers: ___,
  model,
  wasm,
  ...others
}: LoadOptions): Promise<{ request: Request; transfer: Transferable[] }> {
  const rest = {
    ...others,
    ...(wasm && { wasm: withoutUrls(wasm) }),
    ...(typeof runtime === 'string' && { runtime }),
  };
  if (model === undefined || typeof model === 'string' || model instanceof URL) {
    const location = model instanceof URL ? model.href : model;
    const options = { ...rest, ...(location !== undefined && { model: location }) };
    return { request: { kind: 'load', options }, transfer: [] };
  }
  const files = new Map<string, Uint8Array<ArrayBuffer> | string>();
  const transfer: Transferable[] = [];
  for (const [name, file] of model instanceof Map ? model : Object.entries(model)) {
    if (typeof file === 'string' || file instanceof URL) files.set(name, String(file));
    else {
      const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
      const copy = await ownBytes(bytes, false);
      files.set(name, copy);
      transfer.push(copy.buffer);
    }
  }
  return { request: { kind: 'load', options: { ...rest, model: files } }, transfer };
}

/** URL objects cannot be cloned to another thread, so they become texts. */
function withoutUrls({ mjs, wasm }: WasmFiles): WasmFiles {
  return {
    ...(mjs && { mjs: String(mjs) }),
    ...(wasm && { wasm: wasm instanceof URL ? wasm.href : wasm }),
  };
}
