import { expect, test } from 'vitest';
import { tagPrecision } from './tag-precision.js';

const vocabulary = new Set(['dog', 'dogs', 'grass', 'ball', 'cat']);
const tags = (...words: string[]) => words.map((text) => ({ text, probability: 0.5 }));

test('counts words of any caption once, whatever their number', () => {
  const captions = ['Two dogs on the grass.', 'A dog, running on GRASS'];
  expect(tagPrecision([{ tags: tags('dogs', 'grass', 'cat'), captions }], vocabulary)).toBe(1);
  expect(tagPrecision([{ tags: tags('cat', 'dog'), captions }], vocabulary)).toBe(1 / 2 / 2);
});

test('is the mean over the photos that have something to find', () => {
  const photos = [
    { tags: tags('dog'), captions: ['a dog'] },
    { tags: tags('cat'), captions: ['a ball'] },
    { tags: tags('cat'), captions: ['nothing at all'] },
  ];
  expect(tagPrecision(photos, vocabulary)).toBe(1 / 2);
  expect(tagPrecision([], vocabulary)).toBe(0);
});
