import type { CaptionTag } from '../types.js';
import { singularAmong } from './singular.js';
import type { CaptionTokenizer } from './tokenizer.js';

/** The words of a model's tags, in the order of their probabilities. */
export interface TagWords {
  /** Empty where a token stands for no word. */
  readonly words: readonly string[];
  /** The same for words that differ only by their number: "dog" and "dogs" are one thing. */
  readonly things: readonly string[];
}

/** Tags that are given where a call asks for no number: at most so many, … */
const DEFAULT_COUNT = 10;
/** … of at least this probability. */
const DEFAULT_LEAST = 0.1;

export function tagWords(tokens: readonly number[], tokenizer: CaptionTokenizer): TagWords {
  const words = tokens.map((token) => tokenizer.decode([token]).trim());
  const known = new Set(words);
  return { words, things: words.map((word) => singularAmong(known, word)) };
}

/**
 * The likeliest tags, best first. Of words that differ only by their number the likelier stands for
 * both.
 *
 * @param probabilities of all tags, 0–1
 * @param count exactly so many, where there are as many; undefined: at most 10, of 0.1 and more
 */
export function likeliestTags(
  probabilities: ArrayLike<number>,
  { words, things }: TagWords,
  count: number | undefined,
): CaptionTag[] {
  const best = new Map<string, CaptionTag>();
  words.forEach((text, column) => {
    const probability = probabilities[column] ?? 0;
    const thing = things[column] ?? text;
    if (probability > (best.get(thing)?.probability ?? -1)) best.set(thing, { text, probability });
  });
  const least = count === undefined ? DEFAULT_LEAST : 0;
  return [...best.values()]
    .filter(({ probability }) => probability >= least)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count ?? DEFAULT_COUNT);
}
