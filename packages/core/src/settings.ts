import { CaptionError } from './errors.js';
import type { Manifest } from './model/manifest.js';
import type { ResolvedOptions } from './options.js';
import type { SearchControl, SearchSettings } from './search/types.js';
import type { CaptionTokenizer } from './text/tokenizer.js';
import type { CaptionToken } from './types.js';

/** What the search needs to know of a call's options: words become tokens here. */
export function searchSettings(
  options: ResolvedOptions,
  manifest: Manifest,
  tokenizer: CaptionTokenizer,
): { settings: SearchSettings; control: SearchControl; endStream(): void } {
  const { bos, eos, pad, suppress } = manifest.generation;
  if (options.attention && !manifest.decoder.attention) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "attention" cannot be true: the model "${manifest.name}" does not give attention.`,
    );
  }
  const prefix = options.prefix.trim() === '' ? [] : tokenizer.encodeWords(options.prefix);
  const settings: SearchSettings = {
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
  };
  return { settings, ...searchControl(options, prefix, tokenizer) };
}

/** Stopping and streaming. `endStream` gives the caller the text that was held back to the last. */
function searchControl(
  { signal, onToken }: ResolvedOptions,
  prefix: readonly number[],
  tokenizer: CaptionTokenizer,
): { control: SearchControl; endStream(): void } {
  if (!onToken) return { control: signal ? { signal } : {}, endStream() {} };
  const stream = tokenizer.stream(prefix);
  let last: CaptionToken | undefined;
  return {
    control: {
      ...(signal && { signal }),
      onToken(id, logProb) {
        const text = stream(id);
        last = { id, text, logProb };
        onToken(text, last);
      },
    },
    endStream() {
      const rest = stream.end();
      if (rest !== '' && last) onToken(rest, { ...last, text: rest });
    },
  };
}
