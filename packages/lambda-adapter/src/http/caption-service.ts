import { createHash } from 'node:crypto';
import type { CaptionOptions } from 'zipcaption';
import { VERSION } from 'zipcaption';
import { type CaptionJson, toJson } from './answer.js';
import { CaptionCache } from './caption-cache.js';
import { CaptionQueue } from './caption-queue.js';
import type { Engine, GetEngine } from './engine.js';
import { otherEvents, SLICE, shortTurn } from './event-loop.js';
import { refuseMangled } from './mangled.js';
import { HttpError } from './problem.js';
import { type RequestOptions, toCaptionOptions } from './request-options.js';
import type { RequestRecord } from './request-record.js';
import type { Settings } from './settings.js';
import { SharedWork } from './shared-work.js';
import { RESERVE } from './time-limit.js';

/** For whom a photo is captioned. */
export interface Asker {
  readonly client: string;
  /** Fires when the time is up or the client has gone. */
  readonly signal: AbortSignal;
  /** Milliseconds left for the work. */
  readonly timeLeft: number;
  readonly record: RequestRecord;
}

/** A photo and how to caption it. */
export interface Order {
  readonly photo: Uint8Array;
  readonly options: RequestOptions;
  /** The same for the same photo, options, model and version of ours. */
  readonly key: string;
  readonly engine: Engine;
}

/** A caption, and whether it was remembered, made for somebody else at the same time, or made. */
export interface Captioned {
  readonly json: CaptionJson;
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
 * Captions photos for many clients at once: known ones from memory, the same one at the same time only
 * once, and no more than can be done within the time limit.
 */
export class CaptionService {
  readonly #engine: GetEngine;
  readonly #settings: Settings;
  readonly #cache: CaptionCache<CaptionJson>;
  readonly #queue: CaptionQueue;
  readonly #shared = new SharedWork<CaptionJson>();
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

  async order(photo: Uint8Array, options: RequestOptions): Promise<Order> {
    const engine = await this.#engine();
    await shortTurn();
    return { photo, options, engine, key: await keyOf(photo, options, engine.model) };
  }

  /** The caption, if it is known from before. */
  remembered({ key }: Order): CaptionJson | undefined {
    return this.#cache.get(key);
  }

  /**
   * Refuses photos that cannot be captioned in the time that is left. To be followed by `caption` or
   * `stream` without a pause.
   *
   * @throws HttpError `BUSY`
   */
  admit(orders: readonly Order[], { client, timeLeft }: Asker): void {
    const fresh = orders.filter(({ key }) => !this.#cache.has(key) && !this.#shared.has(key));
    if (fresh.length === 0) return;
    const { waiting, running, workers } = this.#queue;
    const wait = this.#queue.wait(client);
    const own = fresh.reduce((sum, { options }) => sum + this.#queue.expected(kindOf(options)), 0);
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
      `${waiting + running} photos are already waiting or being captioned. Try again in ${seconds} s.`,
      { headers: { 'retry-after': String(seconds) } },
    );
  }

  /** The caption of an admitted photo. */
  async caption(order: Order, asker: Asker): Promise<Captioned> {
    const { record, signal } = asker;
    const remembered = this.#cache.get(order.key);
    const from = remembered ? 'memory' : this.#shared.has(order.key) ? 'other' : 'work';
    if (from !== 'work') record.cacheHits = (record.cacheHits ?? 0) + 1;
    if (remembered) return { json: remembered, from };
    const result = this.#shared.run(order.key, signal, (stop) =>
      this.#work(order, { ...asker, signal: stop }, {}),
    );
    return { json: await this.#unlessLate(order, asker, result), from };
  }

  /** The caption of an admitted photo, each piece of text as it is found. */
  stream(
    order: Order,
    asker: Asker,
    onToken: NonNullable<CaptionOptions['onToken']>,
  ): Promise<CaptionJson> {
    const result = this.#work(order, asker, { numBeams: 1, numCaptions: 1, onToken });
    return this.#unlessLate(order, asker, result);
  }

  /**
   * When the time is up for a photo that was never begun, its client sent no photo that takes too long: the
   * others took longer than was reckoned.
   */
  async #unlessLate<T>({ key }: Order, { client }: Asker, result: Promise<T>): Promise<T> {
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
  async #work(
    { photo, options, key, engine }: Order,
    { client, record, signal, timeLeft }: Asker,
    more: CaptionOptions,
  ): Promise<CaptionJson> {
    refuseMangled(photo);
    const { maxBytes, maxPixels } = this.#settings;
    const limits = { maxBytes, maxPixels, signal };
    const place = { begun: false };
    this.#places.set(key, place);
    const kind = kindOf(options);
    const isWaiting = this.#queue.running >= this.#queue.workers;
    const working = this.#queue.run({
      ...{ client, signal, kind },
      run: async (waited) => {
        const left = timeLeft - RESERVE - waited;
        // Others may have taken longer than was reckoned: what could not be finished is not begun.
        if (isWaiting && left < this.#queue.expected(kind)) throw this.#busy(client);
        place.begun = true;
        record.queued = (record.queued ?? 0) + waited;
        return engine.caption(photo, { ...toCaptionOptions(options), ...more, ...limits });
      },
    });
    const json = toJson(await working.finally(() => this.#leave(key, place)));
    noteTimings(record, json);
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

/** What decides about the time that a photo takes, apart from the photo. */
function kindOf({ beams, attention, prompt, decode }: RequestOptions): string {
  return `${beams ?? 'default'} ${attention ?? false} ${prompt !== undefined} ${decode ?? 'default'}`;
}

async function keyOf(
  photo: Uint8Array,
  { beams, maxLength, numCaptions, numTags, attention = false, prompt, decode }: RequestOptions,
  model: Engine['model'],
): Promise<string> {
  const rest = [VERSION, model.name, model.version, model.sha256, beams, maxLength, numCaptions];
  const hash = createHash('sha256').update(
    JSON.stringify([...rest, attention, prompt, numTags, decode]),
  );
  for (let at = 0; at < photo.length; at += SLICE) {
    if (at > 0) await otherEvents();
    hash.update(photo.subarray(at, at + SLICE));
  }
  return hash.digest('base64url');
}

function noteTimings(record: RequestRecord, { timings, image }: CaptionJson): void {
  record.format = image.format;
  record.timings ??= {};
  for (const [stage, ms] of Object.entries(timings)) {
    record.timings[stage] = (record.timings[stage] ?? 0) + ms;
  }
}
