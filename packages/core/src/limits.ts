/** The smallest and the largest value of a number. */
export interface Limit {
  readonly min: number;
  readonly max: number;
  /** True where `min` itself is not allowed. */
  readonly above?: true;
}

const COUNT = { min: 1, max: Number.MAX_SAFE_INTEGER } as const;

/**
 * Every numeric option of the API. The options, the flags of the command line and the manifest read
 * this table; a test compares the docstrings and docs with it.
 */
export const LIMITS = {
  numBeams: { min: 1, max: 64 },
  maxLength: { min: 1, max: 512 },
  minLength: { min: 0, max: 512 },
  lengthPenalty: { min: -10, max: 10 },
  noRepeatNgramSize: { min: 0, max: 10 },
  repetitionPenalty: { min: 0.1, max: 10 },
  tagWeight: { min: 0, max: 5 },
  tagBias: { min: 0, max: 20 },
  tagRepeatPenalty: { min: 0, max: 20 },
  numCaptions: { min: 1, max: 64 },
  temperature: { min: 0.01, max: 100 },
  topK: { min: 0, max: 1_000_000 },
  topP: { min: 0, max: 1, above: true },
  /** 32 bits. */
  seed: { min: 0, max: 2 ** 32 - 1 },
  numTags: { min: 0, max: 100 },
  /** Characters. Every question about a photo is shorter, and every model's positions end somewhere. */
  prompt: { min: 1, max: 2000 },
  /** Bytes. */
  maxBytes: COUNT,
  /** Width × height. */
  maxPixels: COUNT,
  /** Milliseconds, at most a day. */
  fetchTimeout: { min: 1, max: 86_400_000 },
  concurrency: { min: 1, max: 64 },
  /** 0: the caller's own thread. */
  workers: { min: 0, max: 64 },
  threads: { min: 1, max: 64 },
} as const satisfies Readonly<Record<string, Limit>>;

/** Numbers of a model's files. */
export const MODEL_LIMITS = {
  /** Pixels of one side of what the encoder is given, tiles together. */
  side: { min: 1, max: 4096 },
  /** A token's number in the vocabulary. */
  token: { min: 0, max: 10_000_000 },
} as const satisfies Readonly<Record<string, Limit>>;

/** Numbers of a model that takes patches. They bound what a photo of any size becomes. */
export const PATCH_LIMITS = {
  /** Pixels. */
  side: { min: 1, max: 64 },
  merge: { min: 1, max: 8 },
  features: { min: 1, max: 4096 },
  tiles: { min: 1, max: 64 },
  above: { min: 0, max: 1000 },
} as const satisfies Readonly<Record<string, Limit>>;

/** Default of `maxBytes`: 32 MiB, several times a large phone photo. */
export const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;
/** Default of `maxPixels`: more than any phone's photo, little enough for a small machine. */
export const DEFAULT_MAX_PIXELS = 100_000_000;
/** Default of `fetchTimeout`: half a minute, in milliseconds. */
export const DEFAULT_FETCH_TIMEOUT = 30_000;
