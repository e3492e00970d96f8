import { describe, expect, it } from 'vitest';
import { ResultIndex } from './result-index.js';

const state = { bytes: 1000, mtimeMs: 1_700_000_000_123 };
const hashed = (sha256: string) => ({ ...state, sha256 });

describe('an index of results', () => {
  it('tells what an earlier run left of each photo', () => {
    const index = new ResultIndex();
    for (let i = 0; i < 3000; i++) {
      index.add(`${i}.jpg`, { bytes: i, mtimeMs: 1.7e12 + i }, i % 3 === 0);
    }
    for (let i = 0; i < 3000; i++) {
      const same = { bytes: i, mtimeMs: 1.7e12 + i };
      expect(index.lookUp(`${i}.jpg`, same)).toBe(i % 3 === 0 ? 'failed' : 'done');
      expect(index.lookUp(`${i}.jpg`, { ...same, bytes: i + 1 })).toBe('changed');
      expect(index.lookUp(`${i}.jpg`, { ...same, mtimeMs: 1.7e12 + i + 2 ** 32 })).toBe('changed');
    }
    expect(index.lookUp('3000.jpg', state)).toBe('new');
    expect([index.size, index.failed, index.superseded]).toEqual([3000, 1000, 0]);
  });

  it('goes by the later of two results', () => {
    const index = new ResultIndex();
    index.add('a', state, true);
    index.add('a', state, false);
    expect(index.lookUp('a', state)).toBe('done');
    expect([index.failed, index.superseded]).toEqual([0, 1]);
    expect([index.isLatest('a'), index.isLatest('a'), index.isLatest('b')]).toEqual([
      ...[false, true, true],
    ]);
  });

  it('goes by the hash where both sides have one, whatever size and time say', () => {
    const index = new ResultIndex();
    index.add('a', hashed('abcdef0123'), false);
    index.add('b', state, false);
    expect(index.lookUp('a', { ...hashed('abcdef0123'), mtimeMs: 5 })).toBe('done');
    expect(index.lookUp('a', hashed('0bcdef0123'))).toBe('changed');
    expect(index.lookUp('a', state)).toBe('done');
    expect(index.lookUp('b', hashed('abcdef0123'))).toBe('done');
    expect([index.hasHash('a'), index.hasHash('b'), index.hasHash('c')]).toEqual([
      ...[true, false, false],
    ]);
  });

  it('keeps a caption of a photo that cannot be looked at just now, and tries a failure that now can', () => {
    const index = new ResultIndex();
    index.add('captioned', state, false);
    index.add('address', undefined, false);
    index.add('gone', undefined, true);
    expect(index.lookUp('captioned', undefined)).toBe('done');
    expect(index.lookUp('address', undefined)).toBe('done');
    expect(index.lookUp('gone', undefined)).toBe('failed');
    expect(index.lookUp('gone', state)).toBe('changed');
  });

  it('counts what was there at the start, failures to be tried again left out', () => {
    const index = new ResultIndex();
    index.add('a', state, false);
    index.add('b', state, true);
    const first = index.size;
    index.add('c', state, false);
    const counted = (retryFailed: boolean) =>
      ['a', 'b', 'c', 'd'].filter((name) => index.has(name, first, { retryFailed }));
    expect(counted(false)).toEqual(['a', 'b']);
    expect(counted(true)).toEqual(['a']);
  });
});
