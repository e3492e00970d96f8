import type { WordForms } from '../text/word-forms.js';

/** What the tags of a photo do to the words of its captions. */
export interface TagInfluence {
  /** What is added to the logits of likely tags' words until a caption says them, by token. All above 0. */
  readonly likely: Added;
  /**
   * What is added, besides, in a second search where no caption says any of these words. All above
   * 0.
   */
  readonly sure: Added;
  /** What is taken from the logits of a tag's word once a caption has said it. */
  readonly repeatPenalty: number;
  /** For the token of each tag, the tokens of all forms of its word (bird, birds), itself among them. */
  readonly forms: WordForms;
}

export type Added = ReadonlyMap<number, number>;

/** The strength of each influence; at 0 it is off. Options of a call. */
export interface TagSettings {
  readonly tagWeight: number;
  readonly tagBias: number;
  readonly tagRepeatPenalty: number;
}

/** A model's tags. */
export interface TagTokens {
  /** Of their words, one a column. */
  readonly tokens: readonly number[];
  /** Those of them that are never likely. */
  readonly unweighted: readonly number[];
}

/** What a photo's encoder says of its tags: a number for each column of the model's tags. */
export interface TagOutputs {
  /** 0–1. */
  readonly tags?: ArrayLike<number>;
  /** Above 0 for what the photo surely shows. */
  readonly tagBias?: ArrayLike<number>;
}

/** Tags of this probability or less are not likely: there are hundreds of them. */
const LEAST_LIKELY = 0.03;
/** A tag's probability counts as at most this: a sure tag has finite log-odds. */
const MOST_LIKELY = 0.9999;

export function tagInfluence(
  { tokens, unweighted }: TagTokens,
  forms: WordForms,
  { tags = [], tagBias = [] }: TagOutputs,
  settings: TagSettings,
): TagInfluence {
  const floor = logOdds(LEAST_LIKELY);
  const weight = (token: number) => (unweighted.includes(token) ? 0 : settings.tagWeight);
  const likely = (column: number, token: number) =>
    weight(token) * (logOdds(Math.min(tags[column] ?? 0, MOST_LIKELY)) - floor);
  const sure = (column: number) => settings.tagBias * (tagBias[column] ?? 0);
  return {
    likely: addedTo(tokens, forms, likely),
    sure: addedTo(tokens, forms, sure),
    repeatPenalty: settings.tagRepeatPenalty,
    forms,
  };
}

/** What is said of one form of a word counts for all: the most that one of them is given. */
function addedTo(
  tokens: readonly number[],
  forms: WordForms,
  value: (column: number, token: number) => number,
): Added {
  const added = new Map<number, number>();
  tokens.forEach((token, column) => {
    const most = value(column, token);
    if (!(most > 0)) return;
    for (const form of forms.get(token) ?? [token]) {
      added.set(form, Math.max(most, added.get(form) ?? 0));
    }
  });
  return added;
}

function logOdds(probability: number): number {
  return Math.log(probability / (1 - probability));
}
