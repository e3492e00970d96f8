import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import { decoderOf, logSoftmax } from '../../test/fixtures/search/table-model.js';
import { beamSearch } from './beam-search.js';
import { greedySearch } from './greedy.js';
import { seededRandom } from './random.js';
import { search } from './search.js';
import type { Hypothesis, SearchSettings } from './types.js';

const END = plainSettings.eos as number;

/** A language model in which every sequence has random logits of its own, the same whenever asked. */
function randomModel(vocabSize: number, seed: number): (sequence: readonly number[]) => number[] {
  return (sequence) => {
    const number = sequence.reduce((hash, token) => (hash * 31 + token + 1) % 2 ** 32, seed);
    const random = seededRandom(number);
    return Array.from({ length: vocabSize }, () => Math.fround(4 * random()));
  };
}

/** All sentences there are, by trying them all. */
function allSentences(
  logitsOf: (sequence: readonly number[]) => number[],
  { prompt, maxLength, lengthPenalty }: SearchSettings,
): { tokens: number[]; score: number }[] {
  const found: { tokens: number[]; score: number }[] = [];
  const write = (tokens: number[], sum: number): void => {
    logSoftmax(logitsOf([...prompt, ...tokens])).forEach((logProb, token) => {
      const length = tokens.length + 1;
      const score = (sum + logProb) / length ** lengthPenalty;
      if (token === END) found.push({ tokens, score });
      else if (length === maxLength) found.push({ tokens: [...tokens, token], score });
      else write([...tokens, token], sum + logProb);
    });
  };
  write([], 0);
  return found.sort((a, b) => b.score - a.score);
}

describe('a beam wide enough for every sentence', () => {
  // 4 tokens, one of which ends: 1 + 3 + 9 sentences that end, 27 that are cut off.
  const sentences = 40;

  test.each([-1, 0, 0.7, 1, 2])(
    'finds them all in their order, length penalty %d',
    async (lengthPenalty) => {
      for (let seed = 0; seed < 5; seed++) {
        const model = randomModel(4, seed);
        const settings: SearchSettings = {
          ...plainSettings,
          numBeams: sentences,
          numCaptions: sentences,
          maxLength: 3,
          lengthPenalty,
          earlyStopping: 'never',
        };
        const found = await search(decoderOf(model).step, settings);
        const expected = allSentences(model, settings);
        expect(found.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
        found.forEach(({ score }, i) => {
          expect(score).toBeCloseTo(expected[i]?.score ?? NaN, 6);
        });
      }
    },
  );
});

test('a wider beam can find what a narrow one misses', async () => {
  // Greedily 3 comes first, but all that follows it is unlikely; 4 is followed by a sure end.
  const next: Record<string, number[]> = {
    '1': [-9, -9, -9, 0.6, 0.4],
    '1,3': [0, 0, 0, 0, 0],
    '1,4': [-9, -9, 9, -9, -9],
  };
  const model = (sequence: readonly number[]) => next[sequence.join()] ?? [0, 0, 9, 0, 0];
  const settings = { ...plainSettings, lengthPenalty: 0 };
  const [greedy] = await search(decoderOf(model).step, settings);
  const [wide] = await search(decoderOf(model).step, { ...settings, numBeams: 2 });
  expect(greedy?.tokens[0]).toBe(3);
  expect(wide?.tokens).toEqual([4]);
  expect(wide?.score).toBeGreaterThan(greedy?.score ?? 0);
});

test('a beam of one that stops at the first end is greedy search', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const settings: SearchSettings = {
      ...plainSettings,
      earlyStopping: true,
      maxLength: 8,
      noRepeatNgramSize: 2,
      minLength: 2,
      lengthPenalty: 0.7,
    };
    const model = randomModel(6, seed);
    const beam = await beamSearch(decoderOf(model).step, settings);
    const greedy = await greedySearch(decoderOf(model).step, settings, {});
    expect(beam).toEqual([{ ...greedy[0], score: expect.closeTo(greedy[0]?.score ?? NaN, 10) }]);
  }
});

