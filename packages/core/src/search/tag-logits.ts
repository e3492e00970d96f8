import type { WordForms } from '../text/word-forms.js';
import type { Added, TagInfluence } from './tag-influence.js';
import type { DecoderStep, DecoderStepOutput } from './types.js';

type Said = ReadonlySet<number>;
const NOTHING: Said = new Set();

/**
 * A decoder whose logits follow the tags of its photo: words of likely tags are raised until they
 * are said, and words that were said are lowered ("a stove and a stove"). Every form of a word counts
 * as the word.
 *
 * @param step a decoder before its first step
 */
export function withTags(
  step: DecoderStep,
  { likely, sure, repeatPenalty, forms }: TagInfluence,
): DecoderStep {
  if (likely.size === 0 && sure.size === 0 && repeatPenalty === 0) return step;
  /** For each row of the last step, the words of tags that its sentence holds, in all their forms. */
  let said: readonly Said[] = [];
  /** The last step's, changed. Every step writes over them, as there are many and a step takes less than their collection. */
  let logits = new Float32Array(0);
  const follow = (output: DecoderStepOutput): DecoderStepOutput => {
    if (logits.length !== output.logits.length) logits = new Float32Array(output.logits.length);
    logits.set(output.logits);
    said.forEach((words, row) => {
      const own = logits.subarray(row * output.vocabSize, (row + 1) * output.vocabSize);
      raise(own, likely, words);
      if (sure.size > 0 && ![...words].some((word) => sure.has(word))) raise(own, sure, NOTHING);
      for (const word of words) own[word] = (own[word] ?? 0) - repeatPenalty;
    });
    return { ...output, logits };
  };
  const following: DecoderStep = async (tokens, parents) => {
    said = tokens.map((token, row) => withWord(said[parents[row] ?? 0] ?? NOTHING, token, forms));
    return follow(await step(tokens, parents));
  };
  const { prefill } = step;
  if (!prefill) return following;
  const run = async () => {
    said = [NOTHING];
    return follow(await prefill.run());
  };
  return Object.assign(following, { prefill: { tokens: prefill.tokens, run } });
}

function raise(logits: Float32Array, added: Added, except: Said): void {
  for (const [token, by] of added) {
    if (!except.has(token)) logits[token] = (logits[token] ?? 0) + by;
  }
}

function withWord(said: Said, token: number, forms: WordForms): Said {
  const word = forms.get(token);
  return word && !said.has(token) ? new Set([...said, ...word]) : said;
}
