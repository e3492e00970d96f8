/// <reference lib="esnext.disposable" preserve="true" />
import * as currentPlatform from '#platform';
import { linkedController } from './abort.js';
import type { Backend } from './backend.js';
import { CaptionError } from './errors.js';
import { gather } from './input/gather.js';
import { loadPipeline } from './load-pipeline.js';
import type { Manifest } from './model/manifest.js';
import {
  checkCaptionAllOptions,
  checkLoadOptions,
  resolveEmbedOptions,
  resolveOptions,
} from './options.js';
import type { Platform } from './platform.js';
import { inOrder } from './pool/in-order.js';
import type { CaptionerPool } from './pool/pool.js';
import { CaptionStream } from './stream.js';
import type {
  CaptionAllOptions,
  CaptionOptions,
  CaptionOutcome,
  CaptionResult,
  EmbedOptions,
  ImageInput,
  LoadOptions,
} from './types.js';

const platform: Platform = currentPlatform;

/**
 * A model, ready to caption photos. Make one with {@link loadCaptioner} and keep it: loading takes
 * far longer than a caption.
 *
 * @example
 * await using captioner = await loadCaptioner(); // Disposed of at the end of the block.
 */
export class Captioner {
  readonly #backend: Backend;
  readonly #loadOptions: LoadOptions;
  /** Under way. */
  readonly #calls = new Set<Promise<unknown>>();
  #disposing: Promise<void> | undefined;

  /** @internal */
  constructor(backend: Backend, loadOptions: LoadOptions) {
    this.#backend = backend;
    this.#loadOptions = loadOptions;
  }

  /** What is known of the model: name, version, licence, preprocessing, defaults, figures. */
  get model(): Manifest {
    return this.#backend.manifest;
  }

  /**
   * With `workers`: how many ended since the start, by themselves or because they did not stop when they
   * were told to. Each was replaced. A figure for monitoring.
   */
  get workersLost(): number {
    return this.#backend.workersLost;
  }

  /**
   * Captions one photo. Calls may overlap: they wait for each other, or, with `workers`, for a
   * worker that is free.
   *
   * @param input the photo: a file's bytes, a `Blob`, a path (Node), pixels; see {@link ImageInput}
   * @throws CaptionError `INVALID_OPTION`, `INVALID_INPUT`, `FILE_NOT_FOUND`, `UNSUPPORTED_FORMAT`,
   *   `IMAGE_TOO_LARGE`, `DECODE_FAILED`, `NETWORK_FAILED`, `RUNTIME_FAILED`, `ABORTED`, `DISPOSED`
   *
   * @example
   * const { text, confidence } = await captioner.caption('dog.jpg', { numBeams: 5 });
   */
  async caption(input: ImageInput, options: CaptionOptions = {}): Promise<CaptionResult> {
    return this.#caption(this.#backend, input, options);
  }

  /**
   * A photo's feature vector, for finding photos that look alike: the scalar product of two vectors is
   * their cosine similarity, 1 for the same photo. Made by the encoder alone, without a caption.
   *
   * @returns the model's features, scaled to a length of 1 (1,280 numbers of the embedded model)
   * @throws CaptionError as {@link caption}, and `MODEL_UNSUPPORTED` where the model has no features
   *
   * @example
   * const [a, b] = await Promise.all(['a.jpg', 'b.jpg'].map((photo) => captioner.embed(photo)));
   * const similarity = a.reduce((sum, value, i) => sum + value * b[i], 0);
   */
  async embed(input: ImageInput, options: EmbedOptions = {}): Promise<Float32Array> {
    return this.#track(() => gatherAndEmbed(this.#backend, input, options));
  }

  /**
   * Captions one photo word by word: greedy, or sampled. What is iterated over are its tokens;
   * `result` of the same object is what {@link caption} gives.
   *
   * @example
   * for await (const { text } of captioner.stream('dog.jpg')) process.stdout.write(text);
   */
  stream(input: ImageInput, options: Omit<CaptionOptions, 'onToken'> = {}): CaptionStream {
    return new CaptionStream((streaming) => this.caption(input, streaming), options);
  }

