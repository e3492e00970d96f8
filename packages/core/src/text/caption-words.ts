/** A word of a caption and the tokens, `start` to before `end`, that make it up. */
export interface CaptionWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/**
 * What stands between spaces, without the punctuation around it: `"it's`, `3.5` and `t-shirt` are one
 * word each, a full stop is none. Emoji and symbols count as letters.
 */
const WORD = /[^\s\p{P}]+(?:\p{P}+[^\s\p{P}]+)*/gu;

/** Groups a caption's tokens to words. @param pieces each token's share of the text */
export function captionWords(pieces: readonly string[]): CaptionWord[] {
  const starts: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    starts.push(length);
    length += piece.length;
  }
  // A token covers the text from where it starts to where its piece ends. One with an empty piece has
  // the first bytes of the character that follows.
  const covers = (token: number, from: number, to: number): boolean => {
    const start = starts[token] ?? 0;
    const size = pieces[token]?.length ?? 0;
    return size === 0 ? start >= from && start < to : start < to && start + size > from;
  };

  return [...pieces.join('').matchAll(WORD)].map((match) => {
    const from = match.index;
    const to = from + match[0].length;
    const tokens = pieces.map((_, token) => token).filter((token) => covers(token, from, to));
    return { word: match[0], start: tokens[0] ?? 0, end: (tokens.at(-1) ?? -1) + 1 };
  });
}
