import { expect, test } from 'vitest';
import { isNeutral, neutralCaptions } from './neutral.js';

const said = (text: string, confidence: number) => ({ text, confidence });

test('words for men and women are found as words', () => {
  expect(
    ['a man', 'Two WOMEN.', 'his dog', 'a human', 'the manhole', 'herd', 'a boyish cut'].map(
      isNeutral,
    ),
  ).toEqual([false, false, false, true, true, true, true]);
});

test('a caption that says the same of a person is trusted as much as the one of a man', () => {
  const free = [said('a man on a horse', 0.8), said('a horse in a field', 0.3)];
  const restricted = [said('a person on a horse', 0.1), said('a rider on a horse', 0.2)];
  expect(neutralCaptions(free, restricted)).toEqual([
    said('a horse in a field', 0.3),
    said('a person on a horse', 0.8),
    said('a rider on a horse', 0.2),
  ]);
});

test('none is left when all are gendered', () => {
  expect(neutralCaptions([said('a man', 1)], [said('a woman', 1)])).toEqual([]);
});
