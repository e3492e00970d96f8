import { createHash } from 'node:crypto';
import { CaptionError } from '../../errors.js';
import type { CaptionAllOptions, CaptionOutcome, ImageInput } from '../../types.js';
import type { Located } from '../images/locate.js';
import { type ReadOptions, readImage } from '../images/read.js';
import { type CaptionCache, cacheKey } from './cache.js';
import type { ImageCaptions } from './image-captions.js';
import { GENDERED, isNeutral, neutralCaptions } from './neutral.js';

/** The part of a `Captioner` that is used here. */
export interface AltCaptioner {
  readonly model: {
    readonly name: string;
    readonly version: string;
    readonly generation: { readonly numBeams: number };
  };
  captionAll(
    inputs: AsyncIterable<ImageInput>,
    options: CaptionAllOptions,
  ): AsyncIterable<CaptionOutcome>;
}

export interface CaptionImagesOptions extends ReadOptions {
  /** Let captions say "man", "girl", … Default false. */
  readonly gender?: boolean;
  /** Options of every caption; `numCaptions` and `bannedWords` are set here. */
  readonly search?: Omit<CaptionAllOptions, 'numCaptions'>;
  readonly cache?: CaptionCache;
  /** Called after each image. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Number of captions per image: the best and alternatives. */
const CANDIDATES = 3;

/** A key for a place that bytes come from. */
export function placeKey(located: Located): string {
  switch (located.type) {
    case 'file':
      return `file ${located.path}`;
    case 'none':
      return `none ${located.reason}`;
    default:
      return `url ${located.url}`;
  }
}

/**
 * Captions images, each content once, however many places it comes from.
 *
 * @param places  where the images are
 * @param load    called when the first image is there
 * @returns by {@link placeKey}: captions, or why there are none
 * @throws CaptionError errors that stop all of them: `ABORTED`, `INVALID_OPTION`, a missing model
 */
export async function captionImages(
  places: readonly Located[],
  load: () => Promise<AltCaptioner>,
  options: CaptionImagesOptions,
): Promise<Map<string, ImageCaptions | CaptionError>> {
  const { gender = false, search = {}, onProgress } = options;
  const unique = new Map(places.map((place) => [placeKey(place), place]));
  const total = unique.size;
  let done = 0;
  const run = new CaptionRun(load, options);

  const free = await run.captions(unique, search, () => onProgress?.(++done, total));
  if (gender) return free;
  const gendered = new Map(
    [...unique].filter(([key]) => {
      const captions = free.get(key);
      return captions && !(captions instanceof CaptionError) && !firstIsNeutral(captions);
    }),
  );
  const bannedWords = [...(search.bannedWords ?? []), ...GENDERED];
  const restricted = await run.captions(gendered, { ...search, bannedWords }, () => undefined);
  const neutral = new Map<string, ImageCaptions | CaptionError>();
  for (const [key, captions] of free) neutral.set(key, neutrally(captions, restricted.get(key)));
  return neutral;
}

function neutrally(
  free: ImageCaptions | CaptionError,
  restricted: ImageCaptions | CaptionError | undefined,
): ImageCaptions | CaptionError {
  if (free instanceof CaptionError) return free;
  const more = !restricted || restricted instanceof CaptionError ? [] : restricted.candidates;
  const candidates = neutralCaptions(free.candidates, more);
  if (candidates.length > 0) return { ...free, candidates };
  return new CaptionError(
    'MODEL_UNSUPPORTED',
    'The model found no caption without gendered words. The option "gender" allows them.',
  );
}

function firstIsNeutral({ candidates: [best] }: ImageCaptions): boolean {
  return best !== undefined && isNeutral(best.text);
}

class CaptionRun {
  #captioner: AltCaptioner | undefined;

  constructor(
    private readonly load: () => Promise<AltCaptioner>,
    private readonly options: CaptionImagesOptions,
  ) {}

