import { CaptionError } from './errors.js';
import type { Manifest } from './model/manifest.js';
import type { ResolvedOptions } from './options.js';
import type { SearchControl, SearchSettings } from './search/types.js';
import type { CaptionTokenizer } from './text/tokenizer.js';

/** What the search needs to know of a call's options: words become tokens here. */
export function searchSettings(
  options: ResolvedOptions,
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
): SearchSettings & { readonly control: SearchControl } {
  const { bos, eos, pad, suppress } = manifest.generation;
  if (options.attention && !manifest.decoder.attention) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "attention" cannot be true: the model "${manifest.name}" does not give attention.`,
    );
  }
  const prefix = options.prefix.trim() === '' ? [] : tokenizer.encodeWords(options.prefix);
  return {
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
    prompt: [bos, ...prefix],
    ...{ eos, pad },
    attention: options.attention,
    control: searchControl(options, prefix, tokenizer),
  };
}

function searchControl(
  options: ResolvedOptions,
  prefix: readonly number[],
  tokenizer: CaptionTokenizer,
): SearchControl {
  const { signal, onToken } = options;
  const stream = onToken && tokenizer.stream(prefix);
  return {
    ...(signal && { signal }),
    ...(stream && {
      onToken: (id: number, logProb: number) => {
        const text = stream(id);
        onToken(text, { id, text, logProb });
      },
    }),
  };
}
