import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inOrder } from './in-order.js';

describe('inOrder', () => {
  test('keeps the order of the inputs, whichever is done first, within the bound', async () => {
    let running = 0;
    let most = 0;
    const results: number[] = [];
    const delays = [30, 1, 20, 1, 1, 10];
    for await (const result of inOrder(delays, 3, async (delay, index) => {
      most = Math.max(most, ++running);
      await sleep(delay);
      running--;
      return index;
    })) {
      results.push(result);
    }
    expect(results).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(3);
  });

  test('gives a result while the next input is still being waited for', async () => {
    let release = () => {};
    async function* slow() {
      yield 'a';
      await new Promise<void>((resolve) => (release = resolve));
      yield 'b';
    }
    const outputs = inOrder(slow(), 4, async (input) => input.toUpperCase());
    expect((await outputs.next()).value).toBe('A');
    release();
    expect((await outputs.next()).value).toBe('B');
    expect((await outputs.next()).done).toBe(true);
  });

  test('closes the inputs when the reader stops early', async () => {
    let closed = false;
    function* endless() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    }
    for await (const output of inOrder(endless(), 2, async (i) => i)) if (output === 3) break;
    expect(closed).toBe(true);
  });
});
