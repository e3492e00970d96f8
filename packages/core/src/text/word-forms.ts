/** For the token of a word, the tokens of all its forms (bird, birds), itself among them. */
export type WordForms = ReadonlyMap<number, readonly number[]>;

/**
 * @param tokens of words, each a token of its own
 * @param groups tokens that are forms of one word; further ones than `tokens` may be among them
 */
export function wordForms(
  tokens: readonly number[],
  groups: readonly (readonly number[])[],
): WordForms {
  const forms = new Map<number, readonly number[]>(tokens.map((token) => [token, [token]]));
  for (const group of groups) for (const token of group) forms.set(token, group);
  return forms;
}
