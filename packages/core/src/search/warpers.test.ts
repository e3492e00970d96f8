import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { processorRecording, recordedScores } from '../../test/fixtures/search/processors.js';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import { logSoftmax } from '../../test/fixtures/search/table-model.js';
import { keepTopK, keepTopP, logitsWarpers } from './warpers.js';

describe(`does as transformers ${processorRecording.transformers} does`, () => {
  test.each(['temperature', 'topK', 'topP'])('with %s', (option) => {
    for (const { settings, scores, changed } of processorRecording.warpers) {
      if (!(option in settings)) continue;
      const { before, after } = recordedScores(scores, changed);
      for (const warp of logitsWarpers({ ...plainSettings, ...settings })) warp(before);
      before.forEach((score, token) => {
        expect(score, JSON.stringify({ settings, scores, token })).toBeCloseTo(
          after[token] ?? NaN,
          5,
        );
      });
    }
  });
});

/** What is left, as a set of tokens. */
function kept(warp: (logits: Float64Array) => void, logits: readonly number[]): number[] {
  const row = Float64Array.from(logits);
  warp(row);
  return [...row.keys()].filter((token) => row[token] !== -Infinity);
}

const logits = fc.array(fc.double({ min: -60, max: 60, noNaN: true }), {
  minLength: 1,
  maxLength: 80,
});

describe('top-p', () => {
  test('keeps the shortest list of best tokens that reaches p', () => {
    fc.assert(
      fc.property(logits, fc.double({ min: 0, max: 0.999, noNaN: true }), (row, p) => {
        const probabilities = logSoftmax(row).map(Math.exp);
        const order = [...row.keys()].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b);
        const tokens = kept(keepTopP(p), row);
        expect(new Set(tokens)).toEqual(new Set(order.slice(0, tokens.length)));

        const mass = (count: number) =>
          order.slice(0, count).reduce((sum, token) => sum + (probabilities[token] ?? 0), 0);
        expect(mass(tokens.length)).toBeGreaterThan(p - 1e-7);
        if (tokens.length > 1) expect(mass(tokens.length - 1)).toBeLessThan(p + 1e-7);
      }),
    );
  });

  test('of equal tokens keeps the first', () => {
    expect(kept(keepTopP(0.5), [1, 1, 1, 1])).toEqual([0, 1]);
  });

  test('keeps the best token at p = 0', () => {
    expect(kept(keepTopP(0), [1, 3, 2])).toEqual([1]);
  });

  test('leaves a row alone in which everything is banned', () => {
    expect(kept(keepTopP(0.5), [-Infinity, -Infinity])).toEqual([]);
  });
});

describe('top-k', () => {
  test('keeps the k best and those equal to the last of them', () => {
    fc.assert(
      fc.property(logits, fc.integer({ min: 1, max: 90 }), (row, k) => {
        const threshold = [...row].sort((a, b) => b - a)[k - 1] ?? -Infinity;
        const expected = [...row.keys()].filter((token) => (row[token] ?? 0) >= threshold);
        expect(kept(keepTopK(k), row)).toEqual(expected);
      }),
    );
  });
});

test('warpers come in the order temperature, top-k, top-p', () => {
  // At temperature 0.5 token 0 alone reaches 0.8; without it two tokens are needed.
  const row = Float64Array.from([2, 1, 0.5, -3]);
  for (const warp of logitsWarpers({ temperature: 0.5, topK: 2, topP: 0.8 })) warp(row);
  expect([...row]).toEqual([4, -Infinity, -Infinity, -Infinity]);
});
