import { search } from './search.js';
import type { Added, TagInfluence } from './tag-influence.js';
import { withTags } from './tag-logits.js';
import type { DecoderStep, Hypothesis, SearchControl, SearchSettings } from './types.js';

/**
 * Searches a caption of a photo with tags, and once more if it says nothing that the photo surely
 * shows, now with the logits of those words raised until one is said. A decoder trained on few photos
 * prefers the words of those photos ("a tall building with a clock") to a name that it seldom read
 * ("a castle"). Raised from the start, they would be said too early: "a dog" in place of "a brown dog".
 *
 * `onToken` gets no word before a sure one is said or the search is over: words cannot be taken back,
 * and a caption must not depend on whether somebody watches.
 *
 * @param start gives a decoder before its first step
 * @returns as {@link search}; probabilities and scores are those of the decoder as the tags
 *   influenced it
 */
export async function searchWithTags(
  start: () => DecoderStep,
  influence: TagInfluence,
  settings: SearchSettings,
  control: SearchControl = {},
): Promise<Hypothesis[]> {
  const { sure } = influence;
  const once = () => withTags(start(), { ...influence, sure: new Map() });
  const says = (tokens: readonly number[] = []) => tokens.some((token) => sure.has(token));
  if (sure.size === 0 || says(settings.prompt)) return search(once(), settings, control);
  const first = heldBack(control, sure);
  const plain = await search(once(), settings, first.control);
  if (says(plain[0]?.tokens)) return plain;
  const second = heldBack(control, sure);
  const again = await search(withTags(start(), influence), settings, second.control);
  if (says(again[0]?.tokens)) return again;
  first.release();
  return plain;
}

/** A control whose `onToken` gets its words from the first sure one on, or when they are released. */
function heldBack(
  control: SearchControl,
  sure: Added,
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
        if (isReleased || sure.has(token)) release();
      },
    },
    release,
  };
}
