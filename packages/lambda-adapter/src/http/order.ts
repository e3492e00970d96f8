import { createHash } from 'node:crypto';
import type { CaptionOptions, EmbedOptions } from 'zipcaption';
import { VERSION } from 'zipcaption';
import { type CaptionJson, type EmbeddingJson, toEmbeddingJson, toJson } from './answer.js';
import type { Engine } from './engine.js';
import { otherEvents, SLICE, shortTurn } from './event-loop.js';
import { HttpError } from './problem.js';
import {
  type EmbedRequestOptions,
  type RequestOptions,
  toCaptionOptions,
} from './request-options.js';
import type { RequestRecord } from './request-record.js';

/** What bounds the work on a photo. */
export type WorkLimits = Required<Pick<EmbedOptions, 'maxBytes' | 'maxPixels' | 'signal'>>;

/** A photo and what to do with it. */
export interface Order<Answer extends object> {
  readonly photo: Uint8Array;
  /** The same for the same photo, work, options, model and version of ours. */
  readonly key: string;
  /** What decides about the time that the work takes, apart from the photo; from a small set. */
  readonly kind: string;
  /** @param record told how long the stages took */
  work(limits: WorkLimits, record: RequestRecord): Promise<Answer>;
}

export interface CaptionOrder extends Order<CaptionJson> {
  /** The same with options that stand in place of those that were asked for. */
  with(more: CaptionOptions): Order<CaptionJson>;
}

/**
 * To caption the photo.
 *
 * @param isStreamed words are given away as they are found: the search is another one, and so may the
 *   caption be
 */
export async function captionOrder(
  engine: Engine,
  photo: Uint8Array,
  options: RequestOptions,
  isStreamed = false,
): Promise<CaptionOrder> {
  const { beams, maxLength, numCaptions, numTags, attention = false, prompt, decode } = options;
  const asked = [beams, maxLength, numCaptions, attention, prompt, numTags, decode];
  const order = {
    photo,
    key: await keyOf(photo, [isStreamed ? 'stream' : 'caption', ...asked], engine.model),
    kind: `${beams ?? 'default'} ${attention} ${prompt !== undefined} ${decode ?? 'default'}`,
  };
  const doing = (more: CaptionOptions): Order<CaptionJson> => ({
    ...order,
    async work(limits, record) {
      const all = { ...toCaptionOptions(options), ...more, ...limits };
      const json = toJson(await engine.caption(photo, all));
      record.format = json.image.format;
      noteTimings(record, json.timings);
      return json;
    },
  });
  return { ...doing({}), with: doing };
}

/**
 * To compute the photo's feature vector.
 *
 * @throws HttpError `MODEL_UNSUPPORTED` if the model has no features
 */
export async function embedOrder(
  engine: Engine,
  photo: Uint8Array,
  options: EmbedRequestOptions,
): Promise<Order<EmbeddingJson>> {
  const { model } = engine;
  if (model.encoder.features === undefined) {
    throw new HttpError(
      'MODEL_UNSUPPORTED',
      `The model "${model.name}" of this service has no features to embed photos with. Ask a service whose model has them, as the embedded one does.`,
    );
  }
  const { decode, orientation = true } = options;
  return {
    photo,
    key: await keyOf(photo, ['embed', decode, orientation], model),
    kind: `embed ${decode ?? 'default'}`,
    async work(limits, record) {
      const started = performance.now();
      const features = await engine.embed(photo, { ...options, ...limits });
      noteTimings(record, { embed: performance.now() - started });
      return toEmbeddingJson(features, model);
    },
  };
}

async function keyOf(
  photo: Uint8Array,
  asked: readonly unknown[],
  model: Engine['model'],
): Promise<string> {
  await shortTurn();
  const hash = createHash('sha256').update(
    JSON.stringify([VERSION, model.name, model.version, model.sha256, asked]),
  );
  for (let at = 0; at < photo.length; at += SLICE) {
    if (at > 0) await otherEvents();
    hash.update(photo.subarray(at, at + SLICE));
  }
  return hash.digest('base64url');
}

function noteTimings(record: RequestRecord, timings: Readonly<Record<string, number>>): void {
  record.timings ??= {};
  for (const [stage, ms] of Object.entries(timings)) {
    record.timings[stage] = (record.timings[stage] ?? 0) + ms;
  }
}
