import * as platform from '#platform';
import { loadModel } from './model/model.js';
import { findRuntimes } from './model/runtime.js';
import type { ModelSource } from './model/source.js';
import { Pipeline } from './pipeline.js';
import type { PipelinePlatform } from './platform.js';
import type { LoadOptions } from './types.js';

const here: PipelinePlatform = platform;

/**
 * Loads a model on this thread, its options checked before.
 *
 * @throws CaptionError as `loadCaptioner` does
 */
export async function loadPipeline(options: LoadOptions): Promise<Pipeline> {
  const [runtimes, source] = await Promise.all([
    findRuntimes(options, here.loadRuntime),
    findModel(options.model),
  ]);
  const model = await loadModel(
    source,
    {
      ...runtimes,
      threads: options.threads ?? here.defaultThreads(),
      ...(options.executionProviders && { executionProviders: options.executionProviders }),
      ...(options.wasm && { wasm: options.wasm }),
    },
    options,
  );
  return new Pipeline(model);
}

async function findModel(model: LoadOptions['model']): Promise<ModelSource> {
  if (model === undefined) return here.defaultModel();
  if (typeof model === 'string' || model instanceof URL) return here.modelSource(model);
  return here.filesSource(model);
}
