import { CaptionError } from '../../errors.js';
import { LIMITS, type Limit, MODEL_LIMITS } from '../../limits.js';
import type { GenerationDefaults } from '../manifest.js';
import type { Family } from './families.js';
import { type Fields, fieldsOf } from './fields.js';

/**
 * Settings that would change the captions but are not supported, with the values that have no effect.
 */
const UNSUPPORTED: Readonly<Record<string, readonly unknown[]>> = {
  num_beam_groups: [1],
  diversity_penalty: [0],
  penalty_alpha: [0],
  begin_suppress_tokens: [],
  bad_words_ids: [],
  force_words_ids: [],
  constraints: [],
  sequence_bias: [],
  encoder_no_repeat_ngram_size: [0],
  encoder_repetition_penalty: [1],
  exponential_decay_length_penalty: [],
  guidance_scale: [1],
  renormalize_logits: [false],
  stop_strings: [],
  watermarking_config: [],
  dola_layers: [],
  do_sample: [false],
};

/**
 * Search defaults from `generation_config.json` or, as `generate` does where there is none, from
 * `config.json` and the decoder's part in it.
 *
 * @throws CaptionError `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export function readGeneration(
  config: Fields,
  generation: Fields | undefined,
  { textConfig, prompt, layout }: Pick<Family, 'textConfig' | 'prompt' | 'layout'>,
): GenerationDefaults {
  const text = config.object(textConfig);
  const sources = generation ? [generation] : [config, text];
  const fields = merged(sources.filter((source) => source !== undefined));
  // Chat models enable sampling by default; captions are greedy unless the call asks for sampling.
  refuseUnsupported(prompt ? without(fields, ['do_sample']) : fields);
  // Special tokens may be in any of the files.
  const tokens = merged([...sources, config, text].filter((s) => s !== undefined));

  const eos = tokenOrTokens(tokens, 'eos_token_id');
  const bos =
    token(tokens, 'decoder_start_token_id') ??
    token(tokens, 'bos_token_id') ??
    // Decoder-only models continue their prompt: the start token is never used.
    (layout === 'decoder-only' ? [eos].flat()[0] : undefined);
  if (bos === undefined || eos === undefined) {
    const missing = bos === undefined ? 'decoder_start_token_id' : 'eos_token_id';
    throw new CaptionError(
      'MODEL_INVALID',
      `Neither generation_config.json nor config.json has "${missing}"; add it to one of them.`,
    );
  }
  const early = fields.values.early_stopping ?? false;
  if (early !== true && early !== false && early !== 'never') {
    throw fields.invalid('early_stopping', 'true, false or "never"');
  }
  const [forcedStart, forcedEnd] = [
    token(fields, 'forced_bos_token_id'),
    token(fields, 'forced_eos_token_id'),
  ];
  const lengths = readLengths(fields, layout, forcedStart === undefined ? 0 : 1);
  return {
    bos,
    eos,
    ...lengths,
    ...(forcedStart !== undefined && { forcedStart }),
    ...(forcedEnd !== undefined && { forcedEnd }),
    pad: token(tokens, 'pad_token_id') ?? (typeof eos === 'number' ? eos : (eos[0] as number)),
    suppress: tokenList(fields, 'suppress_tokens'),
    numBeams: whole(fields, 'num_beams', LIMITS.numBeams) ?? 1,
    lengthPenalty: within(fields, 'length_penalty', LIMITS.lengthPenalty) ?? 1,
    earlyStopping: early,
    tagWeight: 0,
    tagBias: 0,
    tagRepeatPenalty: 0,
    noRepeatNgramSize: whole(fields, 'no_repeat_ngram_size', LIMITS.noRepeatNgramSize) ?? 0,
    repetitionPenalty: within(fields, 'repetition_penalty', LIMITS.repetitionPenalty) ?? 1,
  };
}

/** The first of `sources` that has a field wins. */
function merged(sources: readonly Fields[]): Fields {
  const values: Record<string, unknown> = {};
  for (const source of [...sources].reverse()) {
    for (const [key, value] of Object.entries(source.values)) {
      if (value !== null && value !== undefined) values[key] = value;
    }
  }
  return fieldsOf(sources[0]?.file ?? 'config.json', values);
}

function without(fields: Fields, keys: readonly string[]): Fields {
  const rest = Object.entries(fields.values).filter(([key]) => !keys.includes(key));
  return fieldsOf(fields.file, Object.fromEntries(rest));
}

function refuseUnsupported(fields: Fields): void {
  for (const [key, harmless] of Object.entries(UNSUPPORTED)) {
    const value = fields.values[key] ?? undefined;
    const empty = Array.isArray(value) && value.length === 0;
    if (value === undefined || empty || harmless.includes(value)) continue;
    throw new CaptionError(
      'MODEL_UNSUPPORTED',
      `The model's ${fields.file} sets "${key}", which is not supported. Remove it to caption without it.`,
    );
  }
}

/** `generate` allows greater lengths than `LIMITS`; they are reduced to the limit. */
const POSITIVE = { min: 1, max: 1_000_000 } as const;
const NOT_NEGATIVE = { min: 0, max: 1_000_000 } as const;

/**
 * Lengths of `generate` count the start token, or the whole prompt with the photo, and a forced start token as a
 * new one; ours count the tokens of the caption. Its default is 20 in all.
 */
function readLengths(
  fields: Fields,
  layout: Family['layout'],
  forced: number,
): Pick<GenerationDefaults, 'maxLength' | 'minLength'> {
  const total = whole(fields, 'max_length', POSITIVE) ?? 20;
  const maxLength = whole(fields, 'max_new_tokens', POSITIVE) ?? total - 1;
  const totalMin = whole(fields, 'min_length', NOT_NEGATIVE) ?? 0;
  // A photo has hundreds of positions, more than any caption is asked to have.
  const restMin = layout === 'decoder-only' ? 0 : totalMin - 1;
  const minLength = whole(fields, 'min_new_tokens', NOT_NEGATIVE) ?? restMin;
  const clamped = (length: number, { min, max }: Limit) => Math.min(max, Math.max(min, length));
  const most = clamped(maxLength - forced, LIMITS.maxLength);
  const least = clamped(minLength - forced, LIMITS.minLength);
  return { maxLength: most, minLength: Math.min(least, most) };
}

function within(fields: Fields, key: string, { min, max }: Limit): number | undefined {
  const value = fields.number(key);
  if (value === undefined || (value >= min && value <= max)) return value;
  throw fields.invalid(key, `a number from ${min} to ${max}`);
}

function whole(fields: Fields, key: string, limit: Limit): number | undefined {
  const value = within(fields, key, limit);
  if (value === undefined || Number.isInteger(value)) return value;
  throw fields.invalid(key, `a whole number from ${limit.min} to ${limit.max}`);
}

const token = (fields: Fields, key: string) => whole(fields, key, MODEL_LIMITS.token);

function tokenOrTokens(fields: Fields, key: string): number | readonly number[] | undefined {
  if (!Array.isArray(fields.values[key])) return token(fields, key);
  const list = tokenList(fields, key);
  if (list.length > 0) return list.length === 1 ? list[0] : list;
  throw fields.invalid(key, 'a token number, or several');
}

function tokenList(fields: Fields, key: string): readonly number[] {
  const value = fields.values[key] ?? [];
  const sound = Array.isArray(value) && value.every((id) => Number.isInteger(id) && id >= 0);
  if (sound) return value;
  throw fields.invalid(key, 'a list of token numbers');
}
