import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './nearest.js';

/** The definition, without a table: what the first characters can become, then the rest. */
function byDefinition(a: string, b: string): number {
  if (a === '') return b.length;
  if (b === '') return a.length;
  const options = [
    byDefinition(a.slice(1), b) + 1,
    byDefinition(a, b.slice(1)) + 1,
    byDefinition(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0]) {
    options.push(byDefinition(a.slice(2), b.slice(2)) + 1);
  }
  return Math.min(...options);
}

describe('editDistance', () => {
  it('is what its definition says', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(byDefinition(a, b));
      }),
      { numRuns: 150 },
    );
  });

  it('counts a swap of neighbours once', () => {
    expect(editDistance('baems', 'beams')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
});

describe('nearest', () => {
  it('is the candidate with the fewest changes', () => {
    expect(nearest('jsno', ['jsonl', 'json', 'jobs'])).toBe('json');
  });

  it('is one that begins with the word, or that the word begins with', () => {
    expect(nearest('rec', ['json', 'recursive'])).toBe('recursive');
    expect(nearest('jsonlines', ['json', 'jsonl', 'jobs'])).toBe('jsonl');
  });

  it('is nothing when all are far', () => {
    expect(nearest('xylophone', ['json', 'jobs'])).toBeUndefined();
    expect(nearest('lang', ['ban', 'beams'])).toBeUndefined();
  });
});
