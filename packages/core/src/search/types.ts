/**
 * One step of a decoder, as the search sees it. The decoder keeps its own state (key/value cache,
 * hidden and cell vectors); the search only says which rows go on.
 *
 * The number of rows may change from step to step: rows are repeated when one sentence is continued
 * in several ways and left out when a sentence has ended.
 *
 * @param tokens  the token that each row is fed, one a row
 * @param parents for each row, the row of the previous step that it continues; on the first step
 *                every entry is 0
 */
export interface DecoderStep {
  (tokens: readonly number[], parents: readonly number[]): Promise<DecoderStepOutput>;
  /** For a decoder that reads the start of the prompt at once, in one row. */
  readonly prefill?: {
    /** How many tokens of the search's `prompt` it reads; the rest is fed one by one. */
    readonly tokens: number;
    run(): Promise<DecoderStepOutput>;
  };
}

export interface DecoderStepOutput {
  /** Unnormalised scores, rows × vocabulary, row-major. Only valid until the next step. */
  readonly logits: Float32Array;
  readonly vocabSize: number;
  /** Weights over the photo's positions, rows × positions, each row summing to 1; when the model gives them. */
  readonly attention?: Float32Array;
}

/** Settings of a search. Each has the meaning of the option of that name in Hugging Face `generate`. */
export interface SearchSettings {
  readonly numBeams: number;
  /** Maximum number of new tokens, the end token included (`max_new_tokens`). */
  readonly maxLength: number;
  /** No end token before this many new tokens (`min_new_tokens`). */
  readonly minLength: number;
  readonly lengthPenalty: number;
  readonly earlyStopping: boolean | 'never';
  readonly noRepeatNgramSize: number;
  readonly repetitionPenalty: number;
  /** Hypotheses returned, best first (`num_return_sequences`). */
  readonly numCaptions: number;
  /** Token sequences that must not appear (`bad_words_ids`). */
  readonly bannedSequences: readonly (readonly number[])[];
  /** Tokens that are never generated (`suppress_tokens`). */
  readonly suppress: readonly number[];
  /** Sampling instead of taking the best (`do_sample`). */
  readonly sample: boolean;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  /** Seed of the sampler's generator: the same seed gives the same caption. */
  readonly seed: number;
  /** Tokens fed before the first new one: the start token, then the caption's prefix. */
  readonly prompt: readonly number[];
  /**
   * How many of the prompt's last tokens count as new ones where a length is counted for a score: a
   * start token that is forced (`forced_bos_token_id`). Default 0.
   */
  readonly forcedTokens?: number;
  /** The token that is forced at `maxLength` (`forced_eos_token_id`). */
  readonly forcedEnd?: number;
  /** The token, or the tokens, that end a sentence (`eos_token_id`). */
  readonly eos: number | readonly number[];
  readonly pad: number;
  /** Keep the attention of each token. */
  readonly attention: boolean;
}

export interface SearchControl {
  /** Checked between steps; the search then throws `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Greedy and sampled search of one caption: called with each new token (not the end token). */
  readonly onToken?: (token: number, logProb: number) => void;
}

/** One finished (or cut off) sequence. */
export interface Hypothesis {
  /** New tokens, without the prompt and without the end token. */
  readonly tokens: readonly number[];
  /**
   * The decoder's log-probability of each of `tokens`, before any processor. At most 0.
   */
  readonly logProbs: readonly number[];
  /** Log-probability of the end token; 0 if `maxLength` ended the search. */
  readonly endLogProb: number;
  /**
   * Sum of log-probabilities / length^lengthPenalty, the end token counted in both. Beam search sums
   * them as its processors left them, as Hugging Face does, which differs from `logProbs` only with a
   * `repetitionPenalty` other than 1.
   */
  readonly score: number;
  /** True when the model ended the sentence itself. */
  readonly finished: boolean;
  /** For each of `tokens`, weights over the photo's positions. */
  readonly attention?: readonly Float32Array[];
}
