/**
 * Splits a caption's text among its tokens. A token's share ends where the text decoded up to it
 * stops agreeing with the whole: a token that holds a part of a character has an empty share, and the
 * token that completes the character has it all.
 *
 * @returns one piece a token; joined they are `decode(ids)`
 */
export function captionPieces(
  ids: readonly number[],
  decode: (ids: readonly number[]) => string,
): string[] {
  const text = decode(ids);
  let start = 0;
  return ids.map((_, i) => {
    const isLast = i === ids.length - 1;
    const agreed = isLast ? text.length : agreement(decode(ids.slice(0, i + 1)), text);
    const end = Math.max(start, agreed);
    const piece = text.slice(start, end);
    start = end;
    return piece;
  });
}

/** Length of the beginning that two texts share, whole characters only. */
function agreement(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  const splitsSurrogates = length > 0 && /[\uD800-\uDBFF]/.test(b.charAt(length - 1));
  return splitsSurrogates ? length - 1 : length;
}
