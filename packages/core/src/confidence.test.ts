import { expect, test } from 'vitest';
import { confidence } from './confidence.js';

test('without a calibration: the geometric mean of the probabilities', () => {
  expect(confidence([Math.log(0.5), Math.log(0.125)], undefined)).toBeCloseTo(0.25, 12);
  expect(confidence([], undefined)).toBe(0);
});

test('with one: the logistic function of mean, smallest and number', () => {
  const model = { intercept: 1, meanLogProb: 2, minLogProb: 0.5, length: -0.1 };
  // 1 + 2·(-1.5) + 0.5·(-2) - 0.1·2 = -3.2
  expect(confidence([-1, -2], model)).toBeCloseTo(1 / (1 + Math.exp(3.2)), 12);
});
