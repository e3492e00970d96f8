import { existsSync } from 'node:fs';
import { CaptionError } from '../errors.js';
import { decodeImage } from '../image/decode.js';
import { setWebpWasm } from '../image/webp/codec.js';
import { bytesOf, rawPixels } from '../input/memory.js';
import { urlSource } from '../model/address.js';
import { filesSource as sourceOfFiles } from '../model/given-files.js';
import type { OrtRuntime, RuntimeName } from '../model/runtime.js';
import type { ModelFiles, ModelSource } from '../model/source.js';
import { type OpenedPhoto, type OpenRequest, openDecoded, openRaw } from '../platform.js';
import type { ImageInput, LoadOptions } from '../types.js';
import { embeddedModel } from './embedded-model.js';
import { readPhoto } from './files.js';
import { folderSource } from './folder-source.js';
import { readWebpWasm } from './webp-wasm.js';

export { inputForWorker, startThread } from './thread.js';

setWebpWasm(readWebpWasm);

export async function loadRuntime(name: RuntimeName): Promise<OrtRuntime> {
  if (name === 'engine') return (await import('../engine/index.js')).createEngine();
  if (name === 'node') return (await import('./native-runtime.js')).nativeRuntime();
  try {
    return await import('onnxruntime-web');
  } catch (cause) {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      'The package onnxruntime-web is not installed. It is needed because the option "runtime" asks for it or the built-in engine cannot run this model. Run "npm install onnxruntime-web", or choose another runtime with the option "runtime".',
      { cause },
    );
  }
}

/** In Node two threads of the WASM runtime were slower than one on networks of this size. */
export function defaultThreads(): number {
  return 1;
}

export const defaultModel = embeddedModel;

export function filesSource(files: ModelFiles): ModelSource {
  const open = (folder: URL) =>
    folder.protocol === 'file:' ? folderSource(folder) : urlSource(folder);
  return sourceOfFiles(files, open);
}

/** Worker threads have the same paths as the main thread. */
export async function modelForWorker(
  model: LoadOptions['model'],
): Promise<string | ModelFiles | undefined> {
  return model instanceof URL ? model.href : model;
}

export async function modelSource(location: string | URL): Promise<ModelSource> {
  const protocol =
    location instanceof URL ? location.protocol : /^(https?:|file:)\/\//.exec(location)?.[1];
  if (protocol === 'http:' || protocol === 'https:') return urlSource(location);
  if (typeof location === 'string' && !existsSync(location)) {
    const { pulledModel } = await import('./hub/pulled.js');
    return folderSource((await pulledModel(location)) ?? location);
  }
  return folderSource(location);
}

export async function openPhoto(input: ImageInput, request: OpenRequest): Promise<OpenedPhoto> {
  const bytes =
    typeof input === 'string' || input instanceof URL
      ? await readPhoto(input, request.maxBytes, request.signal)
      : await bytesOf(input, request.maxBytes);
  if (bytes) {
    const image = await decodeImage(bytes, { ...request, interpolateColour: true });
    return openDecoded(image, request.orientation);
  }
  return openRaw(rawPixels(input, request.maxPixels));
}
