import * as currentPlatform from '#platform';
import { loadModel } from './model/model.js';
import { findRuntimes } from './model/runtime.js';
import type { ModelSource } from './model/source.js';
import { Pipeline } from './pipeline.js';
import type { PipelinePlatform } from './platform.js';
import type { LoadOptions } from './types.js';

const platform: PipelinePlatform = currentPlatform;

/**
 * Loads a model on this thread, its options checked before.
 *
 * @throws CaptionError as `loadCaptioner` does
 */
export async function loadPipeline(options: LoadOptions): Promise<Pipeline> {
  const [runtimes, source] = await Promise.all([
    findRuntimes(options, platform.loadRuntime),
    findModel(options.model),
  ]);
  const model = await loadModel(
    source,
    {
      ...runtimes,
      threads: options.threads ?? platform.defaultThreads(),
      ...(options.executionProviders && { executionProviders: options.executionProviders }),
      ...(options.wasm && { wasm: options.wasm }),
    },
    options,
  );
  return new Pipeline(model);
}

async function findModel(model: LoadOptions['model']): Promise<ModelSource> {
  if (model === undefined) return platform.defaultModel();
  if (typeof model === 'string' || model instanceof URL) return platform.modelSource(model);
  return platform.filesSource(model);
}
