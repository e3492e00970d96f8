import { createHash } from 'node:crypto';
import type { CaptionOptions } from 'zipcaption';
import { VERSION } from 'zipcaption';
import { type CaptionJson, representation, serverTiming, toJson } from './answer.js';
import type { Call } from './app.js';
import { CaptionCache } from './caption-cache.js';
import type { Engine, GetEngine } from './engine.js';
import { eventStream } from './event-stream.js';
import { type FetchPhoto, type Photo, readPhotoRequest } from './photo-request.js';
import { HttpError, type Problem, toProblem } from './problem.js';
import type { RequestOptions } from './request-options.js';
import type { RequestRecord } from './request-record.js';
import type { Settings } from './settings.js';
import { type TimeLimit, timeLimit } from './time-limit.js';

export interface CaptionRouteParts {
  readonly engine: GetEngine;
  readonly settings: Settings;
  readonly fetchPhoto: FetchPhoto;
}

/** Answers `POST /caption`. */
export function captionRoute({ engine, settings, fetchPhoto }: CaptionRouteParts) {
  const cache = new CaptionCache<CaptionJson>(settings.cacheBytes);
  let waiting = 0;

  return async function caption(call: Call): Promise<Response> {
    if (waiting >= settings.maxWaiting) {
      throw new HttpError(
        'BUSY',
        `${waiting} requests are waiting already. Try again in a moment.`,
        { headers: { 'retry-after': '1', connection: 'close' } },
      );
    }
    waiting++;
    const limit = timeLimit(call.timeLeft, call.request.signal);
    const end = () => {
      waiting--;
      limit.end();
    };
    let handedOn = false;
    try {
      const answer = await answerCaption(call, limit, end);
      handedOn = answer.streaming;
      return answer.response;
    } catch (error) {
      throw limit.explain(error);
    } finally {
      if (!handedOn) end();
    }
  };

  async function answerCaption(
    call: Call,
    limit: TimeLimit,
    end: () => void,
  ): Promise<{ response: Response; streaming: boolean }> {
    const { request, requestId, record } = call;
    limit.signal.throwIfAborted();
    const { photos, options, several } = await readPhotoRequest(
      ...([request, settings, fetchPhoto, limit.signal] as const),
    );
    const [first] = photos;
    const captioner = await engine();
    if (!first) return whole(new Response(null, { status: 204, headers: noStore }));
    record.photos = photos.length;
    record.photoBytes = photos.reduce((sum, { bytes }) => sum + bytes.length, 0);

    const kind = representation(request.headers.get('accept'));
    if (several) {
      const results = await captionEach(photos, options, captioner, limit, call);
      return whole(answerSeveral(results, kind, requestId));
    }
    const key = cacheKey(first.bytes, options, captioner);
    if (kind === 'events') {
      const finish = call.finishLater();
      const response = await eventStream({
        ...{ captioner, limit, requestId, record, photo: first.bytes },
        options: { ...toCaptionOptions(options), ...photoLimits() },
        remembered: cache.get(key),
        done() {
          end();
          finish();
        },
      });
      return { response, streaming: true };
    }
    const etag = `W/"${key.slice(0, 32)}-${kind}"`;
    const headers = { ...cacheHeaders, etag };
    if (matches(request.headers.get('if-none-match'), etag)) {
      return whole(new Response(null, { status: 304, headers }));
    }
    const { json, hit } = await captionOne(key, first, options, captioner, limit, record);
    const status = { 'cache-status': hit ? 'zipcaption; hit' : 'zipcaption; fwd=miss; stored' };
    const timing = hit ? {} : { 'server-timing': serverTiming(json.timings) };
    if (kind === 'text') {
      const text = {
        ...headers,
        ...status,
        ...timing,
        'content-type': 'text/plain; charset=utf-8',
      };
      return whole(new Response(`${json.caption}\n`, { headers: text }));
    }
    return whole(
      Response.json({ ...json, requestId }, { headers: { ...headers, ...status, ...timing } }),
    );
  }

  async function captionOne(
    key: string,
    photo: Photo,
    options: RequestOptions,
    captioner: Engine,
    limit: TimeLimit,
    record: RequestRecord,
  ): Promise<{ json: CaptionJson; hit: boolean }> {
    const remembered = cache.get(key);
    if (remembered) {
      record.cacheHits = (record.cacheHits ?? 0) + 1;
      return { json: remembered, hit: true };
    }
    const result = await captioner.caption(photo.bytes, {
      ...toCaptionOptions(options),
      ...photoLimits(),
      signal: limit.signal,
    });
    const json = toJson(result);
    noteTimings(record, json);
    cache.set(key, json);
    return { json, hit: false };
  }

  async function captionEach(
    photos: readonly Photo[],
    options: RequestOptions,
    captioner: Engine,
    limit: TimeLimit,
    { requestId, record }: Call,
  ): Promise<SeveralResult[]> {
    const results: SeveralResult[] = [];
    for (const photo of photos) {
      const { name = '' } = photo;
      try {
        const key = cacheKey(photo.bytes, options, captioner);
        const { json } = await captionOne(key, photo, options, captioner, limit, record);
        results.push({ name, ...json });
      } catch (error) {
        const explained = limit.explain(error);
        // With nobody left to read it, the rest is not worth the work.
        if (explained instanceof HttpError && explained.code === 'CLIENT_CLOSED') throw explained;
        record.error = explained;
        results.push({ name, error: toProblem(explained, requestId) });
      }
    }
    return results;
  }

  function photoLimits() {
    return { maxBytes: settings.maxBytes, maxPixels: settings.maxPixels };
  }
}

