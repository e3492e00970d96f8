import { describe, expect, test } from 'vitest';
import { wordForms } from '../text/word-forms.js';
import { tagInfluence } from './tag-influence.js';

const tokens = [7, 4, 9];
const apart = wordForms(tokens, []);
const together = wordForms(tokens, [[7, 4]]);
const spec = { tokens, unweighted: [] };
const off = { tagWeight: 0, tagBias: 0, tagRepeatPenalty: 0 };

describe('likely words', () => {
  const likely = (tags: readonly number[], tagWeight: number, forms = apart) =>
    tagInfluence(spec, forms, { tags }, { ...off, tagWeight }).likely;

  test('are those of tags above 3 %, by their log-odds', () => {
    const found = likely([0.5, 0.03, 0.02], 2);
    expect([...found.keys()]).toEqual([7]);
    // The log-odds of a half are 0.
    expect(found.get(7)).toBeCloseTo(2 * Math.log(0.97 / 0.03), 9);
    expect(likely([0.9], 1).get(7)).toBeCloseTo(Math.log(9) + Math.log(0.97 / 0.03), 9);
  });

  test('are finite where a tag is certain, and none where it is no number', () => {
    expect(likely([1, Number.NaN, 0], 1).get(7)).toBeCloseTo(9.21 + 3.476, 2);
    expect(likely([1, Number.NaN, 0], 1).size).toBe(1);
  });

  test('share what the likeliest of their forms is given', () => {
    const found = likely([0.1, 0.9, 0], 1, together);
    expect(found.get(7)).toBe(found.get(4));
    expect(found.get(7)).toBeCloseTo(Math.log(9) + Math.log(0.97 / 0.03), 9);
  });

  test('are none of the unweighted ones', () => {
    const { likely: found } = tagInfluence(
      { tokens, unweighted: [4] },
      apart,
      { tags: [0.5, 0.9, 0.5] },
      { ...off, tagWeight: 1 },
    );
    expect([...found.keys()]).toEqual([7, 9]);
  });

  test('are none without weight or tags', () => {
    expect(likely([0.9], 0).size).toBe(0);
    expect(
      tagInfluence(
        { tokens: [], unweighted: [] },
        new Map(),
        {},
        { ...off, tagWeight: 1, tagBias: 1 },
      ).likely.size,
    ).toBe(0);
  });
});

test('sure words are those with a bias above 0, in all their forms', () => {
  const sure = (tagBias: number, forms = apart) =>
    tagInfluence(spec, forms, { tagBias: [0.5, 0, -1] }, { ...off, tagBias }).sure;
  expect([...sure(3)]).toEqual([[7, 1.5]]);
  expect([...sure(3, together)]).toEqual([
    [7, 1.5],
    [4, 1.5],
  ]);
  expect(sure(0).size).toBe(0);
});

test('a word without other forms is its own only form', () => {
  // Token 8 is no tag, and a form of one.
  expect([...wordForms([5, 6], [[5, 8]])]).toEqual([
    [5, [5, 8]],
    [6, [6]],
    [8, [5, 8]],
  ]);
});
