import { abortError, onAbort, throwIfAborted } from '../abort.js';
import type { Backend } from '../backend.js';
import { CaptionError } from '../errors.js';
import type { Manifest } from '../model/manifest.js';
import { resolveEmbedOptions, resolveOptions } from '../options.js';
import type {
  CaptionOptions,
  CaptionResult,
  CaptionToken,
  EmbedOptions,
  ImageInput,
  LoadOptions,
} from '../types.js';
import { type HandOverRequest, handOver, isBitmap } from './hand-over.js';
import { PoolWorker, WorkerDied } from './pool-worker.js';
import type { Made, PhotoTask } from './protocol.js';
import type { Threads } from './thread.js';

/** One photo and its task. */
interface Order {
  readonly input: ImageInput;
  /** The caller's options; the worker fills in the model's defaults. */
  readonly task: PhotoTask;
  readonly limits: HandOverRequest;
  readonly signal: AbortSignal | undefined;
  readonly onToken?: CaptionOptions['onToken'];
}

interface Job extends Order {
  readonly resolve: (made: Made) => void;
  readonly reject: (error: unknown) => void;
  /** Number of workers that died with this photo. */
  deaths: number;
  /** The photo cannot be tried again: words were streamed, or its buffer was transferred. */
  isUnrepeatable: boolean;
}

/**
 * Captioners on worker threads, each with a model of its own, kept alive from photo to photo. Photos
 * are taken in the order in which they came, by whichever worker is free.
 *
 * A worker that dies is replaced. Its photo is done again once, since the photo need not be the
 * reason; a photo of which two workers died fails with `RUNTIME_FAILED`.
 */
export class CaptionerPool implements Backend {
  readonly workers: number;
  workersLost = 0;
  readonly #load: LoadOptions;
  readonly #platform: Threads;
  readonly #threads = new Set<PoolWorker>();
  readonly #waiting: Job[] = [];
  #manifest: Manifest | undefined;
  /** The error of the last worker that could not be started. */
  #failure: unknown;
  #closed = false;

  /**
   * @param size     most workers; each is started when there is work for it
   * @param manifest where it is known before the first worker has loaded
   */
  constructor(size: number, load: LoadOptions, platform: Threads, manifest?: Manifest) {
    if (load.runtime && typeof load.runtime !== 'string') {
      throw new CaptionError(
        'INVALID_OPTION',
        'The option "runtime" cannot be used with worker threads: a module cannot be passed to another thread. Name one (engine, web, node) instead, or omit "workers" and "concurrency".',
      );
    }
    this.workers = size;
    this.#load = load;
    this.#platform = platform;
    this.#manifest = manifest;
  }

