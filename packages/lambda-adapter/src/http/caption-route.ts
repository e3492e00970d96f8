import { type CaptionJson, representation, serverTiming } from './answer.js';
import type { Call } from './call.js';
import type { Asker } from './caption-service.js';
import { eventStream } from './event-stream.js';
import { captionOrder, type Order } from './order.js';
import {
  type Arrived,
  cacheHeaders,
  cacheStatus,
  entityTag,
  noStore,
  notModified,
  type PhotoRouteParts,
  photoRoute,
  type RouteAnswer,
  whole,
} from './photo-route.js';
import { HttpError, type Problem, toProblem } from './problem.js';
import { captionOptionNames, type RequestOptions } from './request-options.js';
import type { TimeLimit } from './time-limit.js';

/** Answers `POST /caption`. */
export function captionRoute(parts: PhotoRouteParts) {
  const { engine, service, settings } = parts;
  const { maxPhotos } = settings;
  return photoRoute(parts, { optionNames: captionOptionNames, maxPhotos }, answerCaption);

  async function answerCaption(arrived: Arrived<keyof RequestOptions>): Promise<RouteAnswer> {
    const { call, photos, options, several, asker, limit, end } = arrived;
    const { request, requestId, record } = call;
    const kind = representation(request.headers.get('accept'));
    const isStreamed = kind === 'events' && !several;
    const orders = await Promise.all(
      photos.map(async ({ bytes }) => captionOrder(await engine(), bytes, options, isStreamed)),
    );
    if (several) {
      service.admit(orders, asker);
      const named = orders.map((order, index) => ({ order, name: photos[index]?.name ?? '' }));
      return whole(answerSeveral(await captionEach(named, asker, limit, call), kind, requestId));
    }
    const [order] = orders;
    if (!order) throw new Error('A photo without an order.');
    const headers = { ...cacheHeaders, etag: entityTag(order, kind) };
    const same = kind === 'events' ? undefined : notModified(request, headers);
    if (same) return whole(same);
    service.admit([order], asker);
    if (kind === 'events') {
      const finish = call.finishLater();
      const response = await eventStream({
        options,
        limit,
        requestId,
        record,
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
    const { json, from } = await service.answer(order, asker);
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
    photos: readonly { readonly order: Order<CaptionJson>; readonly name: string }[],
    asker: Asker,
    limit: TimeLimit,
    { requestId, record }: Call,
  ): Promise<SeveralResult[]> {
    return Promise.all(
      photos.map(async ({ order, name }): Promise<SeveralResult> => {
        try {
          return { name, ...(await service.answer(order, asker)).json };
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
