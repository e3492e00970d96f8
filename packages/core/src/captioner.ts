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
  /** Pending calls. */
  readonly #calls = new Set<Promise<unknown>>();
  #disposing: Promise<void> | undefined;

  /** @internal */
  constructor(backend: Backend, loadOptions: LoadOptions) {
    this.#backend = backend;
    this.#loadOptions = loadOptions;
  }

  /** The model's manifest: name, version, licence, preprocessing, defaults, metrics. */
  get model(): Manifest {
    return this.#backend.manifest;
  }

  /**
   * With `workers`: the number of workers that crashed, or were terminated because they did not stop,
   * since the start. Each was replaced. For monitoring.
   */
  get workersLost(): number {
    return this.#backend.workersLost;
  }

  /**
   * Captions one photo. Calls may overlap: they are queued or, with `workers`, run on the first free
   * worker.
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
   * The feature vector of a photo, for finding similar photos: the dot product of two vectors is their
   * cosine similarity, 1 for the same photo. Runs the encoder only.
   *
   * @returns the model's features with the norm 1 (1,280 numbers for the embedded model)
   * @throws CaptionError as {@link caption}, and `MODEL_UNSUPPORTED` if the model has no features
   *
   * @example
   * const [a, b] = await Promise.all(['a.jpg', 'b.jpg'].map((photo) => captioner.embed(photo)));
   * const similarity = a.reduce((sum, value, i) => sum + value * b[i], 0);
   */
  async embed(input: ImageInput, options: EmbedOptions = {}): Promise<Float32Array> {
    return this.#track(() => gatherAndEmbed(this.#backend, input, options));
  }

  /**
   * Captions one photo word by word, with greedy search or sampling. Yields the tokens; the promise
   * `result` of the same object gives the whole caption, as {@link caption} does.
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
   * @throws CaptionError for errors that concern all photos: `INVALID_OPTION`, `ABORTED`, `DISPOSED`,
   *   and with worker threads those of {@link loadCaptioner}
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
    // While every worker has a photo, the next one for each is prepared.
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
      controller.abort(); // Stops photos that are under way when the loop is left early.
      await pool?.dispose();
    }
  }

  /**
   * Frees the model's memory and ends the worker threads, once the pending calls have finished. A
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

  /** Runs a call that `dispose` waits for. */
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

  /** A pool for one call of `captionAll`, if the captioner cannot caption so many photos in parallel. */
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
  // Streams and downloads are read before the photo is queued: a slow sender delays no other photo.
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

/** True for errors that would fail every further photo, too. */
export function concernsAll({ code }: CaptionError): boolean {
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

/** Loaded on first use, since most pages and functions use no worker threads. */
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
    shared = undefined; // The next call tries again.
    throw error;
  });
  return (await shared).caption(input, options);
}
