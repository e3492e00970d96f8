import type { SearchSettings } from './types.js';

/**
 * Changes the scores of one row in place before a token is chosen: log-probabilities in beam search,
 * logits otherwise, as in Hugging Face `generate`. A score of -Infinity bans the token.
 *
 * @param sequence all of the row's tokens so far, the prompt included
 * @param scores   one score a token of the vocabulary
 */
export type LogitsProcessor = (sequence: readonly number[], scores: Float64Array) => void;

/** The processors that the settings ask for, in the order in which `generate` applies them. */
export function logitsProcessors(settings: SearchSettings): LogitsProcessor[] {
  const processors: LogitsProcessor[] = [];
  if (settings.repetitionPenalty !== 1) {
    processors.push(penalizeRepetition(settings.repetitionPenalty));
  }
  if (settings.noRepeatNgramSize > 0) {
    processors.push(banRepeatedNgrams(settings.noRepeatNgramSize));
  }
  if (settings.bannedSequences.length > 0) {
    processors.push(banSequences(settings.bannedSequences, endTokens(settings)));
  }
  if (settings.minLength > 0 && endTokens(settings).length > 0) {
    processors.push(banEndBefore(settings.prompt.length + settings.minLength, endTokens(settings)));
  }
  if (settings.forcedEnd !== undefined) {
    processors.push(forceAt(settings.prompt.length + settings.maxLength - 1, settings.forcedEnd));
  }
  if (settings.suppress.length > 0) processors.push(suppressTokens(settings.suppress));
  return processors;
}

/** The tokens that end a sentence, as a list. */
export function endTokens(settings: Pick<SearchSettings, 'eos'>): readonly number[] {
  return typeof settings.eos === 'number' ? [settings.eos] : settings.eos;
}

/**
 * Divides positive and multiplies negative scores of tokens that were used, once however often they
 * were (Keskar et al. 2019, CTRL, section 4.1; the two cases are Hugging Face's).
 */
export function penalizeRepetition(penalty: number): LogitsProcessor {
  const seen = new Set<number>();
  return (sequence, scores) => {
    seen.clear();
    for (const token of sequence) seen.add(token);
    for (const token of seen) {
      const score = scores[token];
      if (score !== undefined) scores[token] = score < 0 ? score * penalty : score / penalty;
    }
  };
}

/** Bans the token that would make a run of `size` tokens occur a second time. */
export function banRepeatedNgrams(size: number): LogitsProcessor {
  return (sequence, scores) => {
    const tail = sequence.length - (size - 1);
    for (let start = 0; start < tail; start++) {
      let same = 0;
      while (same < size - 1 && sequence[start + same] === sequence[tail + same]) same++;
      const repeated = sequence[start + size - 1];
      if (same === size - 1 && repeated !== undefined) scores[repeated] = -Infinity;
    }
  };
}

/**
 * Bans the last token of a sequence where the tokens before it have just been said. An end token on
 * its own is left alone, as in `generate`: no caption could end.
 */
export function banSequences(
  sequences: readonly (readonly number[])[],
  end: readonly number[],
): LogitsProcessor {
  const banned = sequences.flatMap((sequence) => {
    const last = sequence.at(-1);
    if (last === undefined || (sequence.length === 1 && end.includes(last))) return [];
    return [{ last, before: sequence.slice(0, -1) }];
  });
  return (sequence, scores) => {
    for (const { last, before } of banned) {
      const start = sequence.length - before.length;
      if (start >= 0 && before.every((token, i) => token === sequence[start + i])) {
        scores[last] = -Infinity;
      }
    }
  };
}

/** Bans the end tokens while the sequence, the prompt counted, is shorter than `length`. */
export function banEndBefore(length: number, end: readonly number[]): LogitsProcessor {
  return (sequence, scores) => {
    if (sequence.length < length) for (const token of end) scores[token] = -Infinity;
  };
}

/** Leaves only `token`, as if it were certain, when the sequence has `length` tokens. */
export function forceAt(length: number, token: number): LogitsProcessor {
  return (sequence, scores) => {
    if (sequence.length !== length) return;
    scores.fill(-Infinity);
    scores[token] = 0;
  };
}

/** Bans tokens wherever they stand. */
export function suppressTokens(tokens: readonly number[]): LogitsProcessor {
  return (_sequence, scores) => {
    for (const token of tokens) scores[token] = -Infinity;
  };
}
