import { expect, it } from 'vitest';
import { Deadline, Pace } from './deadline.js';
import { Gate } from './gate.js';

it('lets so many run at once, in order, also after a failure', async () => {
  const gate = new Gate(2);
  let running = 0;
  let most = 0;
  const started: number[] = [];
  const results = await Promise.allSettled(
    [0, 1, 2, 3, 4].map((index) =>
      gate.run(async () => {
        started.push(index);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        if (index === 1) throw new Error('no');
        return index;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
});

it('starts a photo only if its time will probably suffice, but always the first', () => {
  const pace = new Pace();
  pace.note(2000);
  let left = 4000;
  const deadline = new Deadline(() => left, pace);
  expect(deadline.hasTime()).toBe(true);
  left = 3400;
  expect(deadline.hasTime()).toBe(false);
  deadline.end();
  const next = new Deadline(() => left, pace);
  expect(next.hasTime()).toBe(true);
  next.end();
});

it('forgets a slow photo by and by', () => {
  const pace = new Pace();
  pace.note(10_000);
  for (let photo = 0; photo < 30; photo++) pace.note(50);
  expect(pace.expected).toBeLessThan(100);
});

it('aborts what is under way before the function is stopped', async () => {
  const deadline = new Deadline(() => 530, new Pace());
  expect(deadline.hasTime()).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(deadline.signal.aborted).toBe(true);
  expect(deadline.hasTime()).toBe(false);
});
