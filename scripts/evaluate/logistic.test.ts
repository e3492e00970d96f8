import { expect, test } from 'vitest';
import { fitLogistic, probability } from './logistic.js';

test('finds the weights that the examples were drawn with', () => {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const truth = [0.5, 2, -1];
  const rows = Array.from({ length: 20_000 }, () => [2 * random() - 1, 4 * random()]);
  const labels = rows.map((row) => (random() < probability(truth, row) ? 1 : 0));
  fitLogistic(rows, labels).forEach((weight, i) => {
    expect(Math.abs(weight - (truth[i] ?? 0))).toBeLessThan(0.1);
  });
});

test('at the optimum the mean prediction is the share of ones', () => {
  const rows = [[-3], [-1], [0], [1], [2], [4]];
  const labels = [0, 1, 0, 1, 0, 1];
  const weights = fitLogistic(rows, labels);
  const mean = rows.reduce((sum, row) => sum + probability(weights, row), 0) / rows.length;
  expect(mean).toBeCloseTo(0.5, 3);
});
