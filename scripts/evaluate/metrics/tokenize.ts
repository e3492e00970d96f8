/**
 * A caption as a list of words, the way the COCO caption evaluation sees it: the Penn Treebank
 * tokenisation of Stanford CoreNLP, in lower case, without punctuation marks. On ordinary sentences
 * it gives the same words; unlike the original it does not know lists of abbreviations, currency
 * spellings or fractions.
 */
export function tokenize(sentence: string): string[] {
  return (
    sentence
      .toLowerCase()
      .replace(/[\u2018\u2019]/g, "'")
      .replace(/[\u201c\u201d]/g, '"')
      // Contractions are split before the part that stands for a word: it 's, do n't, we 'll.
      .replace(/n't\b/g, " n't")
      .replace(/\b(can)not\b/g, '$1 not')
      .replace(/\b(gon|wan)na\b/g, '$1 na')
      .replace(/(?<=[\p{L}\p{N}])'(s|re|ve|ll|d|m)\b/gu, " '$1")
      // The evaluation drops punctuation but overlooks brackets, which its tokeniser renames.
      .replace(/\(/g, ' -lrb- ')
      .replace(/\)/g, ' -rrb- ')
      .replace(/--+/g, ' ')
      // Hyphens and full stops inside a word stay: t-shirt, u.s.
      .replace(/[^\p{L}\p{N}'.$%&#@*+/-]+/gu, ' ')
      .split(/\s+/)
      .flatMap(splitWord)
      .filter((word) => word !== '')
  );
}

/** Strips the marks around a word; keeps the dots of an abbreviation and the signs that are words. */
function splitWord(raw: string): string[] {
  if (/^('(s|re|ve|ll|d|m|n')|n't|-[lr]rb-)$/.test(raw)) return [raw];
  const bare = raw.replace(/^['.*+/-]+|['*+/-]+$/g, '');
  const abbreviation = /^(\p{L}\.)+\p{L}\.?$/u.test(bare) || /^(mr|mrs|ms|dr|st|jr)\.$/.test(bare);
  const word = abbreviation ? bare : bare.replace(/\.+$/, '');
  return word.split(/([$%&#])/);
}
