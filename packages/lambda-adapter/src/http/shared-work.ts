interface Work<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  users: number;
}

/** Does the same work once for all who want it at the same time. */
export class SharedWork<T> {
  readonly #under = new Map<string, Work<T>>();

  /** True if this work is under way. */
  has(key: string): boolean {
    return this.#under.has(key);
  }

  /**
   * @param signal leaves the work to the others; the last one who leaves stops it
   * @param start  begins the work, if nobody has; its signal fires when nobody wants it any more
   */
  run(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const work = this.#under.get(key) ?? this.#begin(key, start);
    work.users++;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        work.users--;
        if (work.users > 0) return;
        this.#forget(key, work);
        work.stop.abort(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      work.result.finally(() => signal.removeEventListener('abort', leave)).then(resolve, reject);
    });
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<T>): Work<T> {
    const stop = new AbortController();
    const work = { result: start(stop.signal), stop, users: 0 };
    this.#under.set(key, work);
    const forget = () => this.#forget(key, work);
    work.result.then(forget, forget);
    return work;
  }

  #forget(key: string, work: Work<T>): void {
    if (this.#under.get(key) === work) this.#under.delete(key);
  }
}
