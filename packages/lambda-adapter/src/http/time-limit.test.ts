import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { timeLimit } from './time-limit.js';

it.each([1e12, Number.POSITIVE_INFINITY])('a limit of %d ms is not over at once', async (limit) => {
  const { signal, end } = timeLimit(limit, new AbortController().signal);
  // Node's timers take more than 2^31 ms for one.
  await pause(50);
  expect(signal.aborted).toBe(false);
  end();
});
