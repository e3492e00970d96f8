import type { TokenSpan } from './token-spans.js';

/** A word of a caption and the tokens, `start` to before `end`, that make it up. */
export interface CaptionWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/**
 * What stands between spaces, without the punctuation around it: "it's", "3.5" and "t-shirt" are one
 * word each, a full stop is none. Emoji and symbols count as letters.
 */
const WORD = /[^\s\p{P}]+(?:\p{P}+[^\s\p{P}]+)*/gu;

/** The words of a text, and which of its tokens each is made of. */
export function captionWords(text: string, spans: readonly TokenSpan[]): CaptionWord[] {
  return [...text.matchAll(WORD)].map((match) => {
    const [word] = match;
    const to = match.index + word.length;
    const start = spans.findIndex((span) => span.start < to && span.reach > match.index);
    const end = spans.findLastIndex((span) => span.start < to && span.reach > match.index) + 1;
    return { word, start, end };
  });
}