  /** Starts all workers; resolves when each has loaded its model. */
  async start(): Promise<void> {
    const { signal } = this.#load;
    throwIfAborted(signal);
    const removeListener = onAbort(signal, () => void this.dispose());
    try {
      while (this.#threads.size < this.workers) {
        if (!this.#startWorker()) throw this.#failure;
        const [first] = this.#threads;
        if (this.#platform.sharesDownloads) await first?.loaded;
      }
      await Promise.all([...this.#threads].map((worker) => worker.loaded));
    } catch (error) {
      await this.dispose();
      throw signal?.aborted ? abortError(signal) : error;
    } finally {
      removeListener();
    }
  }

  get manifest(): Manifest {
    if (!this.#manifest) throw new Error('The pool has not been started.');
    return this.#manifest;
  }

  async caption(input: ImageInput, options: CaptionOptions): Promise<CaptionResult> {
    const limits = resolveOptions(options, this.manifest.generation, this.manifest.prompt);
    const { signal, onToken, transfer: _, fetch: __, fetchTimeout: ___, ...cloned } = options;
    const stream = onToken !== undefined;
    const task = { kind: 'caption', options: cloned, stream } as const;
    const made = await this.#order({ input, task, limits, signal, onToken });
    if (made.kind !== 'captioned') throw new Error('A caption was asked for.');
    return made.result;
  }

  async embed(input: ImageInput, options: EmbedOptions): Promise<Float32Array> {
    const limits = resolveEmbedOptions(options);
    const { signal, transfer: _, fetch: __, fetchTimeout: ___, ...cloned } = options;
    const task = { kind: 'embed', options: cloned } as const;
    const made = await this.#order({ input, task, limits, signal });
    if (made.kind !== 'embedded') throw new Error('Features were asked for.');
    return made.features;
  }

  async #order(order: Order): Promise<Made> {
    const { signal } = order;
    throwIfAborted(signal);
    if (this.#closed) throw stopped();
    let removeListener = () => {};
    try {
      return await new Promise<Made>((resolve, reject) => {
        const job: Job = { ...order, resolve, reject, deaths: 0, isUnrepeatable: false };
        removeListener = onAbort(signal, () => {
          reject(abortError(signal));
          const place = this.#waiting.indexOf(job);
          if (place >= 0) this.#waiting.splice(place, 1);
        });
        this.#waiting.push(job);
        this.#dispatch();
      });
    } finally {
      removeListener();
    }
  }

  async dispose(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(stopped());
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((worker) => worker.terminate(stopped())));
  }

  /** Gives waiting photos to free workers, and starts workers while there is room for more. */
  #dispatch(): void {
    if (this.#closed) return;
    for (const worker of this.#threads) {
      if (worker.state !== 'idle') continue;
      const job = this.#waiting.shift();
      if (!job) return;
      void this.#give(job, worker);
    }
    let loading = [...this.#threads].filter(({ state }) => state === 'loading').length;
    while (loading++ < this.#waiting.length && this.#threads.size < this.workers) {
      if (!this.#startWorker()) return;
    }
  }

  /** @returns false when it could not even be started */
  #startWorker(): boolean {
    // Only one worker reports progress; reports of several would jump back and forth.
    const { onProgress: _, ...quietly } = this.#load;
    const load = this.#threads.size === 0 && !this.#manifest ? this.#load : quietly;
    let worker: PoolWorker;
    try {
      worker = new PoolWorker(this.#platform.startThread, load, {
        onIdle: () => this.#dispatch(),
        onEnd: () => this.#lose(worker),
      });
    } catch (error) {
      this.#failure = error;
      if (this.#threads.size === 0) this.#rejectWaiting();
      return false;
    }
    this.#threads.add(worker);
    worker.loaded.then(
      (manifest) => (this.#manifest ??= manifest),
      (error: unknown) => {
        this.#failure = error;
        if (this.#threads.size === 0) this.#rejectWaiting();
      },
    );
    return true;
  }

  /**
   * Replaces a worker that has ended: at once where it had proved itself, otherwise when a photo
   * waits. One that could not even load would fail again at once.
   */
  #lose(worker: PoolWorker): void {
    this.#threads.delete(worker);
    if (this.#closed) return;
    this.workersLost++;
    if (worker.photos > 0) this.#startWorker();
    else if (worker.hasLoaded) this.#dispatch();
  }

  #rejectWaiting(): void {
    for (const job of this.#waiting.splice(0)) job.reject(this.#failure);
  }

  async #give(job: Job, worker: PoolWorker): Promise<void> {
    const { task, signal, onToken } = job;
    const watch =
      onToken &&
      ((token: CaptionToken) => {
        job.isUnrepeatable = true;
        onToken(token.text, token);
      });
    const parcel = async () => {
      const input = (await this.#platform.inputForWorker?.(job.input, job.limits)) ?? job.input;
      // The bytes of a Blob, or a bitmap that was made of an element, are nobody else's.
      const isOurs = input !== job.input && (isBitmap(input) || input instanceof Uint8Array);
      const ready = await handOver(input, isOurs ? { ...job.limits, transfer: true } : job.limits);
      if (job.limits.transfer && ready.transfer.length > 0) job.isUnrepeatable = true;
      return ready;
    };
    try {
      job.resolve(await worker.work({ parcel, task, onToken: watch, signal }));
    } catch (error) {
      if (error instanceof WorkerDied) this.#tryAgain(job, error);
      else job.reject(error);
    }
  }

  #tryAgain(job: Job, cause: WorkerDied): void {
    job.deaths++;
    if (job.signal?.aborted) return;
    if (job.isUnrepeatable || job.deaths > 1) {
      const message = `The worker thread that had this photo ended${job.deaths > 1 ? ', and so did the one that tried again' : ''}: ${cause.message}. If it happens only with this photo, the photo may need too much memory; lower maxPixels.`;
      job.reject(new CaptionError('RUNTIME_FAILED', message, { cause }));
      return;
    }
    this.#waiting.unshift(job);
    this.#dispatch();
  }
}

function stopped(): CaptionError {
  return new CaptionError('DISPOSED', 'This captioner was disposed of; load another one.');
}
