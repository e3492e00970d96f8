import type { CaptionOptions } from 'zipcaption';
import type { CaptionJson } from './answer.js';
import { CaptionCache } from './caption-cache.js';
import { CaptionQueue } from './caption-queue.js';
import type { GetEngine } from './engine.js';
import { refuseMangled } from './mangled.js';
import type { CaptionOrder, Order } from './order.js';
import { HttpError } from './problem.js';
import type { RequestRecord } from './request-record.js';
import type { Settings } from './settings.js';
import { SharedWork } from './shared-work.js';
import { RESERVE } from './time-limit.js';

/** For whom the work on a photo is done. */
export interface Asker {
  readonly client: string;
  /** Fires when the time is up or the client has gone. */
  readonly signal: AbortSignal;
  /** Milliseconds left for the work. */
  readonly timeLeft: number;
  readonly record: RequestRecord;
}

/** An answer, and whether it was remembered, made for somebody else at the same time, or made. */
export interface Answered<Answer> {
  readonly json: Answer;
  readonly from: 'memory' | 'other' | 'work';
}

/** What the service has to do, for health checks and metrics. */
export interface Load {
  /** Photos that wait for a worker, and those that are worked on. */
  readonly waiting: number;
  readonly running: number;
  readonly workers: number;
  /** Would one more photo be taken? */
  readonly accepts: boolean;
  /** Milliseconds that a newcomer's photo would wait. */
  readonly wait: number;
}

/**
 * Captions and embeds photos for many clients at once: known ones from memory, the same one at the same
 * time only once, and no more than can be done within the time limit.
 */
export class CaptionService {
  readonly #engine: GetEngine;
  readonly #settings: Settings;
  /** By the order's key, which tells captions from vectors: what is found is of the order's kind. */
  readonly #cache: CaptionCache<object>;
  readonly #queue: CaptionQueue;
  readonly #shared = new SharedWork<object>();
  readonly #places = new Map<string, Place>();

  constructor(engine: GetEngine, settings: Settings, workers: number) {
    this.#engine = engine;
    this.#settings = settings;
    this.#cache = new CaptionCache(settings.cacheBytes);
    this.#queue = new CaptionQueue({ workers });
  }

