import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import { decoderOf, logSoftmax } from '../../test/fixtures/search/table-model.js';
import { drawToken } from './sample.js';
import { search } from './search.js';
import type { SearchSettings } from './types.js';

const sampling: SearchSettings = { ...plainSettings, sample: true, maxLength: 3 };

/** Token 2 ends. What may follow depends on the two tokens before. */
const logits: Record<number, number[]> = {
  0: [0.4, -1, 0.2, 1],
  1: [1.2, -0.5, -2, 0.3],
  3: [0, 0.5, 1.5, -1],
};
const model = (sequence: readonly number[]) =>
  (logits[sequence.at(-1) ?? 0] ?? []).map((logit, token) =>
    token === sequence.at(-2) ? logit - 1.5 : logit,
  );

/** The probability of each sentence of at most 3 tokens, the end included. */
function exactProbabilities(temperature = 1): Map<string, number> {
  const all = new Map<string, number>();
  const write = (tokens: number[], probability: number): void => {
    const row = model([1, ...tokens]).map((logit) => logit / temperature);
    logSoftmax(row).forEach((logProb, token) => {
      const reached = probability * Math.exp(logProb);
      if (token === 2) all.set(tokens.join(), reached);
      else if (tokens.length === 2) all.set([...tokens, token].join(), reached);
      else write([...tokens, token], reached);
    });
  };
  write([], 1);
  return all;
}

async function draw(settings: SearchSettings, rounds: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < rounds; seed++) {
    for (const { tokens } of await search(decoderOf(model).step, { ...settings, seed })) {
      counts.set(tokens.join(), (counts.get(tokens.join()) ?? 0) + 1);
    }
  }
  return counts;
}

/** Pearson's chi-squared of counts against probabilities, sentences expected under 5 times put together. */
function chiSquared(
  counts: ReadonlyMap<string, number>,
  probabilities: ReadonlyMap<string, number>,
  draws: number,
): { statistic: number; freedom: number } {
  let [rareCount, rareExpected, statistic, freedom] = [0, 0, 0, -1];
  for (const [sentence, probability] of probabilities) {
    const count = counts.get(sentence) ?? 0;
    const expected = probability * draws;
    if (expected < 5) {
      rareCount += count;
      rareExpected += expected;
    } else {
      statistic += (count - expected) ** 2 / expected;
      freedom++;
    }
  }
  if (rareExpected === 0) return { statistic, freedom };
  return {
    statistic: statistic + (rareCount - rareExpected) ** 2 / rareExpected,
    freedom: freedom + 1,
  };
}

describe('sampled captions', () => {
  test.each([
    ['in rows of one batch', 64, 80, 1],
    ['by seeds one after the other', 1, 4000, 1],
    ['at a temperature', 64, 80, 0.6],
  ])('come as often as they are likely, %s', async (_, numCaptions, rounds, temperature) => {
    const counts = await draw({ ...sampling, numCaptions, temperature }, rounds);
    const { statistic, freedom } = chiSquared(
      counts,
      exactProbabilities(temperature),
      rounds * numCaptions,
    );
    // Mean plus five standard deviations of the chi-squared distribution.
    expect(statistic).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom));
    expect(freedom).toBeGreaterThan(15);
  });

  test('at a low temperature are the greedy one', async () => {
    const [greedy] = await search(decoderOf(model).step, { ...sampling, sample: false });
    const counts = await draw({ ...sampling, temperature: 0.01 }, 50);
    expect([...counts]).toEqual([[greedy?.tokens.join(), 50]]);
  });

  test('hold only words of the top k', async () => {
    const counts = await draw({ ...sampling, topK: 2, numCaptions: 20 }, 20);
    const sentences = [...counts.keys()].filter((sentence) => sentence !== '');
    expect(sentences.length).toBeGreaterThan(4);
    for (const tokens of sentences.map((sentence) => sentence.split(',').map(Number))) {
      tokens.forEach((token, i) => {
        const row = model([1, ...tokens.slice(0, i)]);
        const better = row.filter((logit) => logit > (row[token] ?? NaN));
        expect(better.length).toBeLessThan(2);
      });
    }
  });

  test('are the same for the same seed, whether alone or among others', async () => {
    const [alone] = await search(decoderOf(model).step, { ...sampling, seed: 5 });
    const again = await search(decoderOf(model).step, { ...sampling, seed: 5, numCaptions: 7 });
    expect(again).toContainEqual(alone);
  });

  test('come best first', async () => {
    const found = await search(decoderOf(model).step, { ...sampling, numCaptions: 20 });
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  test('tell the model’s own log-probabilities, not the warped ones', async () => {
    const [found] = await search(decoderOf(model).step, { ...sampling, temperature: 0.3, topK: 1 });
    const own = found?.tokens.map(
      (token, i) => logSoftmax(model([1, ...found.tokens.slice(0, i)]))[token] ?? NaN,
    );
    expect(found?.logProbs).toEqual(own?.map((logProb) => expect.closeTo(logProb, 6)));
  });

  test('have each its own attention', async () => {
    const lookAt = (sequence: readonly number[]) => [
      sequence.length,
      sequence.at(-1) ?? 0,
      sequence.at(-2) ?? 0,
    ];
    const settings = { ...sampling, numCaptions: 12, maxLength: 6, attention: true };
    for (const { tokens, attention } of await search(decoderOf(model, lookAt).step, settings)) {
      const expected = tokens.map((_, i) => lookAt([1, ...tokens.slice(0, i)]));
      expect((attention ?? []).map((weights) => [...weights])).toEqual(expected);
    }
  });

  test('leave the batch when they end', async () => {
    const { step, rowsPerStep } = decoderOf(model);
    await search(step, { ...sampling, numCaptions: 40, maxLength: 20 });
    expect(rowsPerStep.slice(0, 2)).toEqual([1, expect.any(Number)]);
    rowsPerStep.slice(1).forEach((rows, i, all) => {
      expect(rows).toBeLessThanOrEqual(all[i - 1] ?? 40);
    });
    expect(rowsPerStep.at(-1)).toBeLessThan(10);
  });
});

test('a point draws the token in whose share of the mass it falls', () => {
  const row = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), {
    minLength: 1,
    maxLength: 30,
  });
  const point = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  fc.assert(
    fc.property(row, point, (values, at) => {
      const token = drawToken(Float64Array.from(values), at) ?? NaN;
      const shares = logSoftmax(values).map(Math.exp);
      const below = shares.slice(0, token).reduce((sum, share) => sum + share, 0);
      expect(below).toBeLessThan(at + 1e-7);
      expect(below + (shares[token] ?? NaN)).toBeGreaterThan(at - 1e-7);
    }),
  );
});

test('no point draws a banned token', () => {
  const row = Float64Array.of(-Infinity, 0, -Infinity);
  expect([0, 0.5, 1 - 2 ** -53].map((point) => drawToken(row, point))).toEqual([1, 1, 1]);
  expect(drawToken(Float64Array.of(-Infinity), 0)).toBeUndefined();
});
