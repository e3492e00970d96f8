import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopK } from './top-k.js';

test('keeps the best, of equals the first, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 40 }),
      (values, k) => {
        const best = new TopK(k);
        best.offerAll(Float64Array.from(values), 0, values.length, 0.5, 1000);
        const expected = values
          .map((value, i) => ({ score: value + 0.5, index: 1000 + i }))
          .sort((a, b) => b.score - a.score || a.index - b.index)
          .slice(0, k);
        expect(best.sorted()).toEqual(expected);
      },
    ),
  );
});

test('never keeps -Infinity, even with room', () => {
  const best = new TopK(3);
  best.offerAll(Float32Array.of(-Infinity, 1, -Infinity), 0, 3, 0, 0);
  expect(best.sorted()).toEqual([{ score: 1, index: 1 }]);
});

test('takes a part of an array', () => {
  const best = new TopK(2);
  best.offerAll(Float32Array.of(9, 9, 1, 3, 2, 9), 2, 3, 0, 2);
  expect(best.sorted()).toEqual([
    { score: 3, index: 3 },
    { score: 2, index: 4 },
  ]);
});

test('starts anew when cleared', () => {
  const best = new TopK(1);
  best.offer(5, 0);
  best.clear();
  best.offer(1, 1);
  expect(best.sorted()).toEqual([{ score: 1, index: 1 }]);
});
