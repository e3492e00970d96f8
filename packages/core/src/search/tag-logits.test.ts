import { describe, expect, test } from 'vitest';
import { wordForms } from '../text/word-forms.js';
import type { TagInfluence } from './tag-influence.js';
import { withTags } from './tag-logits.js';
import type { DecoderStep } from './types.js';

/** A decoder that finds all of six words equally likely, whatever was said. */
function indifferent(): DecoderStep {
  return async (tokens) => ({ logits: new Float32Array(6 * tokens.length), vocabSize: 6 });
}

const none: TagInfluence = {
  likely: new Map(),
  sure: new Map(),
  repeatPenalty: 0,
  forms: wordForms([3, 5], [[3, 4]]),
};
const added = (...pairs: [number, number][]) => new Map(pairs);
const row = (...logits: number[]) => logits;
const untouched = row(0, 0, 0, 0, 0, 0);

test('a decoder that nothing influences is given back', () => {
  const step = indifferent();
  expect(withTags(step, none)).toBe(step);
});

describe('likely words', () => {
  const likely = added([3, 2], [5, 1]);

  test('are raised, each until it is said in any form', async () => {
    const step = withTags(indifferent(), { ...none, likely });
    expect([...(await step([1], [0])).logits]).toEqual(row(0, 0, 0, 2, 0, 1));
    // Token 4 is another form of token 3.
    expect([...(await step([4, 5, 1], [0, 0, 0])).logits]).toEqual([
      ...row(0, 0, 0, 0, 0, 1),
      ...row(0, 0, 0, 2, 0, 0),
      ...row(0, 0, 0, 2, 0, 1),
    ]);
    // The rows change places, and one goes on twice: each keeps what it has said.
    expect([...(await step([5, 1, 3], [0, 0, 1])).logits]).toEqual([
      ...untouched,
      ...row(0, 0, 0, 0, 0, 1),
      ...untouched,
    ]);
  });
});

describe('sure words', () => {
  const sure = added([3, 2], [5, 1]);

  test('are raised until one of them is said', async () => {
    const step = withTags(indifferent(), { ...none, sure });
    expect([...(await step([1], [0])).logits]).toEqual(row(0, 0, 0, 2, 0, 1));
    const { logits } = await step([5, 2], [0, 0]);
    expect([...logits]).toEqual([...untouched, ...row(0, 0, 0, 2, 0, 1)]);
    const third = await step([1, 1, 1], [1, 0, 0]);
    expect([...third.logits]).toEqual([...row(0, 0, 0, 2, 0, 1), ...untouched, ...untouched]);
  });

  test('are raised besides what likely ones are', async () => {
    const step = withTags(indifferent(), { ...none, sure, likely: added([3, 0.5]) });
    expect([...(await step([1], [0])).logits]).toEqual(row(0, 0, 0, 2.5, 0, 1));
  });
});

describe('words that were said', () => {
  test('are lowered in all their forms, and only where they were said', async () => {
    const step = withTags(indifferent(), { ...none, repeatPenalty: 4 });
    expect([...(await step([1], [0])).logits]).toEqual(untouched);
    expect([...(await step([3, 5, 2], [0, 0, 0])).logits]).toEqual([
      ...row(0, 0, 0, -4, -4, 0),
      ...row(0, 0, 0, 0, 0, -4),
      ...untouched,
    ]);
    // Said twice, lowered once.
    expect([...(await step([4], [0])).logits]).toEqual(row(0, 0, 0, -4, -4, 0));
  });
});

test('what the decoder keeps is not changed', async () => {
  const own = new Float32Array(6);
  const keeping: DecoderStep = async () => ({ logits: own, vocabSize: 6 });
  const influence = { ...none, likely: added([3, 2]), sure: added([5, 1]), repeatPenalty: 1 };
  const step = withTags(keeping, influence);
  await step([1], [0]);
  await step([3], [0]);
  expect([...own]).toEqual(untouched);
});

test('a decoder that reads the start of the prompt itself is influenced from then on', async () => {
  const run = async () => ({ logits: new Float32Array(6), vocabSize: 6 });
  const own = Object.assign(indifferent(), { prefill: { tokens: 3, run } });
  const step = withTags(own, { ...none, likely: added([3, 2]) });
  expect(step.prefill?.tokens).toBe(3);
  expect([...((await step.prefill?.run())?.logits ?? [])]).toEqual(row(0, 0, 0, 2, 0, 0));
  expect([...(await step([5], [0])).logits]).toEqual(row(0, 0, 0, 2, 0, 0));
});
