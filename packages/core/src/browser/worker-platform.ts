import { CaptionError } from '../errors.js';
import type { OrtRuntime, RuntimeName } from '../model/runtime.js';
import type { ModelSource } from '../model/source.js';

/* What a Web Worker does otherwise than a page: it is one file, without a bundler's or import map's help. */

export { defaultThreads, filesSource, modelSource, openPhoto } from './platform.js';

export async function loadRuntime(name: RuntimeName): Promise<OrtRuntime> {
  if (name === 'engine') return (await import('../engine/index.js')).createEngine();
  throw new CaptionError(
    'RUNTIME_UNAVAILABLE',
    `zipcaption's Web Workers have no runtime '${name}': in a browser, the option "workers" only supports models that the built-in engine can run. Omit "workers", or import zipcaption in a worker of your own.`,
  );
}

/** The page says where the files are. */
export async function defaultModel(): Promise<ModelSource> {
  throw new CaptionError('MODEL_NOT_FOUND', 'The worker was not told where the model is.');
}
