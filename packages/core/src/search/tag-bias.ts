import { search } from './search.js';
import type {
  DecoderStep,
  DecoderStepOutput,
  Hypothesis,
  SearchControl,
  SearchSettings,
} from './types.js';

/** What is added to the logits of words for what a photo surely shows, by token. All above 0. */
export type Favoured = ReadonlyMap<number, number>;

/**
 * @param bias  of each of `tokens`; at 0 or below a token is left out
 * @param scale factor of all of `bias`
 */
export function favouredTokens(
  tokens: readonly number[],
  bias: ArrayLike<number>,
  scale: number,
): Favoured {
  const favoured = new Map<number, number>();
  tokens.forEach((token, i) => {
    const added = scale * (bias[i] ?? 0);
    if (added > 0) favoured.set(token, added);
  });
  return favoured;
}

/**
 * Searches a caption, and once more if it says none of the favoured words, now with their logits
 * raised until one is said. A decoder trained on few photos prefers the words of those photos ("a tall
 * building with a clock") to a name that it seldom read ("a castle"). Raised from the start, they
 * would be said too early: "a dog" in place of "a brown dog".
 *
 * `onToken` gets no word before a favoured one is said or the search is over: words cannot be taken back,
 * and a caption must not depend on whether somebody watches.
 *
 * @param start    gives a decoder before its first step
 * @param favoured may be empty
 * @returns as {@link search}; probabilities and scores of a second search are those of the decoder with
 *   its bias
 */
export async function searchFavouring(
  start: () => DecoderStep,
  favoured: Favoured,
  settings: SearchSettings,
  control: SearchControl = {},
): Promise<Hypothesis[]> {
  if (favoured.size === 0) return search(start(), settings, control);
  const says = (tokens: readonly number[] = []) => tokens.some((token) => favoured.has(token));
  if (says(settings.prompt)) return search(start(), settings, control);
  const first = heldBack(control, favoured);
  const plain = await search(start(), settings, first.control);
  if (says(plain[0]?.tokens)) return plain;
  const second = heldBack(control, favoured);
  const again = await search(withTagBias(start(), favoured), settings, second.control);
  if (says(again[0]?.tokens)) return again;
  first.release();
  return plain;
}

/** A control whose `onToken` gets its words from the first favoured one on, or when they are released. */
function heldBack(
  control: SearchControl,
  favoured: Favoured,
): { readonly control: SearchControl; release(): void } {
  const { onToken } = control;
  if (!onToken) return { control, release() {} };
  const held: (() => void)[] = [];
  let isReleased = false;
  const release = () => {
    isReleased = true;
    for (const give of held.splice(0)) give();
  };
  return {
    control: {
      ...control,
      onToken(token, logProb) {
        held.push(() => onToken(token, logProb));
        if (isReleased || favoured.has(token)) release();
      },
    },
    release,
  };
}

/**
 * A decoder that raises the logits of the favoured words in every row that has not said one of them
 * yet.
 *
 * @param step a decoder before its first step
 */
export function withTagBias(step: DecoderStep, favoured: Favoured): DecoderStep {
  /** For each row of the last step: does its sentence hold one of the words? */
  let said: readonly boolean[] = [];
  const raise = (output: DecoderStepOutput): DecoderStepOutput => {
    const logits = Float32Array.from(output.logits);
    said.forEach((isSaid, row) => {
      if (isSaid) return;
      for (const [token, added] of favoured) {
        const at = row * output.vocabSize + token;
        logits[at] = (logits[at] ?? 0) + added;
      }
    });
    return { ...output, logits };
  };
  const { prefill } = step;
  const biased: DecoderStep = async (fed, parents) => {
    said = fed.map((token, row) => favoured.has(token) || said[parents[row] ?? 0] === true);
    return raise(await step(fed, parents));
  };
  if (!prefill) return biased;
  const run = async () => {
    said = [false];
    return raise(await prefill.run());
  };
  return Object.assign(biased, { prefill: { tokens: prefill.tokens, run } });
}
