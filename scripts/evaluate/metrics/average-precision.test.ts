import { expect, test } from 'vitest';
import { averagePrecision } from './average-precision.js';

/* The values are those of the definition, by hand. */

const right = new Set(['dog', 'grass']);

test.each([
  [['dog', 'grass', 'sky'], 1],
  [['sky', 'dog', 'grass'], (1 / 2 + 2 / 3) / 2],
  [['dog', 'sky', 'tree', 'grass'], (1 + 2 / 4) / 2],
  // What is right and was not found.
  [['dog', 'sky'], 1 / 2],
  [['sky'], 0],
  [[], 0],
])('%j', (ranked, expected) => {
  expect(averagePrecision(ranked, right)).toBeCloseTo(expected, 12);
});

test('is nothing where nothing is right', () => {
  expect(averagePrecision(['dog'], new Set())).toBeUndefined();
});
