import { CaptionError } from './errors.js';
import type { DecodeMode } from './image/preprocess.js';
import {
  DEFAULT_FETCH_TIMEOUT,
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_PIXELS,
  LIMITS,
  type Limit,
} from './limits.js';
import { DTYPES } from './model/huggingface/dtype.js';
import type { GenerationDefaults } from './model/manifest.js';
import { findTask, type PromptSpec } from './model/prompt.js';
import { isRuntime } from './model/runtime.js';
import type { CaptionAllOptions, CaptionOptions, EmbedOptions, LoadOptions } from './types.js';

/** The rule of one option: the allowed values in words, and a test for them. */
interface Rule {
  readonly allowed: string;
  readonly test: (value: unknown) => boolean;
}

const realNumber = ({ min, max, above }: Limit): Rule => ({
  allowed: above ? `a number above ${min}, at most ${max}` : `a number from ${min} to ${max}`,
  test: (value) =>
    typeof value === 'number' && (above ? value > min : value >= min) && value <= max,
});
const wholeNumber = ({ min, max }: Limit): Rule => ({
  allowed: `a whole number from ${min} to ${max}`,
  test: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
});
const isFunction: Rule = { allowed: 'a function', test: (value) => typeof value === 'function' };
const isBoolean: Rule = { allowed: 'true or false', test: (value) => typeof value === 'boolean' };
const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isSignal: Rule = {
  allowed: 'an AbortSignal',
  test: (value) =>
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    'addEventListener' in value,
};
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

type Rules<Options> = Readonly<Record<keyof Options & string, Rule>>;

const captionRules: Rules<CaptionOptions> = {
  numBeams: wholeNumber(LIMITS.numBeams),
  maxLength: wholeNumber(LIMITS.maxLength),
  minLength: wholeNumber(LIMITS.minLength),
  lengthPenalty: realNumber(LIMITS.lengthPenalty),
  earlyStopping: {
    allowed: `true, false or 'never'`,
    test: (value) => typeof value === 'boolean' || value === 'never',
  },
  noRepeatNgramSize: wholeNumber(LIMITS.noRepeatNgramSize),
  repetitionPenalty: realNumber(LIMITS.repetitionPenalty),
  tagWeight: realNumber(LIMITS.tagWeight),
  tagBias: realNumber(LIMITS.tagBias),
  tagRepeatPenalty: realNumber(LIMITS.tagRepeatPenalty),
  numCaptions: wholeNumber(LIMITS.numCaptions),
  bannedWords: {
    allowed: 'a list of words, none of them empty',
    test: (value) => Array.isArray(value) && value.every(isText),
  },
  prompt: {
    allowed: `'short', 'detailed', 'long' or a text of 1 to ${LIMITS.prompt.max} characters`,
    test: (value) => isText(value) && (value as string).length <= LIMITS.prompt.max,
  },
  prefix: { allowed: 'a text', test: (value) => typeof value === 'string' },
  sample: isBoolean,
  temperature: realNumber(LIMITS.temperature),
  topK: wholeNumber(LIMITS.topK),
  topP: realNumber(LIMITS.topP),
  seed: wholeNumber(LIMITS.seed),
  attention: isBoolean,
  numTags: wholeNumber(LIMITS.numTags),
  signal: isSignal,
  onToken: isFunction,
  orientation: isBoolean,
  decode: {
    allowed: `'fast' or 'exact'`,
    test: (value) => value === 'fast' || value === 'exact',
  },
  maxBytes: wholeNumber(LIMITS.maxBytes),
  maxPixels: wholeNumber(LIMITS.maxPixels),
  fetch: {
    allowed: 'true, false or a function',
    test: (value) => typeof value === 'boolean' || typeof value === 'function',
  },
  fetchTimeout: wholeNumber(LIMITS.fetchTimeout),
  transfer: isBoolean,
};

const embedRules: Rules<EmbedOptions> = {
  signal: captionRules.signal,
  orientation: captionRules.orientation,
  decode: captionRules.decode,
  maxBytes: captionRules.maxBytes,
  maxPixels: captionRules.maxPixels,
  fetch: captionRules.fetch,
  fetchTimeout: captionRules.fetchTimeout,
  transfer: captionRules.transfer,
};

const { onToken: _, ...sharedRules } = captionRules;
const captionAllRules: Rules<CaptionAllOptions> = {
  ...sharedRules,
  concurrency: wholeNumber(LIMITS.concurrency),
};

const loadRules: Rules<LoadOptions> = {
  model: {
    allowed: `a model folder's path or address, or its files' bytes by name`,
    test: (value) => isText(value) || isObject(value),
  },
  dtype: {
    allowed: `one of ${DTYPES.join(', ')}`,
    test: (value) => (DTYPES as readonly unknown[]).includes(value),
  },
  runtime: {
    allowed: `'engine', 'web', 'node', or a module with the API of onnxruntime-common (InferenceSession, Tensor, env)`,
    test: (value) =>
      isRuntime(value) ||
      (isObject(value) && 'InferenceSession' in value && 'Tensor' in value && 'env' in value),
  },
  workers: wholeNumber(LIMITS.workers),
  threads: wholeNumber(LIMITS.threads),
  executionProviders: {
    allowed: 'a list of names',
    test: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  },
  wasm: {
    allowed: 'an object with "mjs" and "wasm"',
    test: (value) =>
      isObject(value) && Object.keys(value).every((key) => key === 'mjs' || key === 'wasm'),
  },
  onProgress: isFunction,
  signal: isSignal,
};

