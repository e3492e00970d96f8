import { abortError, onAbort } from './abort.js';

/** Runs tasks one after another, in the order of the calls. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param signal ends the wait; a running task must watch the signal itself
   * @throws CaptionError `ABORTED`, or whatever the task throws
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(abortError(signal));
    return new Promise<T>((resolve, reject) => {
      const removeListener = onAbort(signal, () => reject(abortError(signal)));
      const turn = this.#last.then(async () => {
        removeListener();
        if (signal?.aborted) return;
        await task().then(resolve, reject);
      });
      this.#last = turn;
    });
  }
}
