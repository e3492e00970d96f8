import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BodyBudget } from './body-budget.js';
import { HttpError } from './problem.js';
import { readBody, type UploadRules } from './read-body.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const budget = new BodyBudget(2 ** 20, () => 1);
const rules = (more: Partial<UploadRules> = {}): UploadRules => ({
  limit: 100_000,
  tooLarge: () => new HttpError('IMAGE_TOO_LARGE', 'Too large.'),
  lease: budget.lease(),
  timeout: 60_000,
  leastRate: 1_000,
  signal: new AbortController().signal,
  ...more,
});

/** A body that gives so many bytes at a time, every so many milliseconds. */
function drip(bytes: number, every: number, count = Number.POSITIVE_INFINITY): Request {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, every));
      if (sent++ < count) controller.enqueue(new Uint8Array(bytes));
      else controller.close();
    },
  });
  return new Request('http://x/', { method: 'POST', body, duplex: 'half' } as RequestInit);
}

/** How reading ended, and after how many seconds. */
async function ending(request: Request, given: UploadRules) {
  const started = performance.now();
  let seconds = 0;
  const end = readBody(request, given)
    .then(
      (bytes) => bytes.length,
      (error: { code?: string }) => error.code,
    )
    .finally(() => {
      seconds = (performance.now() - started) / 1000;
    });
  await vi.advanceTimersByTimeAsync(120_000);
  return { end: await end, seconds };
}

it('reads a body that comes fast enough', async () => {
  expect((await ending(drip(1_000, 500, 60), rules())).end).toBe(60_000);
});

it('ends one below the least rate, once the first seconds are over', async () => {
  const { end, seconds } = await ending(drip(1, 500), rules());
  expect(end).toBe('REQUEST_TIMEOUT');
  expect(seconds).toBeGreaterThan(5);
  expect(seconds).toBeLessThan(6);
});

it('ends one that came fast and then stops', async () => {
  let first = true;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (first) controller.enqueue(new Uint8Array(20_000));
      first = false;
      return new Promise(() => undefined);
    },
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  const { end, seconds } = await ending(new Request('http://x/', init), rules());
  expect(end).toBe('REQUEST_TIMEOUT');
  expect(Math.round(seconds)).toBe(25);
});

it('ends one that is not whole in time, at any rate', async () => {
  const { end, seconds } = await ending(
    drip(2_000, 2_000),
    rules({ leastRate: 0, timeout: 10_000 }),
  );
  expect(end).toBe('REQUEST_TIMEOUT');
  expect(Math.round(seconds)).toBe(10);
});
