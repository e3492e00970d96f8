/** Gives for each new token the text that is now certain, which may be none. */
export interface CaptionStream {
  (token: number): string;
  /** The text that was held back, once no token follows. */
  end(): string;
}

/**
 * Decodes a caption token by token. Held back is what the next token may still change: a part of a
 * character, and with `cleanUpSpaces` an ending that could become a contraction. All texts joined
 * are what the tokens add to their prefix.
 */
export function captionStream(
  prefix: readonly number[],
  decode: (ids: readonly number[]) => string,
  cleanUpSpaces: boolean,
): CaptionStream {
  const ids = [...prefix];
  let given = certainPart(decode(ids), cleanUpSpaces).length;

  const advance = (text: string): string => {
    const fresh = text.slice(given);
    given = Math.max(given, text.length);
    return fresh;
  };
  const next = (token: number): string => {
    ids.push(token);
    return advance(certainPart(decode(ids), cleanUpSpaces));
  };
  return Object.assign(next, { end: () => advance(decode(ids)) });
}

/** The text without an ending that the next token may change. */
function certainPart(text: string, cleanUpSpaces: boolean): string {
  // U+FFFD stands for bytes that are no character, or not yet.
  const wholeCharacters = text.replace(/\uFFFD+$/, '');
  // Beginnings of " n't" (which " n ' t" becomes as well), " 've", " 're", " ' " and, in the bare space,
  // of all the others.
  return cleanUpSpaces ? wholeCharacters.replace(/ (?:n(?: ?')?|'[vr]?)?$/, '') : wholeCharacters;
}
