import { CaptionError } from './errors.js';
import type { Manifest } from './model/manifest.js';
import type { ResolvedOptions } from './options.js';
import type { SearchControl, SearchSettings } from './search/types.js';
import { leadingSpaceTrimmer } from './text/leading-space.js';
import type { CaptionTokenizer } from './text/tokenizer.js';
import type { CaptionToken } from './types.js';

/** What is known of a search before the photo is: all but the tokens that it starts from. */
export interface CaptionPlan {
  readonly settings: Omit<SearchSettings, 'prompt' | 'forcedTokens'>;
  readonly control: SearchControl;
  /** The caption's given beginning. */
  readonly prefix: readonly number[];
  /** Gives the caller the text that was held back to the last. */
  endStream(): void;
}

/** Where a search starts: after the model's own tokens and the caption's given beginning. */
export function searchStart(
  { start, forcedTokens }: { readonly start: readonly number[]; readonly forcedTokens: number },
  prefix: readonly number[],
): Pick<SearchSettings, 'prompt' | 'forcedTokens'> {
  // As in `generate`: a caption that is given a beginning is given its start token with it.
  return { prompt: [...start, ...prefix], forcedTokens: prefix.length > 0 ? 0 : forcedTokens };
}

/** What the search needs to know of a call's options: words become tokens here. */
export function searchSettings(
  options: ResolvedOptions,
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
): CaptionPlan {
  const { eos, pad, suppress, forcedEnd } = manifest.generation;
  if (options.attention && !manifest.decoder.attention) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "attention" cannot be true: the model "${manifest.name}" does not give attention.`,
    );
  }
  if (options.numTags && !manifest.encoder.tags) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "numTags" can only be 0: the model "${manifest.name}" gives no tags. Omit it, or use a model whose manifest has encoder.tags.`,
    );
  }
  const prefix = options.prefix.trim() === '' ? [] : tokenizer.encodeWords(options.prefix);
  const settings: CaptionPlan['settings'] = {
    numBeams: options.numBeams,
    maxLength: options.maxLength,
    minLength: options.minLength,
    lengthPenalty: options.lengthPenalty,
    earlyStopping: options.earlyStopping,
    noRepeatNgramSize: options.noRepeatNgramSize,
    repetitionPenalty: options.repetitionPenalty,
    numCaptions: options.numCaptions,
    bannedSequences: options.bannedWords.flatMap((words) => tokenizer.bannedSequences(words)),
    suppress,
    sample: options.sample,
    temperature: options.temperature,
    topK: options.topK,
    topP: options.topP,
    seed: options.seed,
    ...{ eos, pad, ...(forcedEnd !== undefined && { forcedEnd }) },
    attention: options.attention,
  };
  return { prefix, settings, ...searchControl(options, prefix, tokenizer, manifest) };
}

/** Stopping and streaming. */
function searchControl(
  { signal, onToken }: ResolvedOptions,
  prefix: readonly number[],
  tokenizer: CaptionTokenizer,
  { prompt }: Manifest,
): Pick<CaptionPlan, 'control' | 'endStream'> {
  if (!onToken) return { control: signal ? { signal } : {}, endStream() {} };
  const stream = tokenizer.stream(prefix);
  const trim = prompt && prefix.length === 0 ? leadingSpaceTrimmer() : (text: string) => text;
  let last: CaptionToken | undefined;
  return {
    control: {
      ...(signal && { signal }),
      onToken(id, logProb) {
        const text = trim(stream(id));
        last = { id, text, logProb };
        onToken(text, last);
      },
    },
    endStream() {
      const rest = trim(stream.end());
      if (rest !== '' && last) onToken(rest, { ...last, text: rest });
    },
  };
}
