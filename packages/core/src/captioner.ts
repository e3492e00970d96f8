import * as platform from '#platform';
import { CaptionError } from './errors.js';
import { preprocess, sizeNeeded } from './image/preprocess.js';
import type { Size } from './image/types.js';
import type { Manifest } from './model/manifest.js';
import { loadModel, type Model } from './model/model.js';
import { type ModelBytes, type ModelSource, memorySource } from './model/source.js';
import { checkCaptionAllOptions, checkLoadOptions, resolveOptions } from './options.js';
import type { Platform } from './platform.js';
import { Queue } from './queue.js';
import { describeCaption } from './result.js';
import { search } from './search/search.js';
import { searchSettings } from './settings.js';
import type {
  CaptionAllOptions,
  CaptionOptions,
  CaptionOutcome,
  CaptionResult,
  ImageInput,
  LoadOptions,
} from './types.js';

const here: Platform = platform;

/**
 * A model, ready to caption photos. Make one with {@link loadCaptioner} and keep it: loading takes
 * far longer than a caption.
 */
export class Captioner {
  readonly #model: Model;
  readonly #loadOptions: LoadOptions;
  readonly #queue = new Queue();
  #disposed = false;

  /** @internal */
  constructor(model: Model, loadOptions: LoadOptions) {
    this.#model = model;
    this.#loadOptions = loadOptions;
  }

  /** What is known of the model: name, version, licence, preprocessing, defaults, figures. */
  get model(): Manifest {
    return this.#model.manifest;
  }

  /**
   * Captions one photo. Calls may overlap: they wait for each other.
   *
   * @param input the photo: a file's bytes, a `Blob`, a path (Node), pixels; see {@link ImageInput}
   * @throws CaptionError `INVALID_OPTION`, `INVALID_INPUT`, `FILE_NOT_FOUND`, `UNSUPPORTED_FORMAT`,
   *   `IMAGE_TOO_LARGE`, `DECODE_FAILED`, `RUNTIME_FAILED`, `ABORTED`, `DISPOSED`
   *
   * @example
   * const { text, confidence } = await captioner.caption('dog.jpg', { numBeams: 5 });
   */
  async caption(input: ImageInput, options: CaptionOptions = {}): Promise<CaptionResult> {
    const { manifest, tokenizer } = this.#model;
    const settings = resolveOptions(options, manifest.generation);
    this.#refuseIfDisposed();
    return this.#queue.run(async () => {
      const words = searchSettings(settings, manifest, tokenizer);
      const clock = stopwatch();

      const photo = await here.openPhoto(input, {
        ...settings,
        atLeast: (upright: Size) => sizeNeeded(manifest.image, upright),
      });
      const decode = clock();
      const pixels = preprocess(photo, manifest.image);
      const preprocessing = clock();
      const encoded = await this.#model.encode(pixels);
      const encode = clock();
      const hypotheses = await search(this.#model.decode(encoded), words.settings, words.control);
      words.endStream();
      const searching = clock();
      const captions = describeCaption(hypotheses, words.settings, manifest, tokenizer);
      const detokenize = clock();

      return {
        ...captions,
        timings: {
          ...{ decode, preprocess: preprocessing, encode, search: searching, detokenize },
          total: decode + preprocessing + encode + searching + detokenize,
        },
        image: {
          format: photo.format,
          stored: photo.stored,
          upright: photo.upright,
          orientation: photo.orientation,
        },
        model: { name: manifest.name, version: manifest.version },
        warnings: photo.warnings,
      };
    }, options.signal);
  }

  /**
   * Captions many photos; what became of each comes in the order of the input, a bad photo as an
   * outcome with an `error`. At most a few photos are held in memory at a time.
   *
   * @throws CaptionError `INVALID_OPTION`, `ABORTED`, `DISPOSED`
   *
   * @example
   * for await (const { index, text, error } of captioner.captionAll(paths, { concurrency: 2 })) {
   *   console.log(paths[index], text ?? error.message);
   * }
   */
  async *captionAll(
    inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options: CaptionAllOptions = {},
  ): AsyncGenerator<CaptionOutcome, void, undefined> {
    checkCaptionAllOptions(options);
    const { concurrency = 1, ...each } = options;
    resolveOptions(each, this.#model.manifest.generation);
    this.#refuseIfDisposed();
    if (concurrency > 1) {
      if (!here.captionInWorkers) {
        throw new CaptionError(
          'INVALID_OPTION',
          'The option "concurrency" must be 1 in a browser; for more, run a captioner in each of several Web Workers.',
        );
      }
      yield* here.captionInWorkers(inputs, this.#loadOptions, { ...options, concurrency });
      return;
    }
    let index = 0;
    for await (const input of inputs) {
      yield await this.caption(input, each).then(
        (result) => ({ ...result, index }),
        (error: unknown) => {
          if (!(error instanceof CaptionError) || stopsAll(error)) throw error;
          return { index, error };
        },
      );
      index++;
    }
  }

  /** Frees the model's memory, after the calls that are under way. A second call does nothing. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#queue.run(() => this.#model.release());
  }

  #refuseIfDisposed(): void {
    if (this.#disposed) {
      throw new CaptionError('DISPOSED', 'This captioner was disposed of; load another one.');
    }
  }
}

/** Failures that concern not one photo but all that follow. */
function stopsAll(error: CaptionError): boolean {
  return error.code === 'ABORTED' || error.code === 'DISPOSED';
}

/** Each call gives the milliseconds since the one before. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const lap = now - last;
    last = now;
    return lap;
  };
}

/**
 * Loads a model: the embedded one, or another of the same manifest format.
 *
 * @throws CaptionError `INVALID_OPTION`, `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_CORRUPT`,
 *   `MODEL_UNSUPPORTED`, `NETWORK_FAILED`, `RUNTIME_UNAVAILABLE`, `ABORTED`
 *
 * @example
 * const captioner = await loadCaptioner({ model: './models/other' });
 * const { text } = await captioner.caption(bytes);
 * await captioner.dispose();
 */
export async function loadCaptioner(options: LoadOptions = {}): Promise<Captioner> {
  checkLoadOptions(options);
  const [runtime, source] = await Promise.all([
    options.runtime ?? here.loadRuntime(),
    findModel(options.model),
  ]);
  const model = await loadModel(
    source,
    {
      runtime,
      threads: options.threads ?? here.defaultThreads(),
      ...(options.executionProviders && { executionProviders: options.executionProviders }),
      ...(options.wasm && { wasm: options.wasm }),
    },
    options,
  );
  return new Captioner(model, options);
}

async function findModel(model: LoadOptions['model']): Promise<ModelSource> {
  if (model === undefined) return here.defaultModel();
  if (typeof model === 'string' || model instanceof URL) return here.modelSource(model);
  return memorySource(model satisfies ModelBytes);
}

let shared: Promise<Captioner> | undefined;

/**
 * Captions one photo with the embedded model. The first call loads it; later ones share it.
 *
 * @throws CaptionError as {@link loadCaptioner} and {@link Captioner.caption} do
 *
 * @example
 * const { text } = await captionImage(await readFile('dog.jpg'));
 */
export async function captionImage(
  input: ImageInput,
  options: CaptionOptions = {},
): Promise<CaptionResult> {
  shared ??= loadCaptioner().catch((error: unknown) => {
    shared = undefined; // A load that failed may go well the next time.
    throw error;
  });
  return (await shared).caption(input, options);
}