describe('the search goes on', () => {
  test('with all beams, however many ways there are to end', async () => {
    // Two tokens that end, each likelier than any of the five that do not.
    const model = () => [0, 0.1, 3, 3.1, 0.2, 0.3, 0.4];
    const { step, rowsPerStep } = decoderOf(model);
    await search(step, {
      ...plainSettings,
      eos: [2, 3],
      numBeams: 3,
      lengthPenalty: 2,
      earlyStopping: 'never',
      maxLength: 6,
    });
    expect(rowsPerStep).toEqual([1, 3, 3, 3, 3, 3]);
  });

  test('while a short caption may still be found where short ones are favoured', async () => {
    // "4 5" is nearly certain; two poor captions end before it.
    const next: Record<string, number[]> = {
      '1': [-9, -9, 0, -9, 3, -3],
      '1,4': [-9, -9, -1, -9, -3, 4],
      '1,4,5': [-9, -9, 5, -9, -9, -9],
    };
    const [found] = await search(
      decoderOf((sequence) => next[sequence.join()] ?? [0, 0, 0, 0, 0, 0]).step,
      {
        ...plainSettings,
        numBeams: 2,
        lengthPenalty: -1,
        earlyStopping: 'never',
        maxLength: 500,
      },
    );
    expect(found?.tokens).toEqual([4, 5]);
  });
});

describe('whatever the settings', () => {
  const settings = fc.record({
    numBeams: fc.integer({ min: 1, max: 6 }),
    maxLength: fc.integer({ min: 1, max: 9 }),
    lengthPenalty: fc.constantFrom(-1, 0, 0.7, 1, 2),
    earlyStopping: fc.constantFrom(true, false, 'never' as const),
    noRepeatNgramSize: fc.integer({ min: 0, max: 3 }),
    bannedSequences: fc.array(
      fc.array(fc.integer({ min: 3, max: 11 }), { minLength: 1, maxLength: 3 }),
      {
        maxLength: 3,
      },
    ),
    suppress: fc.uniqueArray(fc.integer({ min: 3, max: 11 }), { maxLength: 3 }),
    minLength: fc.integer({ min: 0, max: 4 }),
    prompt: fc
      .array(fc.integer({ min: 3, max: 11 }), { maxLength: 3 })
      .map((prefix) => [1, ...prefix]),
  });

  test('the result is what was asked for', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.nat(), async (varied, seed) => {
        const given: SearchSettings = {
          ...plainSettings,
          ...varied,
          minLength: Math.min(varied.minLength, varied.maxLength),
          numCaptions: varied.numBeams,
        };
        const { step, rowsPerStep } = decoderOf(randomModel(12, seed));
        const hypotheses = await search(step, given);

        expect(hypotheses.length).toBeGreaterThan(0);
        expect(hypotheses.length).toBeLessThanOrEqual(given.numCaptions);
        const scores = hypotheses.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        expect(new Set(hypotheses.map((h) => `${h.tokens}/${h.finished}`)).size).toBe(
          hypotheses.length,
        );
        for (const hypothesis of hypotheses) checkAgainst(given, hypothesis);

        const prompt = given.prompt.length;
        expect(rowsPerStep.slice(0, prompt)).toEqual(new Array(prompt).fill(1));
        expect(Math.max(...rowsPerStep)).toBeLessThanOrEqual(given.numBeams);
        expect(rowsPerStep.length).toBeLessThan(prompt + given.maxLength);
      }),
      { numRuns: 300 },
    );
  });
});

