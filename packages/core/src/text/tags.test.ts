import { describe, expect, test } from 'vitest';
import { likeliestTags, tagWords } from './tags.js';

/** @param forms words that are one, a group each, separated by spaces */
function tags(
  probabilities: Readonly<Record<string, number>>,
  count?: number,
  forms: readonly string[] = [],
) {
  const words = Object.keys(probabilities);
  const tokens = words.map((_, i) => i + 10);
  const token = (word: string) => words.indexOf(word) + 10;
  const groups = forms.map((group) => group.split(' ').map(token));
  const decode = ([id]: readonly number[]) => ` ${words[(id ?? 0) - 10]}`;
  const spec = { tokens, forms: groups };
  return likeliestTags(Object.values(probabilities), tagWords(spec, { decode }), count);
}
const texts = (...given: Parameters<typeof tags>) => tags(...given).map(({ text }) => text);

describe('likeliestTags', () => {
  test('sorts, and keeps the model’s order where two are equally likely', () => {
    expect(tags({ grass: 0.5, dog: 0.75, red: 0.5 })).toEqual([
      { text: 'dog', probability: 0.75 },
      { text: 'grass', probability: 0.5 },
      { text: 'red', probability: 0.5 },
    ]);
  });

  test('gives 0.1 and more by default, at most ten', () => {
    expect(texts({ a: 0.1, b: 0.0999, c: 0.2 })).toEqual(['c', 'a']);
    expect(texts({})).toEqual([]);
    const many = Object.fromEntries(Array.from('abcdefghijklmnop', (word) => [word, 0.5]));
    expect(texts(many)).toHaveLength(10);
    expect(texts(many, 12)).toHaveLength(12);
  });

  test('gives as many as are asked for, however unlikely', () => {
    expect(texts({ a: 0.1, b: 0.01, c: 0 }, 5)).toEqual(['a', 'b', 'c']);
    expect(texts({ a: 0.1, b: 0.01 }, 1)).toEqual(['a']);
    expect(texts({ a: 0.1 }, 0)).toEqual([]);
  });

  test('takes the likelier of two forms of a word, and counts them once', () => {
    const animals = { dog: 0.6, dogs: 0.7, cat: 0.5, cats: 0.2 };
    expect(texts(animals, 2, ['dog dogs', 'cat cats'])).toEqual(['dogs', 'cat']);
    expect(texts(animals, 2, ['cat cats'])).toEqual(['dogs', 'dog']);
  });

  test('leaves out what is no number', () => {
    expect(texts({ a: Number.NaN, b: 0.2 }, 9)).toEqual(['b']);
  });
});
