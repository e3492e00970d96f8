import { describe, expect, test } from 'vitest';
import { singularAmong } from './singular.js';

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