  /** Captions blank pictures: code is compiled, and there is a first idea of how long a photo takes. */
  async warmUp(): Promise<void> {
    const engine = await this.#engine();
    const blank = {
      data: new Uint8Array(64 * 64 * 3),
      width: 64,
      height: 64,
      channels: 3,
    } as const;
    await Promise.all(Array.from({ length: this.#queue.workers }, () => engine.caption(blank)));
    const started = performance.now();
    await engine.caption(blank);
    this.#queue.reckonWith(PHOTO_AND_BLANK * (performance.now() - started));
  }

  get load(): Load {
    const { waiting, running, workers } = this.#queue;
    const wait = this.#queue.wait('');
    const accepts =
      waiting + running < this.#settings.maxWaiting && wait < SAFE * this.#settings.timeout;
    return { waiting, running, workers, accepts, wait };
  }

  /** Whole seconds until it makes sense to try again. */
  retryAfter(client: string): number {
    return Math.max(1, Math.ceil(this.#queue.wait(client) / 1000));
  }

  /** The answer, if it is known from before. */
  remembered<Answer extends object>({ key }: Order<Answer>): Answer | undefined {
    return this.#cache.get(key) as Answer | undefined;
  }

  /**
   * Refuses photos that cannot be dealt with in the time that is left. To be followed by `answer` or
   * `stream` without a pause.
   *
   * @throws HttpError `BUSY`
   */
  admit(orders: readonly Order<object>[], { client, timeLeft }: Asker): void {
    const fresh = orders.filter(({ key }) => !this.#cache.has(key) && !this.#shared.has(key));
    if (fresh.length === 0) return;
    const { waiting, running, workers } = this.#queue;
    const wait = this.#queue.wait(client);
    const own = fresh.reduce((sum, { kind }) => sum + this.#queue.expected(kind), 0);
    const isFull = waiting + running + fresh.length > this.#settings.maxWaiting;
    const isIdle = waiting === 0 && running < workers;
    // With nothing else to do it is worth trying, however long it may take.
    const time = wait + own / Math.min(workers, fresh.length);
    const isLate = !isIdle && time > SAFE * (timeLeft - RESERVE);
    if (isFull || isLate) throw this.#busy(client);
  }

  #busy(client: string): HttpError {
    const { waiting, running } = this.#queue;
    const seconds = this.retryAfter(client);
    return new HttpError(
      'BUSY',
      `${waiting + running} photos are already waiting or being worked on. Try again in ${seconds} s.`,
      { headers: { 'retry-after': String(seconds) } },
    );
  }

  /** The answer for an admitted photo. */
  async answer<Answer extends object>(
    order: Order<Answer>,
    asker: Asker,
  ): Promise<Answered<Answer>> {
    const { record, signal } = asker;
    const remembered = this.remembered(order);
    const from = remembered ? 'memory' : this.#shared.has(order.key) ? 'other' : 'work';
    if (from !== 'work') record.cacheHits = (record.cacheHits ?? 0) + 1;
    if (remembered) return { json: remembered, from };
    const result = this.#shared.run(order.key, signal, (stop) =>
      this.#work(order, { ...asker, signal: stop }),
    ) as Promise<Answer>;
    return { json: await this.#unlessLate(order, asker, result), from };
  }

  /** The caption of an admitted photo, each piece of text as it is found. */
  stream(
    order: CaptionOrder,
    asker: Asker,
    onToken: NonNullable<CaptionOptions['onToken']>,
  ): Promise<CaptionJson> {
    const result = this.#work(order.with({ numBeams: 1, numCaptions: 1, onToken }), asker);
    return this.#unlessLate(order, asker, result);
  }

  /**
   * When the time is up for a photo that was never begun, its client sent no photo that takes too long: the
   * others took longer than was reckoned.
   */
  async #unlessLate<T>({ key }: Order<object>, { client }: Asker, result: Promise<T>): Promise<T> {
    const place = this.#places.get(key);
    try {
      return await result;
    } catch (error) {
      const isLate = error instanceof HttpError && error.code === 'TIME_TOO_SHORT';
      throw isLate && place?.begun === false ? this.#busy(client) : error;
    }
  }

  #leave(key: string, place: Place): void {
    if (this.#places.get(key) === place) this.#places.delete(key);
  }

  /** Takes its place in the queue at once: nothing may come between that and `admit`. */
  async #work<Answer extends object>(
    { photo, key, kind, work }: Order<Answer>,
    { client, record, signal, timeLeft }: Asker,
  ): Promise<Answer> {
    refuseMangled(photo);
    const { maxBytes, maxPixels } = this.#settings;
    const limits = { maxBytes, maxPixels, signal };
    const place = { begun: false };
    this.#places.set(key, place);
    const isWaiting = this.#queue.running >= this.#queue.workers;
    const working = this.#queue.run({
      client,
      signal,
      kind,
      run: async (waited) => {
        const left = timeLeft - RESERVE - waited;
        // Others may have taken longer than was reckoned: what could not be finished is not begun.
        if (isWaiting && left < this.#queue.expected(kind)) throw this.#busy(client);
        place.begun = true;
        record.queued = (record.queued ?? 0) + waited;
        return work(limits, record);
      },
    });
    const json = await working.finally(() => this.#leave(key, place));
    this.#cache.set(key, json);
    return json;
  }
}

/** A photo in the queue. */
interface Place {
  begun: boolean;
}

/** A photo takes at most so many times as long as a blank picture, unless it is very large. */
const PHOTO_AND_BLANK = 1.5;

/** Part of the time limit that is given away by an estimate. */
const SAFE = 0.8;
