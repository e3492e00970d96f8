import type { TagsSpec } from '../model/manifest.js';
import type { CaptionTag } from '../types.js';
import type { CaptionTokenizer } from './tokenizer.js';
import { type WordForms, wordForms } from './word-forms.js';

/** The words of a model's tags. */
export interface TagWords {
  /** One a column; empty where a token stands for no word. */
  readonly words: readonly string[];
  /** For each of `words`, the token that stands for all forms of its word. */
  readonly things: readonly number[];
  readonly forms: WordForms;
}

/** Tags that are given where a call asks for no number: at most so many, … */
const DEFAULT_COUNT = 10;
/** … of at least this probability. */
const DEFAULT_LEAST = 0.1;

export function tagWords(
  { tokens, forms: groups }: Pick<TagsSpec, 'tokens' | 'forms'>,
  tokenizer: Pick<CaptionTokenizer, 'decode'>,
): TagWords {
  const forms = wordForms(tokens, groups);
  return {
    words: tokens.map((token) => tokenizer.decode([token]).trim()),
    things: tokens.map((token) => forms.get(token)?.[0] ?? token),
    forms,
  };
}

/**
 * The likeliest tags, best first. Of words that are forms of one word the likeliest stands for all.
 *
 * @param probabilities of all tags, 0–1
 * @param count exactly so many, where there are as many; undefined: at most 10, of 0.1 and more
 */
export function likeliestTags(
  probabilities: ArrayLike<number>,
  { words, things }: TagWords,
  count: number | undefined,
): CaptionTag[] {
  const best = new Map<number | undefined, CaptionTag>();
  words.forEach((text, column) => {
    const probability = probabilities[column] ?? 0;
    const thing = things[column];
    if (probability > (best.get(thing)?.probability ?? -1)) best.set(thing, { text, probability });
  });
  const least = count === undefined ? DEFAULT_LEAST : 0;
  return [...best.values()]
    .filter(({ probability }) => probability >= least)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count ?? DEFAULT_COUNT);
}
