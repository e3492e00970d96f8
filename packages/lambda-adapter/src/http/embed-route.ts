import { embedOrder } from './order.js';
import {
  type Arrived,
  cacheHeaders,
  cacheStatus,
  entityTag,
  notModified,
  type PhotoRouteParts,
  photoRoute,
  type RouteAnswer,
  whole,
} from './photo-route.js';
import { type EmbedRequestOptions, embedOptionNames } from './request-options.js';

/** Answers `POST /embed` with the feature vector of one photo. */
export function embedRoute(parts: PhotoRouteParts) {
  const { engine, service } = parts;
  return photoRoute(parts, { optionNames: embedOptionNames, maxPhotos: 1 }, answerEmbedding);

  async function answerEmbedding({
    call: { request, requestId },
    photos,
    options,
    asker,
  }: Arrived<keyof EmbedRequestOptions>): Promise<RouteAnswer> {
    const [photo] = photos;
    if (!photo) throw new Error('A request without a photo.');
    const order = await embedOrder(await engine(), photo.bytes, options);
    const headers = { ...cacheHeaders, etag: entityTag(order, 'json') };
    const same = notModified(request, headers);
    if (same) return whole(same);
    service.admit([order], asker);
    const { json, from } = await service.answer(order, asker);
    const all = { ...headers, 'cache-status': cacheStatus[from] };
    return whole(Response.json({ ...json, requestId }, { headers: all }));
  }
}
