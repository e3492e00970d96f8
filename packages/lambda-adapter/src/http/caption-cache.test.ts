import { expect, it } from 'vitest';
import { CaptionCache } from './caption-cache.js';

const value = (length: number) => ({ text: 'x'.repeat(length) });

it('remembers, and never holds more than it may', () => {
  const cache = new CaptionCache<{ text: string }>(1000);
  for (let i = 0; i < 500; i++) {
    cache.set(`key ${i}`, value(80));
    expect(cache.size).toBeLessThanOrEqual(1000);
  }
  expect(cache.get('key 499')).toEqual(value(80));
  expect(cache.get('key 0')).toBeUndefined();
});

it('gives up first what was used least recently', () => {
  const cache = new CaptionCache<{ text: string }>(500);
  for (const key of ['a', 'b', 'c', 'd']) cache.set(key, value(100));
  cache.get('a');
  cache.set('e', value(100));
  expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key))).toEqual(['a', 'c', 'd', 'e']);
});

it('counts a replaced value once, and leaves out what is too large', () => {
  const cache = new CaptionCache<{ text: string }>(1000);
  cache.set('a', value(100));
  const { size } = cache;
  cache.set('a', value(100));
  expect(cache.size).toBe(size);
  cache.set('b', value(900));
  expect(cache.get('b')).toBeUndefined();
  expect(cache.get('a')).toBeDefined();
  const off = new CaptionCache<{ text: string }>(0);
  off.set('a', value(1));
  expect(off.get('a')).toBeUndefined();
});