  async captions(
    places: ReadonlyMap<string, Located>,
    search: Omit<CaptionAllOptions, 'numCaptions'>,
    onDone: () => void,
  ): Promise<Map<string, ImageCaptions | CaptionError>> {
    const results = new Map<string, ImageCaptions | CaptionError>();
    /** Places by the content that is being captioned. */
    const waiting = new Map<string, string[]>();
    const known = new Map<string, ImageCaptions | CaptionError>();
    const settle = (key: string, captions: ImageCaptions | CaptionError) => {
      results.set(key, captions);
      onDone();
    };
    if (places.size === 0) return results;

    /** Hashes of what was handed in, in its order. */
    const handedIn: string[] = [];
    const { options } = this;
    const self = this;
    const iterator = places.entries();

    /** The next image that has to be captioned; on the way those that need not be are settled. */
    async function nextInput(): Promise<Uint8Array | undefined> {
      for (const [key, located] of iterator) {
        if (search.signal?.aborted) throw new CaptionError('ABORTED', 'Stopped.');
        let bytes: Uint8Array;
        try {
          bytes = await readImage(located, options);
        } catch (error) {
          if (!(error instanceof CaptionError) || error.code === 'ABORTED') throw error;
          settle(key, error);
          continue;
        }
        const hash = createHash('sha256').update(bytes).digest('hex');
        const others = waiting.get(hash);
        const found = known.get(hash) ?? (await self.#cached(hash, search));
        if (found) settle(key, found);
        else if (others) others.push(key);
        else {
          waiting.set(hash, [key]);
          handedIn.push(hash);
          return bytes;
        }
      }
      return undefined;
    }

    // The model is only loaded if there is an image to caption.
    const first = await nextInput();
    if (first === undefined) return results;
    const captioner = await this.#loaded();
    async function* inputs(): AsyncGenerator<ImageInput> {
      for (let next = first; next !== undefined; next = await nextInput()) yield next;
    }
    const numCaptions = numberOfCaptions(captioner, search);
    for await (const outcome of captioner.captionAll(inputs(), { ...search, numCaptions })) {
      const hash = handedIn[outcome.index];
      if (hash === undefined) continue;
      if (outcome.error?.code === 'INVALID_OPTION') throw outcome.error;
      const captions = outcome.error ?? captionsOf(outcome);
      known.set(hash, captions);
      if (!(captions instanceof CaptionError)) await this.#keep(hash, captioner, search, captions);
      for (const key of waiting.get(hash) ?? []) settle(key, captions);
      waiting.delete(hash);
    }
    return results;
  }

  async #loaded(): Promise<AltCaptioner> {
    this.#captioner ??= await this.load();
    return this.#captioner;
  }

  /** The cache key contains the model's name, so the model is loaded first. */
  async #cached(hash: string, search: CaptionAllOptions): Promise<ImageCaptions | undefined> {
    const { cache } = this.options;
    return cache?.get(keyOf(hash, await this.#loaded(), search));
  }

  async #keep(
    hash: string,
    captioner: AltCaptioner,
    search: CaptionAllOptions,
    captions: ImageCaptions,
  ): Promise<void> {
    await this.options.cache?.set(keyOf(hash, captioner, search), captions);
  }
}

function keyOf(hash: string, { model }: AltCaptioner, search: CaptionAllOptions): string {
  // Neither changes what is said.
  const { signal: _, concurrency: __, ...said } = search;
  return cacheKey(hash, `${model.name} ${model.version}`, said);
}

function numberOfCaptions({ model }: AltCaptioner, search: CaptionAllOptions): number {
  return Math.min(CANDIDATES, search.numBeams ?? model.generation.numBeams);
}

function captionsOf(outcome: Extract<CaptionOutcome, { error?: undefined }>): ImageCaptions {
  const { width, height } = outcome.image.upright;
  return {
    candidates: [outcome, ...outcome.alternatives].map(({ text, confidence }) => ({
      text,
      confidence,
    })),
    width,
    height,
  };
}
