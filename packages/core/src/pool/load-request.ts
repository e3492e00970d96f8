import type { ModelBytes } from '../model/source.js';
import type { LoadOptions } from '../types.js';
import { ownBytes } from './copy-bytes.js';
import type { Request } from './protocol.js';

/** What a worker is told to load, with a copy of the model's bytes where they were handed in. */
export async function loadRequest({
  signal: _,
  onProgress: __,
  runtime,
  workers: ___,
  model,
  ...others
}: LoadOptions): Promise<{ request: Request; transfer: Transferable[] }> {
  const rest = { ...others, ...(typeof runtime === 'string' && { runtime }) };
  if (model === undefined || typeof model === 'string' || model instanceof URL) {
    const location = model instanceof URL ? model.href : model;
    const options = { ...rest, ...(location !== undefined && { model: location }) };
    return { request: { kind: 'load', options }, transfer: [] };
  }
  const files = await copyFiles(model);
  const transfer = [...files.values()].map(({ buffer }) => buffer);
  return { request: { kind: 'load', options: { ...rest, model: files } }, transfer };
}

async function copyFiles(model: ModelBytes): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, bytes] of model instanceof Map ? model : Object.entries(model)) {
    files.set(
      name,
      await ownBytes(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes), false),
    );
  }
  return files;
}
