import { ServiceTime } from './service-time.js';

interface Job {
  readonly kind: string;
  start(): void;
}

export interface CaptionQueueOptions {
  /** Photos worked on at the same time. */
  readonly workers: number;
  /** Milliseconds to reckon with for a photo before one was measured. Default 1,000. */
  readonly initialTime?: number;
}

/** What is done for one photo. */
export interface Task<T> {
  /** Who asks: clients take turns. */
  readonly client: string;
  /** What is asked for, as far as it decides how long it takes; from a small set. */
  readonly kind: string;
  /** Drops the photo while it waits; once begun, the task must watch it itself. */
  readonly signal: AbortSignal;
  /** @param waited milliseconds in the queue */
  run(waited: number): Promise<T>;
}

/**
 * Photos that wait for a worker. Clients take turns, so that one who sends many does not keep the
 * others waiting; the photos of one client keep their order.
 */
export class CaptionQueue {
  readonly workers: number;
  readonly #time: ServiceTime;
  /** In the order in which the clients' turns come. */
  readonly #lanes = new Map<string, Job[]>();
  readonly #running = new Set<{ readonly kind: string; readonly started: number }>();
  #waiting = 0;

  constructor({ workers, initialTime = 1_000 }: CaptionQueueOptions) {
    this.workers = workers;
    this.#time = new ServiceTime(initialTime);
  }

  /** Photos that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Photos that are worked on. */
  get running(): number {
    return this.#running.size;
  }

  /** Sets the milliseconds to reckon with for a photo before one was measured. */
  reckonWith(milliseconds: number): void {
    this.#time.initial = milliseconds;
  }

  /** Milliseconds that a photo of the kind will take once it is begun. */
  expected(kind: string): number {
    return this.#time.expected(kind);
  }

  /** Milliseconds until the next photo of the client would be begun. */
  wait(client: string): number {
    if (this.#running.size < this.workers) return 0;
    const now = performance.now();
    let work = 0;
    let soonest = Number.POSITIVE_INFINITY;
    for (const { kind, started } of this.#running) {
      const elapsed = now - started;
      // What takes longer than expected may take as long again.
      const left = Math.max(this.expected(kind) - elapsed, elapsed / 2);
      soonest = Math.min(soonest, left);
      work += left;
    }
    const own = this.#lanes.get(client)?.length ?? 0;
    let ahead = 0;
    for (const [name, jobs] of this.#lanes) {
      const turns = name === client ? jobs : jobs.slice(0, own + 1);
      for (const { kind } of turns) {
        ahead++;
        work += this.expected(kind);
      }
    }
    return ahead === 0 ? soonest : work / this.workers;
  }

  /** Runs the task when its turn has come. Rejects with the signal's reason as soon as that fires. */
  run<T>({ client, kind, signal, run }: Task<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const queued = performance.now();
      const stop = () => {
        this.#remove(client, job);
        reject(signal.reason);
      };
      const job: Job = {
        kind,
        start: () => {
          const started = performance.now();
          const place = { kind, started };
          this.#running.add(place);
          const done = (captioned: boolean) => {
            signal.removeEventListener('abort', stop);
            this.#running.delete(place);
            const time = performance.now() - started;
            // What failed was hardly begun; what was stopped tells only that it takes longer.
            if (captioned || (signal.aborted && time > this.expected(kind))) {
              this.#time.learn(kind, time);
            }
            this.#next();
          };
          run(started - queued).then(
            (result) => {
              done(true);
              resolve(result);
            },
            (error: unknown) => {
              done(false);
              reject(error);
            },
          );
        },
      };
      signal.addEventListener('abort', stop, { once: true });
      const lane = this.#lanes.get(client);
      if (lane) lane.push(job);
      else this.#lanes.set(client, [job]);
      this.#waiting++;
      this.#next();
    });
  }

  #next(): void {
    while (this.#running.size < this.workers) {
      const [turn] = this.#lanes;
      if (!turn) return;
      const [client, jobs] = turn;
      const job = jobs.shift();
      // To the end of the row, if there is more.
      this.#lanes.delete(client);
      if (jobs.length > 0) this.#lanes.set(client, jobs);
      if (!job) continue;
      this.#waiting--;
      job.start();
    }
  }

  #remove(client: string, job: Job): void {
    const lane = this.#lanes.get(client);
    const at = lane?.indexOf(job) ?? -1;
    if (!lane || at < 0) return;
    lane.splice(at, 1);
    this.#waiting--;
    if (lane.length === 0) this.#lanes.delete(client);
  }
}
