import { onAbort, throwIfAborted } from '../abort.js';
import { CaptionError } from '../errors.js';
import type { Manifest } from '../model/manifest.js';
import type { CaptionToken, LoadOptions } from '../types.js';
import type { Parcel } from './hand-over.js';
import { loadRequest } from './load-request.js';
import { type Answer, fromPlainError, type Made, type PhotoTask } from './protocol.js';
import type { StartThread, Thread } from './thread.js';

/** Milliseconds after which a worker that does not stop its photo is terminated. */
const PATIENCE = 1_000;

/** The thread ended while it was loading or had a photo. */
export class WorkerDied extends Error {
  constructor(cause: Error) {
    super(`A worker thread ended: ${cause.message}`, { cause });
    this.name = 'WorkerDied';
  }
}

export interface PoolWorkerEvents {
  /** Called when the worker is free for a photo. */
  onIdle(): void;
  /** Called when the worker has crashed or was terminated. */
  onEnd(): void;
}

/** One photo for a worker. */
export interface WorkerTask {
  /** Makes the photo ready. Called late, so that the bytes of waiting photos are not copied. */
  readonly parcel: () => Promise<Parcel>;
  readonly task: PhotoTask;
  readonly onToken: ((token: CaptionToken) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Call<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

interface PhotoCall extends Call<Made> {
  readonly id: number;
  readonly onToken: WorkerTask['onToken'];
}

/** A thread with a captioner, from its start to its end. It does one photo at a time. */
export class PoolWorker {
  /** Resolves when the model is loaded. */
  readonly loaded: Promise<Manifest>;
  hasLoaded = false;
  /** Number of finished photos. */
  photos = 0;
  #state: 'loading' | 'idle' | 'busy' | 'ended' = 'loading';
  readonly #thread: Thread;
  readonly #events: PoolWorkerEvents;
  readonly #onProgress: LoadOptions['onProgress'];
  #loading: Call<Manifest> | undefined;
  #call: PhotoCall | undefined;
  #lastId = 0;
  /** Set while the worker is to stop its photo. */
  #stopping: ReturnType<typeof setTimeout> | undefined;

  /** @throws CaptionError `RUNTIME_UNAVAILABLE` */
  constructor(startThread: StartThread, load: LoadOptions, events: PoolWorkerEvents) {
    this.#events = events;
    this.#onProgress = load.onProgress;
    this.#thread = startThread({
      onAnswer: (answer) => this.#hear(answer),
      onEnd: (cause) => this.#end(new WorkerDied(cause)),
    });
    this.loaded = new Promise((resolve, reject) => {
      this.#loading = { resolve, reject };
    });
    this.#sendLoad(load).catch((cause: unknown) => {
      const message =
        'The options of loadCaptioner cannot be passed to a worker thread: they may hold plain values and bytes only.';
      void this.terminate(new CaptionError('INVALID_OPTION', message, { cause }));
    });
  }

  get state(): 'loading' | 'idle' | 'busy' | 'ended' {
    return this.#state;
  }

  /**
   * Captions or embeds one photo; the worker must be idle.
   *
   * @throws WorkerDied, or the CaptionError of the photo
   */
  async work({ parcel, task, onToken, signal }: WorkerTask): Promise<Made> {
    const id = ++this.#lastId;
    this.#state = 'busy';
    // A worker keeps the process alive only while it has work.
    this.#thread.keepAlive(true);
    let removeListener = () => {};
    try {
      const { input, transfer } = await this.#prepare(parcel, signal);
      return await new Promise<Made>((resolve, reject) => {
        this.#call = { id, resolve, reject, onToken };
        removeListener = onAbort(signal, () => this.#stop());
        try {
          this.#thread.post({ ...task, id, input }, transfer);
        } catch (cause) {
          const message =
            'This input cannot be passed to a worker thread: its type is not supported, or it is an image of another origin, which must be loaded with crossorigin="anonymous".';
          this.#settle(() => reject(new CaptionError('INVALID_INPUT', message, { cause })));
        }
      });
    } finally {
      removeListener();
    }
  }

  /** Terminates the thread at once. Its unfinished photo fails with `reason`. */
  async terminate(reason: Error): Promise<void> {
    this.#end(reason);
    await this.#thread.terminate();
  }

  async #prepare(parcel: WorkerTask['parcel'], signal: AbortSignal | undefined): Promise<Parcel> {
    try {
      const ready = await parcel();
      throwIfAborted(signal);
      if (this.#state === 'busy') return ready;
    } catch (error) {
      if (this.#state === 'busy') this.#settle(() => {});
      throw error;
    }
    throw new WorkerDied(new Error('before its photo was sent'));
  }

  async #sendLoad(load: LoadOptions): Promise<void> {
    const { request, transfer } = await loadRequest(load);
    if (this.#state === 'loading') this.#thread.post(request, transfer);
  }

  #hear(answer: Answer): void {
    if (answer.kind === 'progress') {
      this.#listener(() => this.#onProgress?.(answer.progress), this.#loading);
    } else if (answer.kind === 'loaded') {
      const loading = this.#loading;
      this.#loading = undefined;
      this.hasLoaded = true;
      this.#settle(() => loading?.resolve(answer.manifest));
    } else if (answer.kind === 'load-failed') {
      void this.terminate(fromPlainError(answer.error));
    } else if (answer.id === this.#call?.id) {
      this.#hearOfCall(answer, this.#call);
    }
  }

  #hearOfCall(answer: Extract<Answer, { id: number }>, call: PhotoCall): void {
    if (answer.kind === 'token') {
      if (!this.#stopping) this.#listener(() => call.onToken?.(answer.token), call);
    } else if (answer.kind === 'failed') {
      this.#settle(() => call.reject(fromPlainError(answer.error)));
    } else {
      this.photos++;
      this.#settle(() => call.resolve(answer));
    }
  }

  /** Calls the caller's function. If it throws, the call fails, not the process. */
  #listener(listen: () => void, call: Pick<Call<never>, 'reject'> | undefined): void {
    try {
      listen();
    } catch (error) {
      call?.reject(error);
      if (this.#loading)
        void this.terminate(error instanceof Error ? error : new Error(String(error)));
      else this.#stop();
    }
  }

  /** Asks the worker to stop its photo, and terminates it if it does not. */
  #stop(): void {
    if (!this.#call || this.#stopping) return;
    this.#thread.post({ kind: 'abort', id: this.#call.id });
    // The thread keeps the process alive until then: other photos may wait for it.
    this.#stopping = setTimeout(() => {
      void this.terminate(new WorkerDied(new Error('it did not stop when it was told to')));
    }, PATIENCE);
  }

  /** The worker is free again. */
  #settle(report: () => void): void {
    clearTimeout(this.#stopping);
    this.#stopping = undefined;
    this.#call = undefined;
    this.#state = 'idle';
    this.#thread.keepAlive(false);
    report();
    this.#events.onIdle();
  }

  #end(reason: Error): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#stopping);
    this.#loading?.reject(reason instanceof WorkerDied ? loadError(reason) : reason);
    this.#call?.reject(reason);
    this.#loading = undefined;
    this.#call = undefined;
    this.#events.onEnd();
  }
}

function loadError(cause: WorkerDied): CaptionError {
  return new CaptionError(
    'RUNTIME_UNAVAILABLE',
    `${cause.message}. If the program was bundled, put zipcaption/worker beside it (docs/frameworks.md), or load the captioner without "workers".`,
    { cause },
  );
}