function checkAgainst(given: SearchSettings, hypothesis: Hypothesis): void {
  const { tokens, logProbs, endLogProb, finished, score } = hypothesis;
  const length = tokens.length + (finished ? 1 : 0);
  expect(length).toBeLessThanOrEqual(given.maxLength);
  if (finished) expect(tokens.length).toBeGreaterThanOrEqual(given.minLength);
  expect(tokens).not.toContain(END);
  expect(logProbs.length).toBe(tokens.length);
  expect(Math.max(...logProbs, endLogProb)).toBeLessThanOrEqual(0);

  const sum = logProbs.reduce((total, logProb) => total + logProb, endLogProb);
  expect(score).toBeCloseTo(sum / length ** given.lengthPenalty, 10);

  for (const token of given.suppress) expect(tokens).not.toContain(token);
  const sequence = [...given.prompt, ...tokens];
  for (const banned of given.bannedSequences) {
    const runs = ngrams(sequence, banned.length).slice(given.prompt.length - banned.length + 1);
    expect(runs).not.toContainEqual(banned);
  }
  if (given.noRepeatNgramSize > 0) {
    const runs = ngrams([...sequence, ...(finished ? [END] : [])], given.noRepeatNgramSize);
    runs.forEach((run, i) => {
      const isNew = i + run.length > given.prompt.length;
      if (isNew) expect(runs.slice(0, i)).not.toContainEqual(run);
    });
  }
}

function ngrams(sequence: readonly number[], size: number): number[][] {
  const count = Math.max(0, sequence.length - size + 1);
  return Array.from({ length: count }, (_, i) => sequence.slice(i, i + size));
}

describe('attention', () => {
  const model = randomModel(9, 3);
  const lookAt = (sequence: readonly number[]) => [
    sequence.length,
    sequence.at(-1) ?? 0,
    sequence[1] ?? 0,
  ];
  const settings = {
    ...plainSettings,
    prompt: [1, 4],
    numBeams: 4,
    numCaptions: 4,
    minLength: 2,
    maxLength: 7,
  };

  test('of a token is that of the step that chose it, in its own beam', async () => {
    const { step } = decoderOf(model, lookAt);
    const found = await search(step, { ...settings, attention: true });
    for (const { tokens, attention } of found) {
      const expected = tokens.map((_, i) => lookAt([...settings.prompt, ...tokens.slice(0, i)]));
      expect(attention?.map((weights) => [...weights])).toEqual(expected);
    }
  });

  test('is kept only when asked for, and when the model gives it', async () => {
    const [unasked] = await search(decoderOf(model, lookAt).step, settings);
    const [without] = await search(decoderOf(model).step, { ...settings, attention: true });
    expect(unasked).not.toHaveProperty('attention');
    expect(without).not.toHaveProperty('attention');
  });
});

describe('when everything is banned', () => {
  const everything = Array.from({ length: 6 }, (_, token) => token);

  test('in the middle, the sentence is cut off there', async () => {
    // Token 3 is all that may be said, and only once; no end is allowed before 5 tokens.
    const settings = {
      ...plainSettings,
      ...{
        suppress: everything.filter((token) => token !== 3),
        noRepeatNgramSize: 1,
        minLength: 5,
      },
    };
    for (const numBeams of [1, 3]) {
      const found = await search(decoderOf(randomModel(6, 1)).step, { ...settings, numBeams });
      expect(found).toMatchObject([{ tokens: [3], finished: false, endLogProb: 0 }]);
    }
  });

  test('from the start, the options are refused', async () => {
    for (const numBeams of [1, 3]) {
      const settings = { ...plainSettings, suppress: everything, numBeams };
      await expect(search(decoderOf(randomModel(6, 1)).step, settings)).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
  });
});

test('with fewer words than beams, each sentence is found once', async () => {
  const settings = {
    ...plainSettings,
    numBeams: 8,
    numCaptions: 8,
    maxLength: 2,
    suppress: [0, 1],
  };
  const found = await search(decoderOf(randomModel(4, 2)).step, settings);
  // Token 3 may be said, or the end: "", "3", "3 3".
  expect(found.map(({ tokens }) => tokens.join(' ')).sort()).toEqual(['', '3', '3 3']);
});
