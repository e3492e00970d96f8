import { expect, test } from 'vitest';
import { TimeLeft, timeLeftText } from './time-left.js';

test('the time left follows the pace of the latest photos', () => {
  const timeLeft = new TimeLeft();
  timeLeft.start(0);
  timeLeft.finish(900);
  expect(timeLeft.estimate(10)).toBeUndefined(); // The first one waited for the model.
  timeLeft.finish(1000);
  expect(timeLeft.estimate(10)).toBe(5000);
  for (let i = 1; i <= 20; i++) timeLeft.finish(1000 + 100 * i);
  expect(timeLeft.estimate(10)).toBe(1000);
  timeLeft.start(10_000);
  expect(timeLeft.estimate(10)).toBeUndefined();
});

test.each([
  [800, 'a few seconds left'],
  [11_000, 'about 15 s left'],
  [89_000, 'about 90 s left'],
  [200_000, 'about 3 min left'],
])('%i ms are "%s"', (milliseconds, text) => expect(timeLeftText(milliseconds)).toBe(text));
