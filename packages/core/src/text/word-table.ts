import type { TokenizerParts } from './tokenizer-files.js';

/** A vocabulary that can be read without a tokenizer: whole words and endings of words. */
export interface WordTable {
  /** By number. */
  readonly tokens: readonly (string | undefined)[];
  tokenId(token: string): number | undefined;
  /** As the WordPiece decoder of the Hugging Face "tokenizers" library joins them, spaces not tidied. */
  join(ids: readonly number[]): string;
}

/**
 * The table of a WordPiece model of the simplest kind, the embedded model's; undefined for any other tokenizer. It
 * spares programs that only read captions the tokenizer, which takes milliseconds of the start to make.
 */
export function wordTable({ json }: TokenizerParts): WordTable | undefined {
  const { model, decoder, normalizer, pre_tokenizer, post_processor, added_tokens } = json;
  const { vocab } = model;
  const isSimple =
    model.type === 'WordPiece' &&
    typeof model.unk_token === 'string' &&
    isVocabulary(vocab) &&
    typeOf(decoder) === 'WordPiece' &&
    (normalizer === null || typeOf(normalizer) === 'Lowercase') &&
    typeOf(pre_tokenizer) === 'WhitespaceSplit' &&
    post_processor === null;
  if (!isSimple) return undefined;
  const { prefix, cleanup } = decoder as { prefix?: unknown; cleanup?: unknown };
  if (cleanup !== false || typeof prefix !== 'string' || prefix === '') return undefined;
  const tokenId = (token: string) => (Object.hasOwn(vocab, token) ? vocab[token] : undefined);
  const added = added_tokens as readonly { readonly content: string; readonly id: number }[];
  if (added.some(({ content, id }) => tokenId(content) !== id)) return undefined;
  const tokens: (string | undefined)[] = [];
  for (const token in vocab) tokens[vocab[token] as number] = token;
  return {
    tokens,
    tokenId,
    join(ids) {
      let text = '';
      ids.forEach((id, i) => {
        const token = tokens[id] ?? '';
        if (i === 0) text = token;
        else text += token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      });
      return text;
    },
  };
}

/** Its numbers were checked before. */
function isVocabulary(vocab: unknown): vocab is Readonly<Record<string, number>> {
  return typeof vocab === 'object' && vocab !== null && !Array.isArray(vocab);
}

function typeOf(part: unknown): unknown {
  return typeof part === 'object' && part !== null && 'type' in part ? part.type : undefined;
}
