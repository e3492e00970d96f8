import { Tokenizer } from '@huggingface/tokenizers';
import { CaptionError } from '../errors.js';
import { type CaptionStream, captionStream } from './caption-stream.js';
import { type CaptionWord, captionWords } from './caption-words.js';
import { tokenSpans } from './token-spans.js';
import { decodingRules, tokenizerParts } from './tokenizer-files.js';
import { wordTable } from './word-table.js';

/** What a captioner wants of a tokenizer: tokens to text, and a few given words to tokens. */
export interface CaptionTokenizer {
  /** One more than the largest token number. */
  readonly vocabSize: number;

  /** How many token numbers stand for something: `vocabSize`, unless there are gaps. */
  readonly wordCount: number;

  /** The number of a token by its exact text, `<eos>` for instance; undefined when there is none. */
  tokenId(token: string): number | undefined;

  /**
   * The text of a caption. Numbers that stand for no token are left out.
   *
   * @param options.skipSpecialTokens omit `<bos>`, `<eos>` and similar. Default true.
   */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string;

  /** Each token's share of `decode(ids)`, leading spaces included; joined they are that text. */
  pieces(ids: readonly number[]): string[];

  /** The words of `decode(ids)`, and the tokens that make up each. */
  words(ids: readonly number[]): CaptionWord[];

  /** Decodes a caption while it is being written, after the tokens of `prefix`. */
  stream(prefix?: readonly number[]): CaptionStream;

  /**
   * The tokens of given words, special tokens not added.
   *
   * @param options.continuation the words follow others, which matters where a token holds the space
   *   before it. Default false.
   * @throws `INVALID_OPTION` when the text is empty or holds a word that the vocabulary cannot spell
   *
   * @example
   * tokenizer.encodeWords('two dogs'); // [81, 45]
   */
  encodeWords(text: string, options?: { readonly continuation?: boolean }): number[];

  /**
   * The tokens of a text for the model to read: marks of the model's own in it (`<image>`) are single
   * tokens.
   *
   * @param options.specialTokens put around it what the tokenizer puts around every text. Default true.
   */
  encodeText(text: string, options?: { readonly specialTokens?: boolean }): number[];

  /**
   * The token sequences that say a word or phrase at the start and in the middle of a sentence; none
   * when the vocabulary cannot spell it, as it is then never said.
   *
   * @throws `INVALID_OPTION` when the text is empty
   */
  bannedSequences(text: string): number[][];
}

/**
 * Makes a tokenizer from the files of a Hugging Face model: WordPiece, byte-level BPE or Unigram.
 *
 * @param json   the parsed `tokenizer.json`
 * @param config the parsed `tokenizer_config.json`, where the model has one
 * @throws `MODEL_INVALID` when they do not describe a tokenizer
 */
export function createTokenizer(json: unknown, config: unknown = {}): CaptionTokenizer {
  const parts = tokenizerParts(json, config);
  const { specialTokens, cleanUpSpaces } = decodingRules(parts);
  const table = wordTable(parts);
  let loaded: Tokenizer | undefined;
  /** Of a table made only when words become tokens. */
  const tokenizer = (): Tokenizer => {
    loaded ??= load(parts);
    return loaded;
  };
  const tokenId = table?.tokenId ?? ((token: string) => tokenizer().token_to_id(token));
  const tokens = table?.tokens ?? tokenizer().model?.vocab ?? [];
  if (tokens.length === 0) {
    throw new CaptionError('MODEL_INVALID', "The model's tokenizer.json has an empty vocabulary.");
  }
  const specialIds = new Set([...specialTokens].map(tokenId));

  const decode: CaptionTokenizer['decode'] = (ids, { skipSpecialTokens = true } = {}) => {
    const known = ids.filter(
      (id) => tokens[id] !== undefined && !(skipSpecialTokens && specialIds.has(id)),
    );
    if (known.length === 0) return '';
    if (table && !cleanUpSpaces) return table.join(known);
    return tokenizer().decode(known, {
      skip_special_tokens: skipSpecialTokens,
      clean_up_tokenization_spaces: cleanUpSpaces,
    });
  };

  /** The words' tokens, or undefined when the vocabulary lacks something. */
  const encode = (words: string, continuation: boolean): number[] | undefined => {
    const text = continuation ? ` ${words}` : words;
    const { model, normalizer } = tokenizer();
    const ids: readonly (number | undefined)[] = tokenizer().encode(text, {
      add_special_tokens: false,
    }).ids;
    const unknown = model?.unk_token_id;
    const found = ids.filter((id) => id !== undefined && id !== unknown) as number[];
    if (found.length < ids.length) return undefined;
    // BPE without an unknown token leaves out what it cannot spell, without a word.
    if (unknown === undefined) {
      const normalized = normalizer?.(words) ?? words;
      if (letters(decode(found)) !== letters(normalized)) return undefined;
    }
    return found;
  };

  return {
    vocabSize: tokens.length,
    wordCount: Object.keys(tokens).length,
    tokenId,
    decode,

    pieces(ids) {
      const text = decode(ids);
      return tokenSpans(ids, text, decode).map(({ start, end }) => text.slice(start, end));
    },

    words(ids) {
      const text = decode(ids);
      return captionWords(text, tokenSpans(ids, text, decode));
    },

    stream: (prefix = []) => captionStream(prefix, decode, cleanUpSpaces),

    encodeWords(text, { continuation = false } = {}) {
      const words = notEmpty(text);
      const ids = encode(words, continuation);
      if (ids !== undefined && ids.length > 0) return ids;
      const unknown = words.split(/\s+/).find((word) => encode(word, continuation) === undefined);
      throw new CaptionError(
        'INVALID_OPTION',
        `The model's vocabulary has no "${unknown ?? words}": use words that this model knows.`,
      );
    },

    encodeText(text, { specialTokens = true } = {}) {
      const ids: readonly (number | undefined)[] = tokenizer().encode(text, {
        add_special_tokens: specialTokens,
      }).ids;
      return ids.filter((id) => id !== undefined);
    },

    bannedSequences(text) {
      const words = notEmpty(text);
      const sequences = [encode(words, false), encode(words, true)];
      const distinct = new Map(
        sequences.flatMap((ids) => (ids?.length ? [[ids.join(), ids] as const] : [])),
      );
      return [...distinct.values()];
    },
  };
}

function load({ json, config }: ReturnType<typeof tokenizerParts>): Tokenizer {
  try {
    return new Tokenizer(json, config);
  } catch (cause) {
    throw new CaptionError(
      'MODEL_INVALID',
      `The model's tokenizer.json cannot be used (${cause instanceof Error ? cause.message : cause}). ` +
        'Expected: a WordPiece, BPE or Unigram tokenizer as saved by the Hugging Face ' +
        '"tokenizers" library.',
      { cause },
    );
  }
}

function notEmpty(text: string): string {
  const words = text.trim();
  if (words === '') {
    throw new CaptionError('INVALID_OPTION', 'A word was expected where the text is empty.');
  }
  return words;
}

/** The text without spaces, in whatever form a tokenizer writes them. */
function letters(text: string): string {
  return text.replace(/[\s\u2581]/gu, '');
}
