/*
 * A model says "a man" of a person whom it cannot know; it is wrong often enough (see its card) that
 * a page is better off with "a person". What the model says instead is its own: captions without
 * these words.
 */

// biome-ignore format: a table with several entries a line
const NEUTRAL: Readonly<Record<string, string>> = {
  man: 'person', woman: 'person', men: 'people', women: 'people',
  guy: 'person', guys: 'people', lady: 'person', ladies: 'people',
  gentleman: 'person', gentlemen: 'people', male: 'person', males: 'people',
  female: 'person', females: 'people', boy: 'child', girl: 'child',
  boys: 'children', girls: 'children', he: 'they', she: 'they', him: 'them',
  his: 'their', her: 'their', hers: 'theirs', himself: 'themselves',
  herself: 'themselves', mother: 'parent', father: 'parent', mom: 'parent', dad: 'parent',
  son: 'child', daughter: 'child', sons: 'children', daughters: 'children',
  brother: 'sibling', sister: 'sibling', brothers: 'siblings', sisters: 'siblings',
  husband: 'person', wife: 'person', bride: 'person', groom: 'person',
  cowboy: 'person', cowgirl: 'person', businessman: 'person', businesswoman: 'person',
  fisherman: 'person', policeman: 'person', policewoman: 'person', fireman: 'person',
  waiter: 'person', waitress: 'person', actress: 'person', grandmother: 'person',
  grandfather: 'person', businessmen: 'people', firemen: 'people', policemen: 'people',
  fishermen: 'people', cowboys: 'people', brides: 'people', wives: 'people',
};

/** Words that drafts must not contain. */
export const GENDERED: readonly string[] = Object.keys(NEUTRAL);

const words = (text: string) => text.toLowerCase().split(/[^\p{Letter}\p{Number}]+/u);

export function isNeutral(caption: string): boolean {
  return !words(caption).some((word) => Object.hasOwn(NEUTRAL, word));
}

/** True if two captions differ only in their words for people. */
export function sameButForGender(neutral: string, other: string): boolean {
  const plain = (text: string) =>
    words(text)
      .map((word) => NEUTRAL[word] ?? word)
      .join(' ');
  return plain(neutral) === plain(other);
}

interface Candidate {
  readonly text: string;
  readonly confidence: number;
}

/**
 * The captions that say nothing of anybody's gender, best first. One that a gendered caption comes
 * down to claims less than that one, so that it can be trusted as much.
 *
 * @param candidates of the free search, best first
 * @param restricted of a search without the gendered words
 */
export function neutralCaptions(
  candidates: readonly Candidate[],
  restricted: readonly Candidate[],
): Candidate[] {
  const seen = new Set<string>();
  return [...candidates, ...restricted].flatMap(({ text, confidence }) => {
    if (!isNeutral(text) || seen.has(text)) return [];
    seen.add(text);
    const equals = candidates.filter((each) => sameButForGender(text, each.text));
    return [{ text, confidence: Math.max(confidence, ...equals.map((each) => each.confidence)) }];
  });
}
