import { Worker } from 'node:worker_threads';
import { CaptionError, type CaptionErrorCode } from '../errors.js';
import type {
  CaptionAllOptions,
  CaptionOptions,
  CaptionOutcome,
  CaptionResult,
  ImageInput,
  LoadOptions,
} from '../types.js';

/** What a worker is asked. */
export interface WorkerTask {
  readonly input: ImageInput;
  readonly options: CaptionOptions;
}

/** A CaptionError as it crosses the thread boundary. */
export interface PlainError {
  readonly code: CaptionErrorCode;
  readonly message: string;
}

/** What a worker answers: `fatal` when its model does not load, otherwise one answer a task. */
export type WorkerAnswer =
  | { readonly fatal: PlainError }
  | { readonly result: CaptionResult }
  | { readonly error: PlainError };

type Options = Omit<CaptionAllOptions, 'concurrency'> & { concurrency: number };

/** Captions many photos on worker threads, each with a runtime and a model of its own. */
export async function* captionInWorkers(
  inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  load: LoadOptions,
  { concurrency, signal, ...options }: Options,
): AsyncGenerator<CaptionOutcome, void, undefined> {
  if (load.runtime) {
    throw new CaptionError(
      'INVALID_OPTION',
      'The option "concurrency" must be 1 with a "runtime" that was handed in: a module cannot be passed to another thread. Use "threads" instead.',
    );
  }
  const pool = new WorkerPool(load, concurrency);
  const abort = () =>
    pool.close(
      new CaptionError('ABORTED', 'The captions were aborted.', { cause: signal?.reason }),
    );
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    yield* inOrder(inputs, 2 * concurrency, (input, index) =>
      pool.run({ input: cloneable(input), options }).then(
        (result) => ({ ...result, index }),
        (error: unknown) => {
          if (!(error instanceof CaptionError) || pool.failure) throw pool.failure ?? error;
          return { index, error };
        },
      ),
    );
  } finally {
    signal?.removeEventListener('abort', abort);
    await pool.close(new CaptionError('DISPOSED', 'The worker threads were stopped.'));
  }
}

/**
 * Works on up to `most` inputs at a time and yields the results in the order of the inputs, each as
 * soon as it and all before it are there, even while the next input is still being waited for.
 */
export async function* inOrder<Input, Output>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  most: number,
  work: (input: Input, index: number) => Promise<Output>,
): AsyncGenerator<Output, void, undefined> {
  const iterator =
    Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  const pending: Promise<Output>[] = [];
  let next: Promise<IteratorResult<Input>> | undefined;
  let ended = false;
  let index = 0;
  try {
    for (;;) {
      if (!ended && pending.length < most) next ??= Promise.resolve(iterator.next());
      const [first] = pending;
      if (!next && !first) return;
      const happened = await Promise.race([
        ...(next ? [next.then((entry) => ({ entry }))] : []),
        ...(first ? [first.then((output) => ({ output }))] : []),
      ]);
      if ('entry' in happened) {
        next = undefined;
        if (happened.entry.done) ended = true;
        else {
          const promise = work(happened.entry.value, index++);
          promise.catch(() => undefined); // Awaited later, when its turn comes.
          pending.push(promise);
        }
      } else {
        pending.shift();
        yield happened.output;
      }
    }
  } finally {
    if (!ended) await iterator.return?.();
  }
}

/** A URL object does not survive the way to another thread; its text does. */
function cloneable(input: ImageInput): ImageInput {
  return input instanceof URL ? input.href : input;
}

interface Job {
  readonly task: WorkerTask;
  readonly resolve: (result: CaptionResult) => void;
  readonly reject: (error: CaptionError) => void;
}

class WorkerPool {
  /** Set when nothing more can be done: the model does not load, or the pool was closed. */
  failure: CaptionError | undefined;
  readonly #load: object;
  readonly #size: number;
  readonly #waiting: Job[] = [];
  readonly #busy = new Map<Worker, Job>();
  readonly #idle: Worker[] = [];

  constructor(load: LoadOptions, size: number) {
    const { onProgress: _, signal: __, model, ...rest } = load;
    this.#load = { ...rest, ...(model && { model: model instanceof URL ? model.href : model }) };
    this.#size = size;
  }

  run(task: WorkerTask): Promise<CaptionResult> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  async close(reason: CaptionError): Promise<void> {
    this.failure ??= reason;
    const workers = [...this.#idle, ...this.#busy.keys()];
    for (const { reject } of [...this.#busy.values(), ...this.#waiting]) reject(this.failure);
    this.#waiting.length = 0;
    this.#idle.length = 0;
    this.#busy.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const room = this.#busy.size + this.#idle.length < this.#size;
      const worker = this.#idle.pop() ?? (room ? this.#start() : undefined);
      if (!worker) return;
      const job = this.#waiting.shift() as Job;
      this.#busy.set(worker, job);
      // A worker keeps the process alive while it has work, and only then.
      worker.ref();
      try {
        worker.postMessage(job.task);
      } catch (cause) {
        this.#busy.delete(worker);
        this.#idle.push(worker);
        job.reject(
          new CaptionError('INVALID_INPUT', 'This input cannot be passed to a worker thread.', {
            cause,
          }),
        );
      }
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: this.#load });
    worker.on('message', (answer: WorkerAnswer) => this.#settle(worker, answer));
    // A worker that dies (out of memory, a missing file) takes one photo with it, not all.
    worker.on('error', (cause) => this.#lose(worker, cause));
    worker.on('exit', () => this.#lose(worker, new Error('the thread ended')));
    return worker;
  }

  #settle(worker: Worker, answer: WorkerAnswer): void {
    if ('fatal' in answer) {
      void this.close(new CaptionError(answer.fatal.code, answer.fatal.message));
      return;
    }
    const job = this.#busy.get(worker);
    if (!job) return;
    this.#busy.delete(worker);
    this.#idle.push(worker);
    worker.unref();
    if ('result' in answer) job.resolve(answer.result);
    else job.reject(new CaptionError(answer.error.code, answer.error.message));
    this.#dispatch();
  }

  #lose(worker: Worker, cause: Error): void {
    const job = this.#busy.get(worker);
    this.#busy.delete(worker);
    const idle = this.#idle.indexOf(worker);
    if (idle >= 0) this.#idle.splice(idle, 1);
    job?.reject(
      new CaptionError('RUNTIME_FAILED', `A worker thread failed: ${cause.message}`, { cause }),
    );
    if (!this.failure) this.#dispatch();
  }
}
