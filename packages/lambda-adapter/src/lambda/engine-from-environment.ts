import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CaptionError, type LoadOptions, loadCaptioner } from 'zipcaption';
import type { Engine } from '../http/engine.js';
import { modelLocation } from './model-location.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Loads the captioner that the environment asks for: `ZIPCAPTION_MODEL`, `ZIPCAPTION_MODEL_SHA256`,
 * `ZIPCAPTION_RUNTIME` (`wasm`, the default: the built-in engine, or onnxruntime-web for models that it
 * cannot run; `engine` or `web` for one of the two; `native`), `ZIPCAPTION_DTYPE` (of a Hugging Face folder without
 * a manifest: `fp32`, `q8`, …), `ZIPCAPTION_THREADS` (inside one run; 1 by default).
 *
 * @param folder  the folder of the running bundle, whose model and runtime files are used
 * @param workers worker threads that caption; 0, as on Lambda: the calling thread
 */
export async function engineFromEnvironment(
  env: Environment = process.env,
  folder: string = fileURLToPath(new URL('.', import.meta.url)),
  workers = 0,
): Promise<Engine> {
  const [model, runtime] = await Promise.all([
    findModel(env, folder),
    findRuntime(env, folder, workers),
  ]);
  // A name that is no number format is refused with the list of those that are.
  const dtype = env.ZIPCAPTION_DTYPE?.trim() as LoadOptions['dtype'];
  const threads = env.ZIPCAPTION_THREADS?.trim();
  return loadCaptioner({
    ...(model !== undefined && { model }),
    ...(dtype && { dtype }),
    ...(threads && { threads: Number(threads) }),
    ...runtime,
    workers,
  });
}

async function findModel(env: Environment, folder: string): Promise<string | undefined> {
  const location = modelLocation(env, folder);
  if (!location?.startsWith('s3://')) return location;
  const { fetchS3Model } = await import('./s3-model.js');
  const sha256 = env.ZIPCAPTION_MODEL_SHA256;
  return fetchS3Model(location, sha256 ? { sha256 } : {});
}

const MJS = 'ort-wasm-simd-threaded.mjs';
const WASM = 'ort-wasm-simd-threaded.wasm';

function findRuntime(
  env: Environment,
  folder: string,
  workers: number,
): Pick<LoadOptions, 'runtime' | 'wasm'> {
  switch (env.ZIPCAPTION_RUNTIME || 'wasm') {
    case 'native':
      // A module cannot be passed to a thread; each loads its own by the name.
      return { runtime: workers > 0 ? 'node' : loadNative() };
    case 'wasm':
      return webFiles(folder);
    case 'web':
      return { runtime: 'web', ...webFiles(folder) };
    case 'engine':
      return { runtime: 'engine' };
    default:
      throw new CaptionError(
        'RUNTIME_UNAVAILABLE',
        `ZIPCAPTION_RUNTIME must be "wasm", "engine", "web" or "native", not "${env.ZIPCAPTION_RUNTIME}".`,
      );
  }
}

/** onnxruntime-web's files beside a bundle; an installed package finds them by itself. */
function webFiles(folder: string): Pick<LoadOptions, 'wasm'> {
  const [mjs, wasm] = [join(folder, MJS), join(folder, WASM)];
  if (!existsSync(mjs) || !existsSync(wasm)) return {};
  return { wasm: { mjs: pathToFileURL(mjs), wasm: pathToFileURL(wasm) } };
}

/** From the zip or a layer; `require` looks into both, `import` does not. */
function loadNative(): NonNullable<LoadOptions['runtime']> {
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as NonNullable<
      LoadOptions['runtime']
    >;
  } catch (cause) {
    throw new CaptionError(
      'RUNTIME_UNAVAILABLE',
      'ZIPCAPTION_RUNTIME is "native", but onnxruntime-node is not installed for this architecture. Package it with --native, or add it as a layer.',
      { cause },
    );
  }
}
