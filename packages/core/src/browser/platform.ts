import { CaptionError } from '../errors.js';
import { bytesOf, rawPixels } from '../input/memory.js';
import { urlSource } from '../model/address.js';
import { filesSource as sourceOfFiles } from '../model/given-files.js';
import type { OrtRuntime, RuntimeName } from '../model/runtime.js';
import type { ModelFiles, ModelSource } from '../model/source.js';
import { type OpenedPhoto, type OpenRequest, openRaw } from '../platform.js';
import type { ImageInput, LoadOptions } from '../types.js';
import { drawableSize } from './drawables.js';
import { fileStore } from './file-store.js';
import { drawPixels, openFile } from './pixels.js';

export { inputForWorker, sharesDownloads, startThread } from './thread.js';

export async function loadRuntime(name: RuntimeName): Promise<OrtRuntime> {
  if (name === 'engine') return (await import('../engine/index.js')).createEngine();
  if (name === 'node') {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      `The runtime 'node' is native code and does not run in a browser. Use 'engine' or 'web'.`,
    );
  }
  try {
    return await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      'onnxruntime-web cannot be loaded. It is needed because the option "runtime" asks for it or the built-in engine cannot run this model. Install it and bundle again, add "onnxruntime-web/wasm" to the import map, or pass another runtime with the option "runtime".',
      { cause },
    );
  }
}

/**
 * Shared memory, and with it threads, is given to cross-origin isolated pages only. The runtime's
 * threads wait for each other actively, so one core is left to the page: with none free, two threads
 * were measured to be ten times slower than one.
 */
export function defaultThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.min(4, Math.max(1, (navigator.hardwareConcurrency ?? 1) - 1));
}

/** The embedded model, where the bundler has put its files, or where the import map says they are. */
export async function defaultModel(): Promise<ModelSource> {
  return filesSource(await embeddedFiles());
}

export async function modelSource(location: string | URL): Promise<ModelSource> {
  return { ...urlSource(new URL(location, globalThis.location?.href)), store: fileStore };
}

export function filesSource(files: ModelFiles): ModelSource {
  const source = sourceOfFiles(files);
  // What was handed in as bytes is there already.
  return source.verify ? { ...source, store: fileStore } : source;
}

/** A worker has no import map and an address of its own. */
export async function modelForWorker(
  model: LoadOptions['model'],
): Promise<string | ModelFiles | undefined> {
  if (model === undefined) return embeddedFiles();
  if (typeof model === 'string' || model instanceof URL) {
    return new URL(model, globalThis.location?.href).href;
  }
  return model;
}

async function embeddedFiles(): Promise<ModelFiles> {
  try {
    return (await import('@zipcaption/lite')).files;
  } catch (cause) {
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      'The embedded model, @zipcaption/lite, cannot be found. Install it, add "@zipcaption/lite" to the import map, or set the option "model" to the address of a model.',
      { cause },
    );
  }
}

export async function openPhoto(input: ImageInput, request: OpenRequest): Promise<OpenedPhoto> {
  if (typeof input === 'string' || input instanceof URL) {
    throw new CaptionError(
      'INVALID_INPUT',
      'A page cannot read a path. Pass a File, a Blob, an image element, a data: URL, or an http(s) address with the option "fetch".',
    );
  }
  const bytes = await bytesOf(input, request.maxBytes);
  if (bytes) return openFile(bytes, request);
  if (typeof ImageData !== 'undefined' && input instanceof ImageData) {
    const { data, width, height } = input;
    return openRaw(rawPixels({ data, width, height, channels: 4 }, request.maxPixels));
  }
  const found = await drawableSize(input);
  if (found) return openRaw(drawPixels(found.drawable, found.size, request));
  return openRaw(rawPixels(input, request.maxPixels));
}
