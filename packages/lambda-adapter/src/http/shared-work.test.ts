import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { otherEvents } from './event-loop.js';
import { SharedWork } from './shared-work.js';

describe('SharedWork', () => {
  const never = new AbortController().signal;
  setMaxListeners(0, never);

  it('does the same thing once for all who ask at the same time, and anew afterwards', async () => {
    const shared = new SharedWork<number>();
    let started = 0;
    const start = async () => ++started;
    const results = Array.from({ length: 32 }, () => shared.run('k', never, start));
    expect(shared.has('k')).toBe(true);
    expect(await Promise.all(results)).toEqual(Array(32).fill(1));
    expect(shared.has('k')).toBe(false);
    expect(await shared.run('k', never, start)).toBe(2);
  });

  it('goes on while anybody waits, and stops when the last one leaves', async () => {
    const shared = new SharedWork<number>();
    const [first, second] = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const start = (given: AbortSignal) => {
      signal = given;
      return new Promise<number>(() => undefined);
    };
    const waits = [first, second].map((each) => shared.run('k', each.signal, start));
    first.abort(new Error('first left'));
    await expect(waits[0]).rejects.toThrow('first left');
    expect(signal?.aborted).toBe(false);
    second.abort(new Error('second left'));
    await expect(waits[1]).rejects.toThrow('second left');
    expect(signal?.aborted).toBe(true);
    expect(await shared.run('k', never, async () => 7)).toBe(7);
  });

  it('what everybody has left takes nothing away from what began after it', async () => {
    const shared = new SharedWork<number>();
    const leave = new AbortController();
    let end: (value: number) => void = () => undefined;
    const left = shared.run('k', leave.signal, () => new Promise((resolve) => (end = resolve)));
    leave.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    let endNext: (value: number) => void = () => undefined;
    const next = shared.run('k', never, () => new Promise((resolve) => (endNext = resolve)));
    end(1);
    for (let turns = 0; turns < 10; turns++) await otherEvents();
    expect(shared.has('k')).toBe(true);
    endNext(2);
    expect(await next).toBe(2);
  });

  it('fails for all who wait, once', async () => {
    const shared = new SharedWork<number>();
    const fail = () => Promise.reject(new Error('broken'));
    const waits = [1, 2].map(() => shared.run('k', never, fail));
    for (const wait of waits) await expect(wait).rejects.toThrow('broken');
    expect(shared.has('k')).toBe(false);
  });
});
