import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Queue } from './queue.js';

test('tasks run one at a time, in the order in which they came', async () => {
  const queue = new Queue();
  const log: string[] = [];
  const task = (name: string, ms: number) => async () => {
    log.push(`${name} begins`);
    await sleep(ms);
    log.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all([queue.run(task('a', 20)), queue.run(task('b', 1))]);
  expect(results).toEqual(['a', 'b']);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a task that fails does not hold up the next', async () => {
  const queue = new Queue();
  const failing = queue.run(async () => {
    throw new Error('no');
  });
  const next = queue.run(async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('a signal ends the waiting at once, and the task is never begun', async () => {
  const queue = new Queue();
  let finish = () => {};
  const first = queue.run(() => new Promise<void>((resolve) => (finish = resolve)));
  const controller = new AbortController();
  let begun = false;
  const second = queue.run(async () => {
    begun = true;
  }, controller.signal);
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
  finish();
  await first;
  await queue.run(async () => undefined);
  expect(begun).toBe(false);
});
