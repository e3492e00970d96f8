/** Plurals that no rule of spelling leads back to the singular. */
const IRREGULAR: Readonly<Record<string, string>> = {
  people: 'person',
  feet: 'foot',
  teeth: 'tooth',
  geese: 'goose',
  mice: 'mouse',
};

/** What an English word may be the plural of, likeliest first: "knives" → … "knife". */
function singulars(word: string): string[] {
  const irregular = IRREGULAR[word];
  if (irregular !== undefined) return [irregular];
  if (word.endsWith('men')) return [`${word.slice(0, -2)}an`];
  if (word.endsWith('children')) return [word.slice(0, -3)];
  if (!/..[^s]s$/.test(word)) return [];
  return [
    word.slice(0, -1),
    ...(/(?:[sxzo]|[cs]h)es$/.test(word) ? [word.slice(0, -2)] : []),
    ...(word.endsWith('ies') ? [`${word.slice(0, -3)}y`] : []),
    ...(word.endsWith('ves') ? [`${word.slice(0, -3)}f`, `${word.slice(0, -3)}fe`] : []),
  ];
}

/** The singular of an English word among the given ones; the word itself where it has none there. */
export function singularAmong(words: ReadonlySet<string>, word: string): string {
  return singulars(word).find((singular) => words.has(singular)) ?? word;
}
