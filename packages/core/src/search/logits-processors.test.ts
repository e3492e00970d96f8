import { describe, expect, test } from 'vitest';
import { processorRecording, recordedScores } from '../../test/fixtures/search/processors.js';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import { logitsProcessors } from './logits-processors.js';

describe(`does as transformers ${processorRecording.transformers} does`, () => {
  const options = new Set(processorRecording.processors.flatMap((c) => Object.keys(c.settings)));

  test.each([...options])('with %s', (option) => {
    for (const { settings, sequence, scores, changed } of processorRecording.processors) {
      if (!(option in settings)) continue;
      const { before, after } = recordedScores(scores, changed);
      // The recording counts the first token of every sequence as the prompt.
      for (const process of logitsProcessors({ ...plainSettings, prompt: [1], ...settings })) {
        process(sequence, before);
      }
      before.forEach((score, token) => {
        expect(score, JSON.stringify({ settings, sequence, token })).toBeCloseTo(
          after[token] ?? NaN,
          5,
        );
      });
    }
  });
});

describe('a processor', () => {
  test('is made only for what the settings ask', () => {
    expect(logitsProcessors(plainSettings)).toEqual([]);
  });

  test('never bans an end token as a banned word: no caption could end', () => {
    const settings = { ...plainSettings, eos: [2, 3], bannedSequences: [[2], [3], [4]] };
    const scores = new Float64Array(6);
    for (const process of logitsProcessors(settings)) process([1], scores);
    expect([...scores]).toEqual([0, 0, 0, 0, -Infinity, 0]);
  });

  test('takes no notice of tokens outside the decoder’s vocabulary', () => {
    const settings = {
      ...plainSettings,
      repetitionPenalty: 2,
      noRepeatNgramSize: 1,
      suppress: [9],
      bannedSequences: [[8]],
    };
    const scores = new Float64Array([1, -1]);
    for (const process of logitsProcessors(settings)) process([7, 7], scores);
    expect([...scores]).toEqual([1, -1]);
  });
});
