import { availableParallelism } from 'node:os';
import { CaptionError, type CaptionOptions, type Dtype } from '../index.js';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_PIXELS, LIMITS } from '../limits.js';
import type { GenerationDefaults } from '../model/manifest.js';
import type { RuntimeName } from '../model/runtime.js';
import { resolveOptions } from '../options.js';
import { type AttentionTarget, attentionTarget } from './attention/target.js';
import type { FlagValues } from './flags.js';
import type { FormatName } from './formats/format.js';

/** The settings of one command line, after its flags were checked against each other. */
export interface CaptionSettings {
  readonly recursive: boolean;
  readonly format: FormatName;
  readonly options: CaptionOptions;
  /** Print further captions? */
  readonly alternatives: boolean;
  /** Print tags? */
  readonly tags: boolean;
  /** Captions with less confidence are hidden. */
  readonly minConfidence: number;
  readonly timings: boolean;
  readonly quiet: boolean;
  readonly attention: AttentionTarget | undefined;
  readonly model: string | undefined;
  readonly dtype: Dtype | undefined;
  /** Default: the engine, or onnxruntime-web for models that it cannot run. */
  readonly runtime: RuntimeName | undefined;
  readonly threads: number | undefined;
  readonly jobs: number | undefined;
  readonly maxBytes: number;
  readonly maxPixels: number;
  /** For the download of one photo. */
  readonly timeoutMs: number;
}

/** @throws CaptionError `INVALID_OPTION` when flags contradict each other */
export function captionSettings(flags: FlagValues): CaptionSettings {
  const { runtime } = flags;
  if (runtime === 'node' && (flags.jobs ?? 1) > 1) {
    throw new CaptionError(
      'INVALID_OPTION',
      '--jobs must be 1 with --runtime node: the native runtime uses several cores with --threads.',
    );
  }
  const attention = flags.attention === undefined ? undefined : attentionTarget(flags.attention);
  const numCaptions = captionsWanted(flags);
  const options = {
    ...captionOptions(flags),
    numCaptions,
    attention: attention !== undefined,
  };
  // Options that no model accepts are refused before the model is loaded.
  resolveOptions(options, ANY_MODEL);
  return {
    recursive: flags.recursive ?? false,
    format: formatWanted(flags),
    options,
    alternatives: numCaptions > 1 && !flags['no-alternatives'],
    tags: flags.tags !== undefined,
    minConfidence: flags['min-confidence'] ?? 0,
    timings: flags.timings ?? false,
    quiet: flags.quiet ?? false,
    attention,
    model: flags.model,
    dtype: flags.dtype,
    runtime,
    threads: flags.threads,
    jobs: flags.jobs,
    maxBytes: flags['max-bytes'] ?? DEFAULT_MAX_BYTES,
    maxPixels: flags['max-pixels'] ?? DEFAULT_MAX_PIXELS,
    timeoutMs: (flags.timeout ?? 30) * 1000,
  };
}

/** Defaults that contradict no option. */
const ANY_MODEL: GenerationDefaults = {
  bos: 0,
  eos: 0,
  pad: 0,
  suppress: [],
  numBeams: LIMITS.numBeams.max,
  maxLength: LIMITS.maxLength.max,
  minLength: 0,
  lengthPenalty: 1,
  earlyStopping: false,
  noRepeatNgramSize: 0,
  repetitionPenalty: 1,
  tagWeight: 0,
  tagBias: 0,
  tagRepeatPenalty: 0,
};

function formatWanted(flags: FlagValues): FormatName {
  const wanted = new Set<FormatName>([
    ...(flags.format ? [flags.format] : []),
    ...(flags.json ? ['json' as const] : []),
    ...(flags.jsonl ? ['jsonl' as const] : []),
  ]);
  if (wanted.size > 1) {
    throw new CaptionError(
      'INVALID_OPTION',
      `Only one format can be printed, not ${[...wanted].join(' and ')}.`,
    );
  }
  return [...wanted][0] ?? 'text';
}

function captionsWanted(flags: FlagValues): number {
  if (flags.alternatives && flags['no-alternatives']) {
    throw new CaptionError(
      'INVALID_OPTION',
      '--alternatives and --no-alternatives cannot be used together.',
    );
  }
  const given = flags['num-captions'];
  if (flags.alternatives && given === 1) {
    throw new CaptionError('INVALID_OPTION', '--alternatives needs --num-captions 2 or more.');
  }
  if (given !== undefined) return given;
  // At most three, and at most the number of beams.
  return flags.alternatives ? Math.max(2, Math.min(3, flags.beams ?? 3)) : 1;
}

function captionOptions(flags: FlagValues): CaptionOptions {
  const early = flags['early-stopping'];
  const given: { [Name in keyof CaptionOptions]: CaptionOptions[Name] | undefined } = {
    numBeams: flags.beams,
    maxLength: flags['max-length'],
    minLength: flags['min-length'],
    lengthPenalty: flags['length-penalty'],
    earlyStopping: early === undefined || early === 'never' ? early : early === 'true',
    noRepeatNgramSize: flags['no-repeat-ngram'],
    repetitionPenalty: flags['repetition-penalty'],
    tagWeight: flags['tag-weight'],
    tagBias: flags['tag-bias'],
    tagRepeatPenalty: flags['tag-repeat-penalty'],
    bannedWords: flags.ban,
    prompt: flags.prompt,
    prefix: flags.prefix,
    sample: flags.sample,
    temperature: flags.temperature,
    topK: flags['top-k'],
    topP: flags['top-p'],
    seed: flags.seed,
    numTags: flags.tags === true ? undefined : flags.tags,
    decode: flags.decode,
    maxBytes: flags['max-bytes'],
    maxPixels: flags['max-pixels'],
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as CaptionOptions;
}

/**
 * Minimum number of photos for each thread. With fewer, another thread saves no time, because loading
 * the model takes as long as a dozen captions.
 */
const PHOTOS_A_JOB = 16;

/** Default of `--jobs`: 1 for few photos, at most 4. */
export function defaultJobs(photos: number, runtime: RuntimeName | undefined): number {
  if (runtime === 'node') return 1;
  return Math.max(1, Math.min(4, availableParallelism(), Math.floor(photos / PHOTOS_A_JOB)));
}
