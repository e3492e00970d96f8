import * as platform from '#platform';
import type { Backend } from './backend.js';
import { sizeNeeded } from './image/preprocess.js';
import { pixelValues } from './image/tiles.js';
import type { Size } from './image/types.js';
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
import { search } from './search/search.js';
import { searchSettings, searchStart } from './settings.js';
import { likeliestTags } from './text/tags.js';
import type { CaptionOptions, CaptionResult, EmbedOptions, ImageInput } from './types.js';

const { openPhoto }: PipelinePlatform = platform;

/** A model on this thread: one photo after another, each stage by stage. */
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
 * The whole way of a photo. Between its stages, and between words, everything else on this thread
 * has its turn: nothing holds it for longer than one stage.
 */
async function captionPhoto(
  model: Model,
  input: ImageInput,
  options: ResolvedOptions,
): Promise<CaptionResult> {
  const { manifest, tokenizer } = model;
  const { signal, numTags } = options;
  const plan = searchSettings(options, manifest, tokenizer);
  const clock = stopwatch();

  const photo = await open(input, manifest, options);
  const decode = clock();
  await pause(signal);
  const pixels = pixelValues(photo, manifest.image);
  const preprocessing = clock();
  await pause(signal);
  const encoded = await model.encode(pixels, options.prompt);
  const encode = clock();
  await pause(signal);
  const start = searchStart(encoded, plan.prefix);
  const hypotheses = await search(
    model.decode(encoded),
    { ...plan.settings, ...start },
    plan.control,
  );
  plan.endStream();
  const searching = clock();
  const captions = describeCaption(hypotheses, plan, manifest, tokenizer);
  const tags = model.tags && encoded.tags && likeliestTags(encoded.tags, model.tags, numTags);
  const detokenize = clock();

  return {
    ...captions,
    ...(tags && { tags }),
    timings: {
      ...{ decode, preprocess: preprocessing, encode, search: searching, detokenize },
      total: decode + preprocessing + encode + searching + detokenize,
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

/** As far as the encoder only, whose features are what is wanted. */
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
  const atLeast = (upright: Size) => sizeNeeded(image, upright, options.decode);
  return openPhoto(input, { ...options, atLeast });
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