  /**
   * Captions many photos. Yields one outcome per input, in input order; a photo that fails yields an
   * outcome with an `error`. At most 2 × `concurrency` photos are in memory at a time.
   *
   * @throws CaptionError what concerns all photos: `INVALID_OPTION`, `ABORTED`, `DISPOSED`, and with
   *   worker threads those of {@link loadCaptioner}
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
    const { concurrency = Math.max(1, this.#backend.workers), ...each } = options;
    resolveOptions(each, this.model.generation, this.model.prompt);
    this.#refuseIfDisposed();
    const pool = await this.#poolFor(concurrency);
    const { workers } = pool ?? this.#backend;
    // While all workers have a photo, as many more are held ready for them.
    const most = concurrency === workers ? 2 * concurrency : concurrency;
    const { controller, unlink } = linkedController(options.signal);
    const work = (input: ImageInput, index: number): Promise<CaptionOutcome> =>
      this.#caption(pool ?? this.#backend, input, { ...each, signal: controller.signal }).then(
        (result) => ({ ...result, index }),
        (error: unknown) => {
          if (!(error instanceof CaptionError) || concernsAll(error)) throw error;
          return { index, error };
        },
      );
    try {
      yield* inOrder(inputs, most, work, controller.signal);
    } finally {
      unlink();
      controller.abort(); // Photos that were begun when the loop was left early.
      await pool?.dispose();
    }
  }

  /**
   * Frees the model's memory and ends the worker threads, after the calls that are under way. A
   * second call waits for the first.
   */
  dispose(): Promise<void> {
    this.#disposing ??= Promise.allSettled(this.#calls).then(() => this.#backend.dispose());
    return this.#disposing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #caption(
    backend: Backend,
    input: ImageInput,
    options: CaptionOptions,
  ): Promise<CaptionResult> {
    return this.#track(() => gatherAndCaption(backend, input, options));
  }

  /** `dispose` waits for it. */
  async #track<T>(start: () => Promise<T>): Promise<T> {
    this.#refuseIfDisposed();
    const call = start();
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Threads for one call, where more photos are to be worked on at once than can be otherwise. */
  async #poolFor(concurrency: number): Promise<CaptionerPool | undefined> {
    const { workers } = this.#backend;
    if (concurrency <= Math.max(1, workers)) return undefined;
    if (workers > 0) {
      throw new CaptionError(
        'INVALID_OPTION',
        `The option "concurrency" (${concurrency}) must be at most the number of workers that the captioner was loaded with (${workers}).`,
      );
    }
    return newPool(concurrency, this.#loadOptions, this.model);
  }

  #refuseIfDisposed(): void {
    if (this.#disposing) {
      throw new CaptionError('DISPOSED', 'This captioner was disposed of; load another one.');
    }
  }
}

async function gatherAndCaption(
  backend: Backend,
  input: ImageInput,
  options: CaptionOptions,
): Promise<CaptionResult> {
  // What has to be waited for is read before its turn comes: a slow sender holds nobody up.
  const photo = await gather(input, resolveOptions(options, backend.manifest.generation));
  return backend.caption(photo.input, photo.isOurs ? { ...options, transfer: true } : options);
}

async function gatherAndEmbed(
  backend: Backend,
  input: ImageInput,
  options: EmbedOptions,
): Promise<Float32Array> {
  const resolved = resolveEmbedOptions(options);
  const { name, encoder } = backend.manifest;
  if (encoder.features === undefined) {
    throw new CaptionError(
      'MODEL_UNSUPPORTED',
      `The model "${name}" has no features to embed photos with. Use a model whose manifest has encoder.features, as the embedded one does.`,
    );
  }
  const photo = await gather(input, resolved);
  return backend.embed(photo.input, photo.isOurs ? { ...options, transfer: true } : options);
}

/** Failures that concern not one photo but all that follow. */
function concernsAll({ code }: CaptionError): boolean {
  return (
    code === 'ABORTED' ||
    code === 'DISPOSED' ||
    code === 'INVALID_OPTION' ||
    code === 'RUNTIME_UNAVAILABLE' ||
    code.startsWith('MODEL_')
  );
}

/**
 * Loads a model: the embedded one, or another of the same manifest format.
 *
 * @throws CaptionError `INVALID_OPTION`, `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_CORRUPT`,
 *   `MODEL_UNSUPPORTED`, `NETWORK_FAILED`, `RUNTIME_UNAVAILABLE`, `ABORTED`
 *
 * @example
 * const captioner = await loadCaptioner({ model: './models/other', workers: 2 });
 * const { text } = await captioner.caption(bytes);
 * await captioner.dispose();
 */
export async function loadCaptioner(options: LoadOptions = {}): Promise<Captioner> {
  checkLoadOptions(options);
  return new Captioner(
    options.workers ? await startPool(options.workers, options) : await loadPipeline(options),
    options,
  );
}

async function startPool(workers: number, options: LoadOptions): Promise<CaptionerPool> {
  const pool = await newPool(workers, options);
  await pool.start();
  return pool;
}

/** Loaded on first use: most pages and functions have no worker threads. */
async function newPool(
  workers: number,
  options: LoadOptions,
  manifest?: Manifest,
): Promise<CaptionerPool> {
  const { CaptionerPool } = await import('./pool/pool.js');
  const { model, ...load } = options;
  const found = await platform.modelForWorker(model);
  const forWorker = { ...load, ...(found !== undefined && { model: found }) };
  return new CaptionerPool(workers, forWorker, platform, manifest);
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
