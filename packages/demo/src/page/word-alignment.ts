import type { WordMap } from '../caption.js';

/** The same words as the library's (packages/core/src/text/caption-words.ts). */
const WORD = /([^\s\p{P}]+(?:\p{P}+[^\s\p{P}]+)*)/u;

/**
 * A caption in parts: its words that have a map, and the text in between. The caption may have been
 * edited: words that the model did not say, or said elsewhere, stay text.
 *
 * @param maps in the order of the model's own caption
 */
export function alignWords(text: string, maps: readonly WordMap[]): (WordMap | string)[] {
  const parts: (WordMap | string)[] = [];
  let between = '';
  let next = 0;
  for (const piece of text.split(WORD)) {
    const at = maps.findIndex(({ word }, index) => index >= next && word === piece);
    const map = maps[at];
    if (map) {
      if (between) parts.push(between);
      parts.push(map);
      between = '';
      next = at + 1;
    } else between += piece;
  }
  return between ? [...parts, between] : parts;
}
