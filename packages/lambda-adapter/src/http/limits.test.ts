import { describe, expect, it } from 'vitest';
import { BodyBudget } from './body-budget.js';
import { shortTurn } from './event-loop.js';
import { RateLimit } from './rate-limit.js';
import { ServiceTime } from './service-time.js';
import { readSettings } from './settings.js';

describe('BodyBudget', () => {
  const MIB = 2 ** 20;

  it('has room for a large body, and for a second one', () => {
    const budget = new BodyBudget(64 * MIB, () => 1);
    budget.lease().grow(28 * MIB);
    budget.lease().grow(16 * MIB);
    expect(budget.used).toBe(44 * MIB);
  });

  it('always has room for a photo of usual size, however many uploads want all', () => {
    const budget = new BodyBudget(64 * MIB, () => 7);
    const held = new Array<number>(64).fill(0);
    const leases = held.map(() => budget.lease());
    let refused: unknown;
    for (let round = 0; round < 320; round++) {
      for (const [index, lease] of leases.entries()) {
        try {
          lease.grow(64 * 1024);
          held[index] = (held[index] ?? 0) + 64 * 1024;
        } catch (error) {
          refused = error;
        }
      }
    }
    expect(refused).toMatchObject({ code: 'OVERLOADED', headers: { 'retry-after': '7' } });
    expect(budget.used).toBe(held.reduce((sum, bytes) => sum + bytes, 0));
    expect(budget.used).toBeLessThanOrEqual(64 * MIB);
    budget.lease().grow(300 * 1024);
    for (const lease of leases) lease.release();
    for (const lease of leases) lease.release();
    // A body that still comes after its request has its answer holds nothing.
    for (const lease of leases) lease.grow(1);
    expect(budget.used).toBe(300 * 1024);
  });
});

describe('RateLimit', () => {
  it('lets a burst pass, then as many as trickle in; each client has its own', () => {
    let now = 0;
    const limit = new RateLimit({ requests: 10, seconds: 1 }, () => now);
    const passed = (client: string) => {
      let count = 0;
      try {
        for (; ; count++) limit.take(client);
      } catch (error) {
        expect(error).toMatchObject({ code: 'RATE_LIMITED', headers: { 'retry-after': '1' } });
        return count;
      }
    };
    expect(passed('a')).toBe(10);
    expect(passed('b')).toBe(10);
    now = 250;
    expect(passed('a')).toBe(2);
    now = 10_000;
    expect(passed('a')).toBe(10);
  });

  it('tells what is left, and when the bucket is full again', () => {
    const limit = new RateLimit({ requests: 100, seconds: 60 }, () => 0);
    expect(limit.take('a')).toEqual({
      'ratelimit-policy': '"default";q=100;w=60',
      ratelimit: '"default";r=99;t=1',
    });
  });

  it('does not remember clients without end', () => {
    const limit = new RateLimit({ requests: 1, seconds: 3600 }, () => 0);
    limit.take('first');
    expect(() => limit.take('first')).toThrow();
    for (let n = 0; n < 10_001; n++) limit.take(`client ${n}`);
    limit.take('first');
  });

  it('forgets those first that were longest away', () => {
    const limit = new RateLimit({ requests: 1, seconds: 3600 }, () => 0);
    limit.take('first');
    for (let n = 0; n < 30_000; n++) {
      limit.take(`client ${n}`);
      if (n % 1_000 === 0) expect(() => limit.take('first')).toThrow();
    }
  });
});

describe('ServiceTime', () => {
  it('learns from what was measured, each kind apart', () => {
    const time = new ServiceTime(1_000);
    expect(time.expected('a')).toBe(1_000);
    for (let n = 0; n < 100; n++) time.learn('a', 80);
    expect(time.expected('a')).toBeCloseTo(80, 0);
    expect(time.expected('b')).toBe(time.expected('a'));
    for (let n = 0; n < 100; n++) time.learn('b', 400);
    expect(time.expected('a')).toBeCloseTo(80, 0);
    expect(time.expected('b')).toBeCloseTo(400, 0);
  });
});

describe('shortTurn', () => {
  it('lets other events have their turn between pieces of work that all came at once', async () => {
    const log: string[] = [];
    const busy = () => {
      const until = performance.now() + 2;
      while (performance.now() < until);
    };
    setTimeout(() => log.push('timer'), 1);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await shortTurn();
        busy();
        log.push('work');
      }),
    );
    expect(log.filter((each) => each === 'work')).toHaveLength(20);
    expect(log.indexOf('timer')).toBeGreaterThan(-1);
    expect(log.indexOf('timer')).toBeLessThan(20);
  });
});

describe('settings of the limits', () => {
  it('are read and checked', () => {
    expect(readSettings({ ZIPCAPTION_RATE: '100/min' }).rate).toEqual({
      requests: 100,
      seconds: 60,
    });
    expect(readSettings({}).maxBodyMemory).toBe(64 * 2 ** 20);
    for (const bad of ['10', '0/s', '10/day', 'x/s', '1e3/s']) {
      expect(() => readSettings({ ZIPCAPTION_RATE: bad }), bad).toThrow('10/s');
    }
    const links = { ZIPCAPTION_SERVICE_HOST: '10.0.0.1', ZIPCAPTION_PORT_80_TCP: 'tcp://10.0.0.1' };
    expect(readSettings({ ...links, ZIPCAPTION_PORT: 'tcp://10.0.0.1' }).rate).toBeUndefined();
    expect(() => readSettings({ ZIPCAPTION_MAX_BODY_MEMORY: '1000' })).toThrow('twice');
  });
});