/** @throws CaptionError `INVALID_OPTION` naming the option and what is allowed */
function check(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (options === undefined) return;
  if (!isObject(options)) {
    const found = options === null ? 'null' : typeof options;
    throw new CaptionError('INVALID_OPTION', `Options must be an object, not ${found}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = rules[name];
    if (!rule) {
      throw new CaptionError(
        'INVALID_OPTION',
        `There is no option "${name}". Known options: ${Object.keys(rules).join(', ')}.`,
      );
    }
    if (value !== undefined && !rule.test(value)) {
      throw new CaptionError(
        'INVALID_OPTION',
        `The option "${name}" must be ${rule.allowed}, not ${describe(value)}.`,
      );
    }
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `a list (${JSON.stringify(value)?.slice(0, 60)})`;
  return isObject(value) ? 'an object' : String(value);
}

export function checkLoadOptions(options: LoadOptions): void {
  check(options, loadRules);
}

export function checkCaptionAllOptions(options: CaptionAllOptions): void {
  check(options, captionAllRules);
}

/** Options that say how a photo is read, with the defaults filled in. */
export interface ResolvedEmbedOptions extends Required<Omit<EmbedOptions, 'signal' | 'decode'>> {
  readonly decode?: DecodeMode;
  readonly signal?: AbortSignal;
}

/** Options with the model's defaults filled in. */
export interface ResolvedOptions
  extends ResolvedEmbedOptions,
    Required<Omit<CaptionOptions, keyof EmbedOptions | 'onToken' | 'prompt' | 'numTags'>> {
  readonly prompt?: string;
  readonly numTags?: number;
  readonly onToken?: NonNullable<CaptionOptions['onToken']>;
}

const READING_DEFAULTS = {
  orientation: true,
  maxBytes: DEFAULT_MAX_BYTES,
  maxPixels: DEFAULT_MAX_PIXELS,
  fetch: false,
  fetchTimeout: DEFAULT_FETCH_TIMEOUT,
  transfer: false,
} as const;

/** Options without those that are given as undefined. */
function given<Options extends object>(options: Options): Options {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Options;
}

/** @throws CaptionError `INVALID_OPTION` */
export function resolveEmbedOptions(options: EmbedOptions): ResolvedEmbedOptions {
  check(options, embedRules);
  return { ...READING_DEFAULTS, ...given(options) };
}

/**
 * Checks a call's options and fills in the model's defaults.
 *
 * @throws CaptionError `INVALID_OPTION`
 */
export function resolveOptions(
  options: CaptionOptions,
  defaults: GenerationDefaults,
  prompt?: PromptSpec,
): ResolvedOptions {
  check(options, captionRules);
  const asked = given(options);
  const sample = asked.sample ?? false;
  const task = prompt && findTask(prompt, asked.prompt);
  const maxLength = asked.maxLength ?? task?.maxLength ?? defaults.maxLength;
  const resolved: ResolvedOptions = {
    // Sampling and streaming do not use beam search.
    numBeams: sample || asked.onToken ? 1 : Math.max(defaults.numBeams, asked.numCaptions ?? 1),
    maxLength,
    minLength: Math.min(defaults.minLength, maxLength),
    lengthPenalty: defaults.lengthPenalty,
    earlyStopping: defaults.earlyStopping,
    noRepeatNgramSize: defaults.noRepeatNgramSize,
    repetitionPenalty: defaults.repetitionPenalty,
    tagWeight: defaults.tagWeight,
    tagBias: defaults.tagBias,
    tagRepeatPenalty: defaults.tagRepeatPenalty,
    numCaptions: 1,
    bannedWords: [],
    prefix: '',
    sample,
    temperature: 1,
    topK: 0,
    topP: 1,
    seed: 0,
    attention: false,
    ...READING_DEFAULTS,
    ...asked,
  };
  checkTogether(resolved, asked);
  return resolved;
}

/** Rules that involve several options. */
function checkTogether(resolved: ResolvedOptions, given: CaptionOptions): void {
  const { numBeams, numCaptions, minLength, maxLength, sample, onToken } = resolved;
  const refuse = (message: string): never => {
    throw new CaptionError('INVALID_OPTION', message);
  };
  if (minLength > maxLength) {
    refuse(`The option "minLength" (${minLength}) must be at most "maxLength" (${maxLength}).`);
  }
  if (sample && numBeams > 1) {
    refuse('The option "numBeams" must be 1 with "sample": sampling does not use beams.');
  }
  if (!sample && numCaptions > numBeams) {
    refuse(
      `The option "numCaptions" (${numCaptions}) must be at most "numBeams" (${numBeams}), or "sample" true.`,
    );
  }
  if (!sample) {
    for (const name of ['temperature', 'topK', 'topP', 'seed'] as const) {
      if (given[name] !== undefined) {
        refuse(`The option "${name}" needs "sample" true.`);
      }
    }
  }
  if (onToken && (numBeams > 1 || numCaptions > 1)) {
    refuse(
      'The option "onToken" needs "numBeams" 1 and "numCaptions" 1: the words of a beam search are only known at its end.',
    );
  }
}
