import { expect, it } from 'vitest';
import { KeyTable, keyOf } from './key-table.js';

it('numbers keys as a Map does, also when many share their low bits', () => {
  const table = new KeyTable();
  const map = new Map<string, number>();
  for (let i = 0; i < 5000; i++) {
    const repeated = (i * 7919) % 3000;
    // The low half has 8 values: all keys meet in the same few slots.
    const key = { high: repeated, low: repeated % 8 };
    const name = `${key.high}/${key.low}`;
    expect(table.find(key)).toBe(map.get(name) ?? -1);
    if (!map.has(name)) map.set(name, map.size);
    expect(table.add(key)).toBe(map.get(name));
  }
  expect(table.size).toBe(map.size);
});

it('takes the first 64 bits of SHA-256', () => {
  // printf abc | sha256sum
  expect(keyOf('abc')).toEqual({ high: 0xba7816bf, low: 0x8f01cfea });
});
