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

it('a limit that is over before it begins stops everything, without a warning of Node', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const { signal, end } = timeLimit(20, new AbortController().signal);
  expect(signal.reason).toMatchObject({ code: 'TIME_TOO_SHORT' });
  await pause(0);
  process.off('warning', note);
  end();
  expect(warnings).toEqual([]);
});
