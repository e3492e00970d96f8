import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import {
  decoderOf,
  logSoftmax,
  type Tables,
  tableLogits,
} from '../../test/fixtures/search/table-model.js';
import { search } from './search.js';
import type { SearchSettings } from './types.js';

// Recorded from Hugging Face `generate` by scripts/fixtures/search/record_generate.py.
interface Recording {
  readonly transformers: string;
  readonly defaults: Partial<SearchSettings>;
  readonly tables: Tables;
  readonly cases: readonly (Partial<SearchSettings> & {
    readonly name: string;
    readonly expected: readonly { tokens: number[]; finished: boolean; score?: number }[];
  })[];
}
const recording: Recording = JSON.parse(
  readFileSync(new URL('../../test/fixtures/search/generate.json', import.meta.url), 'utf8'),
);

const names = [...new Set(recording.cases.map(({ name }) => name))];

describe(`finds what Hugging Face generate finds (transformers ${recording.transformers})`, () => {
  test.each(names)('with %s', async (variation) => {
    for (const { name, expected, ...varied } of recording.cases) {
      if (name !== variation) continue;
      const given = { ...plainSettings, numCaptions: varied.numBeams ?? 1, ...recording.defaults };
      const settings = { ...given, ...varied };
      const { step } = decoderOf((sequence) => tableLogits(recording.tables, sequence));
      const found = await search(step, settings);

      const what = JSON.stringify(varied);
      expect(
        found.map(({ tokens, finished }) => ({ tokens, finished })),
        what,
      ).toEqual(expected.map(({ tokens, finished }) => ({ tokens, finished })));
      expected.forEach(({ score }, i) => {
        if (score !== undefined)
          expect(found[i]?.score, what).satisfy(
            (own: number) => Math.abs(own - score) < 1e-6 * Math.max(1, Math.abs(score)),
          );
      });
    }
  });

  test('and each log-probability is the model’s own', async () => {
    const { step } = decoderOf((sequence) => tableLogits(recording.tables, sequence));
    const found = await search(step, {
      ...plainSettings,
      numBeams: 5,
      numCaptions: 5,
      repetitionPenalty: 1.3,
      noRepeatNgramSize: 2,
      maxLength: 8,
    });
    for (const { tokens, logProbs, endLogProb, finished } of found) {
      const said = finished ? [...tokens, plainSettings.eos as number] : tokens;
      const own = said.map((token, i) => {
        const before = [...plainSettings.prompt, ...said.slice(0, i)];
        return logSoftmax(tableLogits(recording.tables, before))[token] ?? NaN;
      });
      const given = finished ? [...logProbs, endLogProb] : logProbs;
      given.forEach((logProb, i) => {
        expect(logProb).toBeCloseTo(own[i] ?? NaN, 6);
      });
    }
  });
});
