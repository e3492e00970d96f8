import { expect, it } from 'vitest';
import { billedGbSeconds, monthlyCost } from './cost.js';

it('comes to the essay’s figure with the essay’s numbers', () => {
  // 10,000 requests of 10 s at 1,024 MB: $1.67 in eu-central-1, which has this price, too.
  const usage = { memory: 1024, init: 0, first: 10_000, warm: 10_000 };
  const gbSeconds = billedGbSeconds(usage, 0);
  expect(gbSeconds).toBe(100_000);
  expect(monthlyCost(gbSeconds, 'x86_64')).toBeCloseTo(1.67, 2);
});

it('counts cold requests with their init', () => {
  const usage = { memory: 2048, init: 400, first: 99.5, warm: 49.2 };
  expect(billedGbSeconds(usage, 1)).toBeCloseTo(10_000 * 0.5 * 2);
  expect(billedGbSeconds(usage, 0.1)).toBeCloseTo(10_000 * (0.1 * 0.5 + 0.9 * 0.05) * 2);
});
