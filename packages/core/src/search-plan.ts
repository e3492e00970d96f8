import { CaptionError } from './errors.js';
import type { Manifest } from './model/manifest.js';
import type { ResolvedOptions } from './options.js';
import type { SearchControl, SearchSettings } from './search/types.js';
import { leadingSpaceTrimmer } from './text/leading-space.js';
import type { CaptionTokenizer } from './text/tokenizer.js';
import type { CaptionToken } from './types.js';

/** All of a search that does not depend on the photo: everything but the tokens it starts from. */
export interface SearchPlan {
  readonly settings: Omit<SearchSettings, 'prompt' | 'forcedTokens'>;
  readonly control: SearchControl;
  /** Tokens of the option `prefix`. */
  readonly prefix: readonly number[];
  /** Gives `onToken` the text that the token stream still holds back. */
  endStream(): void;
}

/** The tokens that a search starts from: the model's own start tokens, then the prefix. */
export function searchStart(
  { start, forcedTokens }: { readonly start: readonly number[]; readonly forcedTokens: number },
  prefix: readonly number[],
): Pick<SearchSettings, 'prompt' | 'forcedTokens'> {
  // As in `generate`: with a prefix, the forced start token counts as given, not as generated.
  return { prompt: [...start, ...prefix], forcedTokens: prefix.length > 0 ? 0 : forcedTokens };
}

/**
 * A call's options as settings of the search; words become tokens.
 *
 * @throws CaptionError `INVALID_OPTION` for an option that this model cannot serve
 */
export function planSearch(
  options: ResolvedOptions,
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
): SearchPlan {
  const { eos, pad, suppress, forcedEnd } = manifest.generation;
  if (options.attention && !manifest.decoder.attention) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "attention" cannot be true: the model "${manifest.name}" does not give attention.`,
    );
  }
  for (const option of ['numTags', 'tagWeight', 'tagRepeatPenalty'] as const) {
    if (!options[option] || manifest.encoder.tags) continue;
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "${option}" can only be 0: the model "${manifest.name}" gives no tags. Omit it, or use a model whose manifest has encoder.tags.`,
    );
  }
  if (options.tagBias > 0 && manifest.encoder.tags?.bias === undefined) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "tagBias" can only be 0: the model "${manifest.name}" does not say which words its tags favour. Omit it, or use a model whose manifest has encoder.tags.bias.`,
    );
  }
  const prefix = options.prefix.trim() === '' ? [] : tokenizer.encodeWords(options.prefix);
  const settings: SearchPlan['settings'] = {
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
    eos,
    pad,
    ...(forcedEnd !== undefined && { forcedEnd }),
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
): Pick<SearchPlan, 'control' | 'endStream'> {
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
