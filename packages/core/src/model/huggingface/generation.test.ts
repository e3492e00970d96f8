import { describe, expect, test } from 'vitest';
import { fieldsOf } from './fields.js';
import { readGeneration } from './generation.js';

const config = { decoder: { bos_token_id: 50256, eos_token_id: 50256 }, pad_token_id: 50256 };
const read = (generation?: object, whole: object = config) =>
  readGeneration(
    fieldsOf('config.json', whole),
    generation && fieldsOf('generation_config.json', generation),
    { textConfig: 'decoder', layout: 'encoder-decoder' },
  );

describe('generation_config.json', () => {
  test('gives the defaults of the search, in our names', () => {
    const generation = {
      decoder_start_token_id: 7,
      eos_token_id: 8,
      pad_token_id: 9,
      num_beams: 4,
      length_penalty: 0.5,
      early_stopping: true,
      no_repeat_ngram_size: 3,
      ...{
        repetition_penalty: 1.2,
        suppress_tokens: [1, 2],
        max_new_tokens: 30,
        min_new_tokens: 4,
      },
    };
    expect(read(generation)).toEqual({
      bos: 7,
      eos: 8,
      pad: 9,
      suppress: [1, 2],
      maxLength: 30,
      minLength: 4,
      numBeams: 4,
      ...{
        lengthPenalty: 0.5,
        earlyStopping: true,
        noRepeatNgramSize: 3,
        repetitionPenalty: 1.2,
        tagWeight: 0,
        tagBias: 0,
        tagRepeatPenalty: 0,
      },
    });
  });

  test('counts the start token in max_length and min_length, which we do not', () => {
    expect(read({ max_length: 16, min_length: 5 })).toMatchObject({ maxLength: 15, minLength: 4 });
    expect(read({})).toMatchObject({ maxLength: 19, minLength: 0 });
  });

  test('may leave the special tokens to config.json and its decoder', () => {
    expect(read({ num_beams: 2 })).toMatchObject({ bos: 50256, eos: 50256, pad: 50256 });
  });

  test('may be missing: older folders have it all in config.json', () => {
    const old = {
      ...config,
      max_length: 16,
      num_beams: 4,
      decoder: { ...config.decoder, num_beams: 1 },
    };
    expect(read(undefined, old)).toMatchObject({ maxLength: 15, numBeams: 4 });
  });

  test('of a model that reads the prompt itself: min_length counts it, with the photo', () => {
    const chat = { textConfig: 'text_config', layout: 'decoder-only' } as const;
    const lengths = (values: object) =>
      readGeneration(fieldsOf('config.json', { eos_token_id: 2, ...values }), undefined, chat);
    expect(lengths({ min_length: 12 })).toMatchObject({ minLength: 0 });
    expect(lengths({ min_length: 12, min_new_tokens: 5 })).toMatchObject({ minLength: 5 });
  });

  test('may force a start and an end', () => {
    const forced = { forced_bos_token_id: 3, forced_eos_token_id: 4 };
    expect(read(forced)).toMatchObject({ bos: 50256, forcedStart: 3, forcedEnd: 4 });
  });

  test('counts a forced start token, which we do not', () => {
    const forced = { forced_bos_token_id: 3, max_length: 16, min_length: 6 };
    expect(read(forced)).toMatchObject({ maxLength: 14, minLength: 4 });
    const further = { forced_bos_token_id: 3, max_new_tokens: 16, min_new_tokens: 6 };
    expect(read(further)).toMatchObject({ maxLength: 15, minLength: 5 });
  });

  test('may name several end tokens', () => {
    expect(read({ eos_token_id: [3, 4], pad_token_id: null }, { bos_token_id: 1 })).toMatchObject({
      eos: [3, 4],
      pad: 3,
    });
  });

  test.each([
    ['num_beam_groups', 2],
    ['do_sample', true],
    ['bad_words_ids', [[5]]],
    ['stop_strings', ['.']],
  ])('with %s is refused', (key, value) => {
    expect(() => read({ [key]: value })).toThrow(key);
  });

  test.each([
    ['num_beam_groups', 1],
    ['do_sample', false],
    ['forced_eos_token_id', null],
    ['bad_words_ids', []],
  ])('with %s at what does nothing is not', (key, value) => {
    expect(() => read({ [key]: value })).not.toThrow();
  });
});
