import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CaptionQueue } from './caption-queue.js';
import { otherEvents } from './event-loop.js';

/** A task that ends when it is told to. */
function task(queue: CaptionQueue, client: string, log: string[], name = client) {
  let end: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const stop = new AbortController();
  const done = queue.run({
    client,
    kind: 'a',
    signal: stop.signal,
    run: () => {
      log.push(name);
      return new Promise<string>((resolve, reject) => {
        end = () => resolve(name);
        fail = reject;
      });
    },
  });
  done.catch(() => undefined);
  return { done, stop, end: () => end(), fail: (error: Error) => fail(error) };
}

describe('CaptionQueue', () => {
  it('works on as many photos as there are workers, in order', async () => {
    const queue = new CaptionQueue({ workers: 2 });
    const log: string[] = [];
    const tasks = ['1', '2', '3', '4'].map((name) => task(queue, 'x', log, name));
    expect([log, queue.running, queue.waiting]).toEqual([['1', '2'], 2, 2]);
    tasks[1]?.end();
    expect(await tasks[1]?.done).toBe('2');
    expect(log).toEqual(['1', '2', '3']);
    tasks[0]?.fail(new Error('broken'));
    await expect(tasks[0]?.done).rejects.toThrow('broken');
    expect([log, queue.running, queue.waiting]).toEqual([['1', '2', '3', '4'], 2, 0]);
  });

  it('lets clients take turns', async () => {
    const queue = new CaptionQueue({ workers: 1 });
    const log: string[] = [];
    const flood = Array.from({ length: 5 }, (_, n) => task(queue, 'flood', log, `flood ${n}`));
    const others = ['a', 'b'].map((client) => task(queue, client, log));
    for (const each of [flood[0], flood[1], others[0], others[1], flood[2]]) {
      each?.end();
      await each?.done;
    }
    expect(log).toEqual(['flood 0', 'flood 1', 'a', 'b', 'flood 2', 'flood 3']);
  });

  it('drops a photo whose client has left, before it is begun', async () => {
    const queue = new CaptionQueue({ workers: 1 });
    const log: string[] = [];
    const first = task(queue, 'a', log);
    const left = Array.from({ length: 60 }, () => task(queue, 'left', log));
    const honest = task(queue, 'honest', log);
    for (const { stop, done } of left) {
      stop.abort(new Error('gone'));
      await expect(done).rejects.toThrow('gone');
    }
    expect(queue.waiting).toBe(1);
    first.end();
    await first.done;
    expect(log).toEqual(['a', 'honest']);
    honest.end();
    await honest.done;
    expect(queue.running).toBe(0);
  });

  it('answers who leaves at once, but keeps the worker’s place until it has stopped', async () => {
    const queue = new CaptionQueue({ workers: 1 });
    const log: string[] = [];
    const left = task(queue, 'left', log);
    const next = task(queue, 'next', log);
    left.stop.abort(new Error('gone'));
    await expect(left.done).rejects.toThrow('gone');
    expect(log).toEqual(['left']);
    left.end();
    await expect.poll(() => log).toEqual(['left', 'next']);
    next.end();
    await next.done;
  });

  it('learns from a photo that was stopped that such photos take longer, not that they are short', async () => {
    const queue = new CaptionQueue({ workers: 1, initialTime: 20 });
    const stopAfter = async (milliseconds: number) => {
      const stopped = task(queue, 'a', []);
      if (milliseconds > 0) await pause(milliseconds);
      stopped.stop.abort(new Error('late'));
      stopped.fail(new Error('stopped'));
      await expect(stopped.done).rejects.toThrow('late');
      for (let turns = 0; turns < 10; turns++) await otherEvents();
      expect(queue.running).toBe(0);
    };
    await stopAfter(60);
    const learnt = queue.expected('a');
    expect(learnt).toBeGreaterThan(50);
    for (let n = 0; n < 20; n++) await stopAfter(0);
    expect(queue.expected('a')).toBeGreaterThanOrEqual(learnt);
  });

  it('reckons that what takes longer than expected may take as long again', async () => {
    const queue = new CaptionQueue({ workers: 1, initialTime: 1 });
    task(queue, 'a', []);
    await pause(60);
    expect(queue.wait('a')).toBeGreaterThan(25);
  });

  it('reckons with the photos ahead: of all clients as many as come before the next turn', () => {
    const queue = new CaptionQueue({ workers: 2, initialTime: 1_000 });
    expect(queue.wait('a')).toBe(0);
    const log: string[] = [];
    for (let n = 0; n < 12; n++) task(queue, 'a', log);
    // 2 under way and 10 waiting, on 2 workers.
    expect(queue.wait('a') / 1000).toBeCloseTo(6, 1);
    // One of a's stands before b's first.
    expect(queue.wait('b') / 1000).toBeCloseTo(1.5, 1);
  });
});