type SeveralResult =
  | ({ readonly name: string } & CaptionJson)
  | { readonly name: string; readonly error: Problem };

const noStore = { 'cache-control': 'no-store' };
/** A copy may be kept by the client, to be used again once we have said that it still holds. */
const cacheHeaders = { 'cache-control': 'private, no-cache', vary: 'Accept' };

function whole(response: Response) {
  return { response, streaming: false };
}

/** 200 if there is any caption at all, otherwise the status of the first failure. */
function answerSeveral(
  results: readonly SeveralResult[],
  kind: ReturnType<typeof representation>,
  requestId: string,
): Response {
  const failures = results.flatMap((result) => ('error' in result ? [result.error] : []));
  const status = failures.length === results.length ? (failures[0]?.status ?? 200) : 200;
  if (kind === 'text') {
    const lines = results.map((result) =>
      'error' in result ? `(${result.error.detail})` : result.caption,
    );
    const headers = { ...noStore, 'content-type': 'text/plain; charset=utf-8' };
    return new Response(`${lines.join('\n')}\n`, { status, headers });
  }
  const [first] = failures;
  if (!first || status === 200) {
    return Response.json({ results, requestId }, { status, headers: noStore });
  }
  const detail = `None of the ${results.length} photos could be captioned; "results" has the reason for each. The first: ${first.detail}`;
  return Response.json(
    { ...first, detail, results },
    { status, headers: { ...noStore, 'content-type': 'application/problem+json' } },
  );
}

export function toCaptionOptions({
  beams,
  maxLength,
  numCaptions,
  attention,
  prompt,
}: RequestOptions): CaptionOptions {
  return {
    ...(beams !== undefined && { numBeams: beams }),
    ...(maxLength !== undefined && { maxLength }),
    ...(numCaptions !== undefined && { numCaptions }),
    ...(attention !== undefined && { attention }),
    ...(prompt !== undefined && { prompt }),
  };
}

/** Same photo, options, model and version of ours: same caption. */
function cacheKey(bytes: Uint8Array, options: RequestOptions, { model }: Engine): string {
  const { beams, maxLength, numCaptions, attention = false, prompt } = options;
  const rest = [VERSION, model.name, model.version, model.sha256, beams, maxLength, numCaptions];
  return createHash('sha256')
    .update(JSON.stringify([...rest, attention, prompt]))
    .update(bytes)
    .digest('base64url');
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

export function noteTimings(record: RequestRecord, { timings, image }: CaptionJson): void {
  record.format = image.format;
  record.timings ??= {};
  for (const [stage, ms] of Object.entries(timings)) {
    record.timings[stage] = (record.timings[stage] ?? 0) + ms;
  }
}
