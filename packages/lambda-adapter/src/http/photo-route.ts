import type { BodyBudget, BodyLease } from './body-budget.js';
import type { Call } from './call.js';
import type { Answered, Asker, CaptionService } from './caption-service.js';
import type { GetEngine } from './engine.js';
import type { Order } from './order.js';
import {
  type FetchPhoto,
  type PhotoRequest,
  type PhotoRequestShape,
  readPhotoRequest,
} from './photo-request.js';
import type { OptionName } from './request-options.js';
import type { Settings } from './settings.js';
import { type TimeLimit, timeLimit } from './time-limit.js';

export interface PhotoRouteParts {
  readonly engine: GetEngine;
  readonly service: CaptionService;
  readonly budget: BodyBudget;
  readonly settings: Settings;
  readonly fetchPhoto: FetchPhoto;
}

/** A request whose body has arrived, with at least one photo. */
export interface Arrived<N extends OptionName> extends PhotoRequest<N> {
  readonly call: Call;
  readonly asker: Asker;
  readonly limit: TimeLimit;
  /** To be called when a streaming answer is done. */
  end(): void;
}

export interface RouteAnswer {
  readonly response: Response;
  /** True if the answer goes on: it will call `end` itself. */
  readonly streaming: boolean;
}

/**
 * A path that takes photos. The body is read first, under limits of its own; only then does the request
 * take a place among those that wait, and its time begins to run. Without a photo the model is loaded.
 */
export function photoRoute<N extends OptionName>(
  { engine, budget, settings, fetchPhoto }: PhotoRouteParts,
  shape: PhotoRequestShape<N>,
  answer: (arrived: Arrived<N>) => Promise<RouteAnswer>,
): (call: Call) => Promise<Response> {
  return async (call) => {
    const lease = budget.lease();
    let limit: TimeLimit | undefined;
    const end = () => {
      lease.release();
      limit?.end();
    };
    let handedOn = false;
    try {
      const read = await readPhotos(call, lease);
      const timeLeft = Math.min(settings.timeout, call.timeLeft());
      limit = timeLimit(timeLeft, call.request.signal);
      limit.signal.throwIfAborted();
      const { photos } = read;
      if (photos.length === 0) {
        await engine();
        return new Response(null, { status: 204, headers: noStore });
      }
      const { client, record } = call;
      record.photos = photos.length;
      record.photoBytes = photos.reduce((sum, { bytes }) => sum + bytes.length, 0);
      const asker: Asker = { client, record, timeLeft, signal: limit.signal };
      const answered = await answer({ ...read, call, asker, limit, end });
      handedOn = answered.streaming;
      return answered.response;
    } catch (error) {
      throw limit ? limit.explain(error) : error;
    } finally {
      if (!handedOn) end();
    }
  };

  async function readPhotos(call: Call, lease: BodyLease): Promise<PhotoRequest<N>> {
    const platform = timeLimit(call.timeLeft(), call.request.signal);
    try {
      platform.signal.throwIfAborted();
      return await readPhotoRequest(call.request, {
        ...shape,
        settings,
        fetchPhoto,
        lease,
        signal: platform.signal,
      });
    } catch (error) {
      throw platform.explain(error);
    } finally {
      platform.end();
    }
  }
}

export function whole(response: Response): RouteAnswer {
  return { response, streaming: false };
}

export const noStore = { 'cache-control': 'no-store' };
/** A copy may be kept by the client, to be used again once we have said that it still holds. */
export const cacheHeaders = { 'cache-control': 'private, no-cache', vary: 'Accept' };

/** `Cache-Status` (RFC 9211). */
export const cacheStatus: Readonly<Record<Answered<unknown>['from'], string>> = {
  memory: 'zipcaption; hit',
  other: 'zipcaption; fwd=miss; collapsed',
  work: 'zipcaption; fwd=miss; stored',
};

/** The same for the same answer in the same representation. */
export function entityTag({ key }: Order<object>, representation: string): string {
  return `W/"${key.slice(0, 32)}-${representation}"`;
}

/**
 * The answer to a client that has this very answer already. RFC 9110 section 13.1.2 would have a 412 for
 * methods other than GET and HEAD, to protect what they change; these POSTs change nothing, so the 304
 * that clients understand is sent.
 */
export function notModified(
  request: Request,
  headers: Readonly<Record<'etag', string>>,
): Response | undefined {
  const weak = (tag: string) => tag.trim().replace(/^W\//, '');
  const known = (request.headers.get('if-none-match') ?? '').split(',').map(weak);
  if (!known.includes(weak(headers.etag))) return undefined;
  return new Response(null, { status: 304, headers });
}
