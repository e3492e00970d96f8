import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenizerKinds, tokenizerRecording } from '../../test/fixtures/text/recordings.js';
import { createTokenizer } from './tokenizer.js';
import { tokenizerParts } from './tokenizer-files.js';
import { wordTable } from './word-table.js';

describe.each(tokenizerKinds)('a %s tokenizer', (kind) => {
  const recording = tokenizerRecording(kind);
  const tokenizer = createTokenizer(recording.tokenizer, recording.config);
  const tidying = createTokenizer(recording.tokenizer, {
    ...recording.config,
    clean_up_tokenization_spaces: true,
  });

  test('decodes as Python does', () => {
    for (const { ids, text, withSpecial } of recording.decoded) {
      expect(tokenizer.decode(ids), ids.join()).toBe(text);
      expect(tokenizer.decode(ids, { skipSpecialTokens: false }), ids.join()).toBe(withSpecial);
    }
  });

  test('tidies spaces when the configuration says so, as Python does', () => {
    for (const { ids, tidied } of recording.decoded) {
      expect(tidying.decode(ids), ids.join()).toBe(tidied);
    }
  });

  test('encodes given words as Python does, and refuses those it cannot spell', () => {
    for (const { text, ...expected } of recording.encoded) {
      for (const [continuation, ids] of [
        [false, expected.start],
        [true, expected.continuation],
      ] as const) {
        const encode = () => tokenizer.encodeWords(text, { continuation });
        if (ids) expect(encode(), text).toEqual(ids);
        else expect(encode, text).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
      }
    }
  });

  const anyIds = fc.array(fc.nat({ max: tokenizer.vocabSize + 1 }), { maxLength: 20 });

  test('gives each token its share of the text', () => {
    fc.assert(
      fc.property(anyIds, (ids) => {
        for (const each of [tokenizer, tidying]) {
          const pieces = each.pieces(ids);
          expect(pieces.length).toBe(ids.length);
          expect(pieces.join('')).toBe(each.decode(ids));
        }
      }),
    );
  });

  test('streams the text, a whole character at a time', () => {
    const recorded = fc.constantFrom(...recording.decoded.map(({ ids }) => [...ids]));
    fc.assert(
      fc.property(fc.oneof(recorded, anyIds), fc.nat({ max: 3 }), (ids, prefixLength) => {
        for (const each of [tokenizer, tidying]) {
          const prefix = ids.slice(0, prefixLength);
          const stream = each.stream(prefix);
          const given = ids.slice(prefixLength).map((id) => stream(id));
          given.push(stream.end());
          const streamed = given.join('');
          const whole = each.decode(ids);
          expect(whole.endsWith(streamed)).toBe(true);
          // What was not streamed is the prefix, or what of it is certain.
          expect(each.decode(prefix)).toContain(whole.slice(0, whole.length - streamed.length));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('finds the words of a text, and the tokens of each', () => {
    for (const { ids, text } of recording.decoded) {
      const words = tokenizer.words(ids);
      const expected = text.split(/\s+/).map((word) => word.replace(/^\p{P}+|\p{P}+$/gu, ''));
      expect(words.map(({ word }) => word)).toEqual(expected.filter((word) => word !== ''));

      const pieces = tokenizer.pieces(ids);
      for (const { word, start, end } of words) {
        expect(pieces.slice(start, end).join(''), text).toContain(word);
        // Broken characters look alike, so that a part may read as the whole.
        if (text.includes('\uFFFD')) continue;
        expect(tokenizer.decode(ids.slice(start + 1, end)), text).not.toContain(word);
        expect(tokenizer.decode(ids.slice(start, end - 1)), text).not.toContain(word);
      }
    }
  });

  test('knows tokens by name', () => {
    for (const token of tokenizer
      .decode([...Array(tokenizer.vocabSize).keys()], {
        skipSpecialTokens: false,
      })
      .match(/\[SEP\]|<eos>|<\/s>|<\|endoftext\|>/g) ?? ['no special token']) {
      const id = tokenizer.tokenId(token);
      expect(id).toBeTypeOf('number');
      expect(tokenizer.decode([id ?? -1])).toBe('');
      expect(tokenizer.decode([id ?? -1], { skipSpecialTokens: false })).toBe(token);
    }
    expect(tokenizer.tokenId('no such token')).toBeUndefined();
  });
});

describe('a banned word', () => {
  const sequences = (kind: (typeof tokenizerKinds)[number], word: string) => {
    const { tokenizer, config } = tokenizerRecording(kind);
    const made = createTokenizer(tokenizer, config);
    return made.bannedSequences(word).map((ids) => made.decode(ids));
  };

  test('is banned with and without the space before it', () => {
    expect(sequences('byte-level-bpe', 'dog')).toEqual(['dog', ' dog']);
  });

  test('is banned once where the two are the same', () => {
    expect(sequences('word-piece', 'dog')).toEqual(['dog']);
    expect(sequences('unigram', 'a brown dog')).toEqual(['a brown dog']);
  });

  test('that cannot be said needs no ban', () => {
    expect(sequences('whole-words', 'xylophone')).toEqual([]);
  });

  test('must not be empty', () => {
    expect(() => sequences('unigram', ' ')).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});

test('an unknown word is named', () => {
  const { tokenizer, config } = tokenizerRecording('whole-words');
  const made = createTokenizer(tokenizer, config);
  expect(() => made.encodeWords('the xylophone waits')).toThrow('"xylophone"');
});

describe('streaming', () => {
  const { tokenizer, config } = tokenizerRecording('byte-level-bpe');

  test('waits for all bytes of a character', () => {
    const made = createTokenizer(tokenizer, config);
    const ids = made.encodeWords('犬 🎉');
    const stream = made.stream();
    const given = ids.map((id) => stream(id));
    expect(given.join('')).toBe('犬 🎉');
    expect(given.filter((text) => text !== '')).toEqual(['犬', ' ', '🎉']);
  });

  test('says at the end what never became a character', () => {
    const made = createTokenizer(tokenizer, config);
    const [firstByte = -1] = made.encodeWords('犬');
    const stream = made.stream();
    expect([stream(firstByte), stream.end()]).toEqual(['', '\uFFFD']);
  });

  test('waits for a contraction that would lose its space', () => {
    const words = ['it', "'s", 'not', "n't", "'"];
    const vocab = Object.fromEntries(words.map((word, i) => [word, i]));
    const made = createTokenizer(
      { model: { type: 'WordPiece', vocab, unk_token: '' }, added_tokens: [] },
      { clean_up_tokenization_spaces: true },
    );
    const stream = made.stream();
    expect([0, 1, 4, 0, 2, 3].map((id) => stream(id))).toEqual([
      'it',
      "'s",
      '',
      "'it",
      ' not',
      "n't",
    ]);
    expect(made.decode([0, 1, 4, 0, 2, 3])).toBe("it's'it notn't");
  });
});

describe('words', () => {
  test('are groups of tokens, without punctuation around them', () => {
    const { tokenizer, config } = tokenizerRecording('byte-level-bpe');
    const made = createTokenizer(tokenizer, config);
    const text = 'Zürich: "two t-shirts", 2.50 € — 犬 🎉!';
    const ids = made.encodeWords(text);
    const words = made.words(ids);
    expect(words.map(({ word }) => word)).toEqual([
      'Zürich',
      'two',
      't-shirts',
      '2.50',
      '€',
      '犬',
      '🎉',
    ]);
    for (const { word, start, end } of words) {
      expect(made.decode(ids.slice(start, end))).toContain(word);
    }
  });
});

describe('a tokenizer.json that is none is refused', () => {
  const good = tokenizerRecording('whole-words').tokenizer;
  test.each<[string, unknown, unknown?]>([
    ['nothing', undefined],
    ['a list', []],
    ['no model', {}],
    ['no vocabulary', { model: { type: 'WordPiece' } }],
    ['an empty vocabulary', { ...good, added_tokens: [], model: { ...good.model, vocab: {} } }],
    ['a vocabulary of texts', { ...good, model: { ...good.model, vocab: { a: 'b' } } }],
    ['numbers too large', { ...good, model: { ...good.model, vocab: { a: 1e9 } } }],
    ['a vocabulary of no pairs', { ...good, model: { type: 'Unigram', vocab: ['a', 'b'] } }],
    ['an unknown model', { ...good, model: { type: 'Oracle', vocab: 7 } }],
    ['an unknown decoder', { ...good, decoder: { type: 'Oracle' } }],
    ['merges missing', { ...good, model: { type: 'BPE', vocab: { a: 0 } } }],
    ['a configuration that is a list', good, []],
  ])('%s', (_, json, config) => {
    expect(() => createTokenizer(json, config)).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });
});

test('special tokens may be named in tokenizer_config.json alone', () => {
  const json = {
    model: { type: 'WordPiece', vocab: { dog: 0, '<end>': 1, '<x>': 2 }, unk_token: '' },
  };
  const configs = [
    { eos_token: '<end>', additional_special_tokens: ['<x>'] },
    { eos_token: { content: '<end>' }, extra_special_tokens: { image: '<x>' } },
    {
      added_tokens_decoder: {
        1: { content: '<end>', special: true },
        2: { content: '<x>', special: true },
      },
    },
  ];
  for (const config of configs) expect(createTokenizer(json, config).decode([0, 1, 2])).toBe('dog');
  expect(createTokenizer(json).decode([0, 1, 2])).toBe('dog <end> <x>');
});

describe('a table of words', () => {
  const vocab = Object.fromEntries(
    ['<pad>', '<eos>', '<unk>', 'a', 'dog', '##s', 'run', '##ning', '.', "'s", '##', 'é'].map(
      (token, id) => [token, id],
    ),
  );
  const table = {
    added_tokens: [0, 1, 2].map((id) => ({
      id,
      content: Object.keys(vocab)[id],
      special: true,
      normalized: false,
    })),
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: false },
    model: { type: 'WordPiece', unk_token: '<unk>', continuing_subword_prefix: '##', vocab },
  };
  const tokenizer = createTokenizer(table);
  const whole = new Tokenizer(table, {});

  test('is read as the tokenizer made of it reads', () => {
    expect(wordTable(tokenizerParts(table, {}))).toBeDefined();
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 11 }), { minLength: 1 }), fc.boolean(), (ids, skips) => {
        const expected = whole.decode(ids, {
          skip_special_tokens: skips,
          clean_up_tokenization_spaces: false,
        });
        expect(tokenizer.decode(ids, { skipSpecialTokens: skips })).toBe(expected);
      }),
      { numRuns: 500 },
    );
    for (const token of [...Object.keys(vocab), 'cat', '', 'constructor']) {
      expect(tokenizer.tokenId(token)).toBe(whole.token_to_id(token));
    }
    expect(tokenizer.vocabSize).toBe(12);
    expect(tokenizer.encodeWords('A dogs running')).toEqual([3, 4, 5, 6, 7]);
  });

  test.each([
    ['another normalizer', { normalizer: { type: 'NFC' } }],
    ['another splitter', { pre_tokenizer: { type: 'BertPreTokenizer' } }],
    ['text around every text', { post_processor: { type: 'TemplateProcessing' } }],
    ['spaces that are tidied', { decoder: { ...table.decoder, cleanup: true } }],
    ['tokens beside it', { added_tokens: [{ id: 40, content: '<image>', special: true }] }],
    ['another model', { model: { ...table.model, type: 'BPE' } }],
  ])('is not taken for one with %s', (_, change) => {
    expect(wordTable(tokenizerParts({ ...table, ...change }, {}))).toBeUndefined();
  });
});
