import { CaptionError } from '../errors.js';

type JsonObject = Readonly<Record<string, unknown>>;

export interface TokenizerParts {
  /** `tokenizer.json` with every part named, absent ones as null. */
  readonly json: JsonObject & { readonly model: JsonObject };
  readonly config: JsonObject;
}

/** Looks whether the two files have the form of a tokenizer, as far as the rest relies on it. */
export function tokenizerParts(json: unknown, config: unknown): TokenizerParts {
  if (!isObject(json) || !isObject(json.model) || !json.model.vocab) {
    throw new CaptionError(
      'MODEL_INVALID',
      'The model\'s tokenizer.json is not a tokenizer. Expected: an object with a "model" that has a ' +
        '"vocab", as saved by the Hugging Face "tokenizers" library.',
    );
  }
  if (config !== undefined && !isObject(config)) {
    throw new CaptionError('MODEL_INVALID', "The model's tokenizer_config.json is not an object.");
  }
  checkVocabulary(json.model.vocab);
  const absent = { decoder: null, normalizer: null, post_processor: null, pre_tokenizer: null };
  const added = (Array.isArray(json.added_tokens) ? json.added_tokens : []).filter(
    (token) => isAddedToken(token) && isTokenNumber(token.id),
  );
  return {
    json: { ...absent, ...json, model: json.model, added_tokens: added },
    config: config ?? {},
  };
}

/** How token numbers become a caption: what is left out, and whether spaces are tidied. */
export function decodingRules({ json, config }: TokenizerParts): {
  readonly specialTokens: ReadonlySet<string>;
  readonly cleanUpSpaces: boolean;
} {
  const named = Object.entries(config).flatMap(([key, value]) => {
    if (key === 'additional_special_tokens' || key === 'extra_special_tokens') {
      return isObject(value) ? Object.values(value) : Array.isArray(value) ? value : [];
    }
    return /^(bos|eos|unk|sep|pad|cls|mask)_token$/.test(key) ? [value] : [];
  });
  const added = [json.added_tokens, config.added_tokens_decoder]
    .flatMap((tokens) => (tokens ? Object.values(tokens) : []))
    .filter((token) => isAddedToken(token) && token.special === true);
  return {
    specialTokens: new Set([...named, ...added].flatMap(tokenText)),
    cleanUpSpaces: cleansUpSpaces(json.model, config),
  };
}

/**
 * transformers 5 tidies spaces ("it 's ." to "it's.") only when the configuration says so, and with
 * BPE, whose tokens hold their own spaces, only when it insists.
 */
function cleansUpSpaces(model: JsonObject, config: JsonObject): boolean {
  const isBpe = model.type === 'BPE' || (model.type === undefined && 'merges' in model);
  const insists = config.clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output;
  return config.clean_up_tokenization_spaces === true && (!isBpe || insists === true);
}

function checkVocabulary(vocab: unknown): void {
  const sound = Array.isArray(vocab)
    ? vocab.every((entry) => Array.isArray(entry) && typeof entry[0] === 'string')
    : isObject(vocab) && Object.values(vocab).every(isTokenNumber);
  if (sound) return;
  throw new CaptionError(
    'MODEL_INVALID',
    "The vocabulary in the model's tokenizer.json must map tokens to whole numbers from 0, or be a " +
      'list of [token, score].',
  );
}

/** The bound keeps a damaged number from becoming an array of that length. */
function isTokenNumber(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 24;
}

function isAddedToken(value: unknown): value is JsonObject {
  return isObject(value) && typeof value.content === 'string';
}

/** A token's text, which the files give as it is or in an object. */
function tokenText(token: unknown): string[] {
  if (typeof token === 'string') return [token];
  return isAddedToken(token) ? [token.content as string] : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
