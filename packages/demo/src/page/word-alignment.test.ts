import { expect, test } from 'vitest';
import { alignWords } from './word-alignment.js';

const maps = ['a', 'cat', 'on', 'a', 'table'].map((word, column) => ({
  word,
  rows: 1,
  columns: 1,
  values: [column],
}));
/** Each part: a word with its place among the maps, or text. */
const parts = (text: string) =>
  alignWords(text, maps).map((part) =>
    typeof part === 'string' ? part : [part.word, part.values[0]],
  );

test('every word of the model has its map', () => {
  expect(parts('a cat on a table.')).toEqual([
    ...[['a', 0], ' ', ['cat', 1], ' ', ['on', 2], ' ', ['a', 3], ' ', ['table', 4], '.'],
  ]);
});

test('of an edited caption those that the model said have theirs', () => {
  expect(parts('My cat, on tables')).toEqual(['My ', ['cat', 1], ', ', ['on', 2], ' tables']);
  expect(parts('nothing of that')).toEqual(['nothing of that']);
  expect(parts('')).toEqual([]);
});
