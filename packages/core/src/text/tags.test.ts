import { describe, expect, test } from 'vitest';
import { singularAmong } from './singular.js';
import { likeliestTags } from './tags.js';

function tags(probabilities: Readonly<Record<string, number>>, count?: number) {
  const words = Object.keys(probabilities);
  const things = words.map((word) => singularAmong(new Set(words), word));
  return likeliestTags(Object.values(probabilities), { words, things }, count);
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

  test('takes the likelier of two words that differ by number, and counts them once', () => {
    expect(texts({ dog: 0.6, dogs: 0.7, cat: 0.5, cats: 0.2 }, 2)).toEqual(['dogs', 'cat']);
    expect(texts({ people: 0.9, person: 0.8, women: 0.3, woman: 0.4 })).toEqual([
      'people',
      'woman',
    ]);
  });

  test('leaves out what is no number', () => {
    expect(texts({ a: Number.NaN, b: 0.2 }, 9)).toEqual(['b']);
  });
});

describe('singularAmong', () => {
  const words = new Set(
    'it dog box bus glass horse berry cookie knife leaf man woman child grandchild person cafe wave cave mouse tomato strip ski sky grass bra princess bench'.split(
      ' ',
    ),
  );

  test.each([
    ...[['dogs', 'dog'] as const, ['boxes', 'box'] as const, ['buses', 'bus'] as const],
    ...[['glasses', 'glass'] as const, ['horses', 'horse'] as const, ['benches', 'bench'] as const],
    ...[['berries', 'berry'] as const, ['cookies', 'cookie'] as const, ['skies', 'sky'] as const],
    ...[['knives', 'knife'] as const, ['leaves', 'leaf'] as const, ['waves', 'wave'] as const],
    ...[['men', 'man'] as const, ['women', 'woman'] as const, ['people', 'person'] as const],
    ...[['children', 'child'] as const, ['grandchildren', 'grandchild'] as const],
    ...[['mice', 'mouse'] as const, ['tomatoes', 'tomato'] as const, ['caves', 'cave'] as const],
  ])('%s is the plural of %s', (plural, singular) => {
    expect(singularAmong(words, plural)).toBe(singular);
  });

  test.each([
    'dog',
    'grass',
    'stripes',
    'brass',
    'princess',
    'geese',
    'specimen',
    'gas',
    'news',
    'its',
  ])('%s is the plural of none of them', (word) => expect(singularAmong(words, word)).toBe(word));
});
