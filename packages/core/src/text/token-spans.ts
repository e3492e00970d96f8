/** A token's place in a caption's text. */
export interface TokenSpan {
  /** The token's share of the text, `start` to before `end`. The shares lie end to end. */
  readonly start: number;
  readonly end: number;
  /** Like `end`, or beyond it when the token also has a part of the character that follows. */
  readonly reach: number;
}

/**
 * Splits a caption's text among its tokens. A token's share ends where the text decoded up to it
 * stops agreeing with the whole: a token that holds a part of a character has none of it, and the
 * token that completes the character has it all.
 */
export function tokenSpans(
  ids: readonly number[],
  text: string,
  decode: (ids: readonly number[]) => string,
): TokenSpan[] {
  let start = 0;
  return ids.map((_, i) => {
    const said = i === ids.length - 1 ? text : decode(ids.slice(0, i + 1));
    const agreed = agreement(said, text);
    const end = Math.max(start, agreed);
    const span = { start, end, reach: said.length > agreed ? end + 1 : end };
    start = end;
    return span;
  });
}

/** Length of the beginning that two texts share, whole characters only. */
function agreement(a: string, b: string): number {
  if (a === b) return a.length;
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  const splitsSurrogates = /[\uD800-\uDBFF]/.test(b.charAt(length - 1));
  return splitsSurrogates ? length - 1 : length;
}
