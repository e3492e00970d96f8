import { type CaptionJson, representation, serverTiming } from './answer.js';
import type { Call } from './app.js';
import type { BodyBudget, BodyLease } from './body-budget.js';
import type { Asker, CaptionService, Order } from './caption-service.js';
import type { GetEngine } from './engine.js';
import { eventStream } from './event-stream.js';
import { type FetchPhoto, readPhotoRequest } from './photo-request.js';
import { HttpError, type Problem, toProblem } from './problem.js';
import type { Settings } from './settings.js';
import { type TimeLimit, timeLimit } from './time-limit.js';

export interface CaptionRouteParts {
  readonly engine: GetEngine;
  readonly service: CaptionService;
  readonly budget: BodyBudget;
  readonly settings: Settings;
  readonly fetchPhoto: FetchPhoto;
}

/**
 * Answers `POST /caption`. The body is read first, under limits of its own; only then does the request
 * take a place among those that wait, and its time begins to run.
 */
export function captionRoute({ engine, service, budget, settings, fetchPhoto }: CaptionRouteParts) {
  return async function caption(call: Call): Promise<Response> {
    const lease = budget.lease();
    let limit: TimeLimit | undefined;
    const end = () => {
      lease.release();
      limit?.end();
    };
    let handedOn = false;
    try {
      const arrived = await readPhotos(call, lease);
      const timeLeft = Math.min(settings.timeout, call.timeLeft());
      limit = timeLimit(timeLeft, call.request.signal);
      limit.signal.throwIfAborted();
      const asker: Asker = {
        ...{ client: call.client, record: call.record, timeLeft },
        signal: limit.signal,
      };
      const answer = await answerCaption(call, arrived, asker, limit, end);
      handedOn = answer.streaming;
      return answer.response;
    } catch (error) {
      throw limit ? limit.explain(error) : error;
    } finally {
      if (!handedOn) end();
    }
  };

  async function readPhotos(call: Call, lease: BodyLease) {
    const platform = timeLimit(call.timeLeft(), call.request.signal);
    try {
      platform.signal.throwIfAborted();
      return await readPhotoRequest(call.request, {
        ...{ settings, fetchPhoto, lease, signal: platform.signal },
      });
    } catch (error) {
      throw platform.explain(error);
    } finally {
      platform.end();
    }
  }

  async function answerCaption(
    call: Call,
    { photos, options, several }: Awaited<ReturnType<typeof readPhotos>>,
    asker: Asker,
    limit: TimeLimit,
    end: () => void,
  ): Promise<{ response: Response; streaming: boolean }> {
    const { request, requestId, record } = call;
    if (photos.length === 0) {
      await engine();
      return whole(new Response(null, { status: 204, headers: noStore }));
    }
    record.photos = photos.length;
    record.photoBytes = photos.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const orders = await Promise.all(photos.map(({ bytes }) => service.order(bytes, options)));
    const kind = representation(request.headers.get('accept'));
    if (several) {
      service.admit(orders, asker);
      const named = orders.map((order, index) => ({ order, name: photos[index]?.name ?? '' }));
      return whole(answerSeveral(await captionEach(named, asker, limit, call), kind, requestId));
    }
    const [order] = orders;
    if (!order) throw new Error('A photo without an order.');
    const etag = `W/"${order.key.slice(0, 32)}-${kind}"`;
    const headers = { ...cacheHeaders, etag };
    if (kind !== 'events' && matches(request.headers.get('if-none-match'), etag)) {
      return whole(new Response(null, { status: 304, headers }));
    }
    service.admit([order], asker);
    if (kind === 'events') {
      const finish = call.finishLater();
      const response = await eventStream({
        ...{ options, limit, requestId, record },
        remembered: service.remembered(order),
        caption: (onToken, gone) => {
          const signal = AbortSignal.any([limit.signal, gone]);
          return service.stream(order, { ...asker, signal }, onToken);
        },
        done() {
          end();
          finish();
        },
      });
      return { response, streaming: true };
    }
    const { json, from } = await service.caption(order, asker);
    const status = { 'cache-status': cacheStatus[from] };
    const timing = from === 'memory' ? {} : { 'server-timing': serverTiming(json.timings) };
    const all = { ...headers, ...status, ...timing };
    if (kind === 'text') {
      const text = { ...all, 'content-type': 'text/plain; charset=utf-8' };
      return whole(new Response(`${json.caption}\n`, { headers: text }));
    }
    return whole(Response.json({ ...json, requestId }, { headers: all }));
  }

  /** All at once: the queue lets them wait for their turns. */
  async function captionEach(
    photos: readonly { readonly order: Order; readonly name: string }[],
    asker: Asker,
    limit: TimeLimit,
    { requestId, record }: Call,
  ): Promise<SeveralResult[]> {
    return Promise.all(
      photos.map(async ({ order, name }): Promise<SeveralResult> => {
        try {
          return { name, ...(await service.caption(order, asker)).json };
        } catch (error) {
          const explained = limit.explain(error);
          // Nobody is left to read the others.
          if (explained instanceof HttpError && explained.code === 'CLIENT_CLOSED') throw explained;
          record.error = explained;
          return { name, error: toProblem(explained, requestId) };
        }
      }),
    );
  }
}

type SeveralResult =
  | ({ readonly name: string } & CaptionJson)
  | { readonly name: string; readonly error: Problem };

const noStore = { 'cache-control': 'no-store' };
/** A copy may be kept by the client, to be used again once we have said that it still holds. */
const cacheHeaders = { 'cache-control': 'private, no-cache', vary: 'Accept' };

/** `Cache-Status` (RFC 9211). */
const cacheStatus = {
  memory: 'zipcaption; hit',
  other: 'zipcaption; fwd=miss; collapsed',
  work: 'zipcaption; fwd=miss; stored',
} as const;

function whole(response: Response) {
  return { response, streaming: false };
}

/** 200 if there is any caption at all, otherwise the first failure, with all of them in it. */
function answerSeveral(
  results: readonly SeveralResult[],
  kind: ReturnType<typeof representation>,
  requestId: string,
): Response {
  const failures = results.flatMap((result) => ('error' in result ? [result.error] : []));
  const first = failures.length === results.length ? failures[0] : undefined;
  const status = first?.status ?? 200;
  if (kind === 'text') {
    const lines = results.map((result) =>
      'error' in result ? `(${result.error.detail})` : result.caption,
    );
    const headers = { ...noStore, 'content-type': 'text/plain; charset=utf-8' };
    return new Response(`${lines.join('\n')}\n`, { status, headers });
  }
  if (!first) return Response.json({ results, requestId }, { headers: noStore });
  const detail = `None of the ${results.length} photos could be captioned; "results" has the reason for each. The first: ${first.detail}`;
  return Response.json(
    { ...first, detail, results },
    { status, headers: { ...noStore, 'content-type': 'application/problem+json' } },
  );
}

/**
 * Does the client have this very answer already? RFC 9110 section 13.1.2 would have a 412 for
 * methods other than GET and HEAD, to protect what they change; this POST changes nothing, so the
 * 304 that clients understand is sent.
 */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  const weak = (tag: string) => tag.trim().replace(/^W\//, '');
  return (ifNoneMatch ?? '').split(',').some((tag) => weak(tag) === weak(etag));
}
