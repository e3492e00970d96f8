import type { AltCaptioner } from '../../src/alt/index.js';
import { CaptionError } from '../../src/index.js';
import type { CaptionAllOptions, CaptionOutcome, ImageInput } from '../../src/types.js';

/** What is said of an image: captions with their confidence, best first. */
export interface Said {
  readonly captions: readonly (readonly [text: string, confidence: number])[];
  readonly size?: readonly [number, number];
}

/**
 * A captioner that says what it is told of each image's bytes, and heeds `bannedWords` and
 * `numCaptions` as the real one does: which drafts come of which captions does not depend on a model.
 */
export class ScriptedCaptioner implements AltCaptioner {
  readonly model = { name: 'scripted', version: '1', generation: { numBeams: 3 } };
  readonly calls: { readonly image: string; readonly options: CaptionAllOptions }[] = [];

  constructor(private readonly says: (image: string) => Said | CaptionError) {}

  async *captionAll(
    inputs: AsyncIterable<ImageInput>,
    options: CaptionAllOptions,
  ): AsyncGenerator<CaptionOutcome, void, undefined> {
    let index = 0;
    for await (const input of inputs) {
      if (!(input instanceof Uint8Array)) throw new Error('Bytes are handed in.');
      const image = new TextDecoder().decode(input);
      this.calls.push({ image, options });
      yield { ...outcome(this.says(image), options), index: index++ } as CaptionOutcome;
    }
  }
}

function outcome(
  said: Said | CaptionError,
  { bannedWords = [], numCaptions = 1 }: CaptionAllOptions,
) {
  if (said instanceof CaptionError) return { error: said };
  const allowed = said.captions.filter(
    ([text]) => !text.split(' ').some((word) => bannedWords.includes(word)),
  );
  const [best, ...alternatives] = allowed.slice(0, numCaptions).map(([text, confidence]) => ({
    text,
    confidence,
    score: Math.log(confidence),
    tokens: [],
  }));
  if (!best) return { error: new CaptionError('RUNTIME_FAILED', 'No caption can be made.') };
  const [width, height] = said.size ?? [640, 480];
  const size = { width, height };
  return {
    ...best,
    alternatives,
    warnings: [],
    timings: { decode: 0, preprocess: 0, encode: 0, search: 0, detokenize: 0, total: 0 },
    image: { format: 'jpeg', stored: size, upright: size, orientation: 1 },
    model: { name: 'scripted', version: '1' },
  };
}
