import * as platform from '#platform';
import type { Backend } from './backend.js';
import { minimumSize } from './image/preprocess.js';
import { pixelValues } from './image/tiles.js';
import type { Size } from './image/types.js';
import type { EncodedPhoto } from './model/decoder.js';
import type { Manifest } from './model/manifest.js';
import type { Model } from './model/model.js';
import { pause } from './next-task.js';
import {
  type ResolvedEmbedOptions,
  type ResolvedOptions,
  resolveEmbedOptions,
  resolveOptions,
} from './options.js';
import type { OpenedPhoto, PipelinePlatform } from './platform.js';
import { Queue } from './queue.js';
import { describeCaption } from './result.js';
import { type TagInfluence, tagInfluence } from './search/tag-influence.js';
import { searchWithTags } from './search/tag-search.js';
import { planSearch, searchStart } from './search-plan.js';
import { likeliestTags } from './text/tags.js';
import type { CaptionOptions, CaptionResult, EmbedOptions, ImageInput } from './types.js';

const { openPhoto }: PipelinePlatform = platform;

/** A model on this thread. Captions one photo after another. */
export class Pipeline implements Backend {
  readonly workers = 0;
  readonly workersLost = 0;
  readonly #model: Model;
  readonly #queue = new Queue();

  constructor(model: Model) {
    this.#model = model;
  }

  get manifest(): Manifest {
    return this.#model.manifest;
  }

  async caption(input: ImageInput, options: CaptionOptions): Promise<CaptionResult> {
    const { generation, prompt } = this.#model.manifest;
    const resolved = resolveOptions(options, generation, prompt);
    return this.#queue.run(() => captionPhoto(this.#model, input, resolved), options.signal);
  }

  async embed(input: ImageInput, options: EmbedOptions): Promise<Float32Array> {
    const resolved = resolveEmbedOptions(options);
    return this.#queue.run(() => embedPhoto(this.#model, input, resolved), options.signal);
  }

  dispose(): Promise<void> {
    return this.#queue.run(() => this.#model.release());
  }
}

/**
 * All stages of one photo: open, preprocess, encode, search, detokenize. Between the stages, and
 * between the words of the search, other work on this thread gets its turn.
 */
async function captionPhoto(
  model: Model,
  input: ImageInput,
  options: ResolvedOptions,
): Promise<CaptionResult> {
  const { manifest, tokenizer } = model;
  const { signal, numTags } = options;
  const searchPlan = planSearch(options, manifest, tokenizer);
  const clock = stopwatch();

  const photo = await open(input, manifest, options);
  const decodeTime = clock();
  await pause(signal);
  const pixels = pixelValues(photo, manifest.image);
  const preprocessTime = clock();
  await pause(signal);
  const encoded = await model.encode(pixels, options.prompt);
  const encodeTime = clock();
  await pause(signal);
  const start = searchStart(encoded, searchPlan.prefix);
  const hypotheses = await searchWithTags(
    () => model.startDecoding(encoded),
    influenceOf(model, encoded, options),
    { ...searchPlan.settings, ...start },
    searchPlan.control,
  );
  searchPlan.endStream();
  const searchTime = clock();
  const captions = describeCaption(hypotheses, searchPlan, manifest, tokenizer);
  const tags = model.tags && encoded.tags && likeliestTags(encoded.tags, model.tags, numTags);
  const detokenizeTime = clock();

  return {
    ...captions,
    ...(tags && { tags }),
    timings: {
      decode: decodeTime,
      preprocess: preprocessTime,
      encode: encodeTime,
      search: searchTime,
      detokenize: detokenizeTime,
      total: decodeTime + preprocessTime + encodeTime + searchTime + detokenizeTime,
    },
    image: {
      format: photo.format,
      stored: photo.stored,
      upright: photo.upright,
      orientation: photo.orientation,
    },
    model: { name: manifest.name, version: manifest.version, runtime: model.runtime },
    warnings: photo.warnings,
  };
}

/** What the tags of the photo do to its captions; nothing where the model has no tags. */
function influenceOf(
  { manifest, tags }: Model,
  encoded: EncodedPhoto,
  options: ResolvedOptions,
): TagInfluence {
  const spec = manifest.encoder.tags ?? { tokens: [], unweighted: [] };
  return tagInfluence(spec, tags?.forms ?? new Map(), encoded, options);
}

/** The first stages of one photo, up to the encoder's feature vector. */
async function embedPhoto(
  { manifest, features }: Model,
  input: ImageInput,
  options: ResolvedEmbedOptions,
): Promise<Float32Array> {
  if (!features) throw new Error('Captioner.embed asks models with features only.');
  const photo = await open(input, manifest, options);
  await pause(options.signal);
  const pixels = pixelValues(photo, manifest.image);
  await pause(options.signal);
  return features(pixels);
}

function open(
  input: ImageInput,
  { image }: Manifest,
  options: ResolvedEmbedOptions,
): Promise<OpenedPhoto> {
  return openPhoto(input, {
    ...options,
    minimumSize: (upright: Size) => minimumSize(image, upright, options.decode),
  });
}

/** Each call gives the milliseconds since the one before. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const lap = now - last;
    last = now;
    return lap;
  };
}
