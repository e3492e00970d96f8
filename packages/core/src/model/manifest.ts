import type { PreprocessSpec } from '../image/preprocess.js';
import { type PromptSpec, readPrompt } from './prompt.js';
import {
  array,
  fault,
  integer,
  number,
  object,
  oneOf,
  optional,
  record,
  string,
} from './schema.js';

/** A tensor that the decoder hands from one step to the next. */
export interface StateTensor {
  /** Name of the decoder's input. */
  readonly input: string;
  /** Name of the decoder's output that becomes this input at the next step. */
  readonly output: string;
  /**
   * Shape before the first step, rows first: `[1, 4, 0, 64]` is an empty key cache of 4 heads,
   * `[1, 512]` a hidden vector. It starts as zeros unless `from` names an encoder output.
   */
  readonly initial: readonly number[];
  /** The encoder's output that this state starts as (an LSTM's first hidden vector, for instance). */
  readonly from?: string;
  /** Given by the first step and never changed after it: keys and values of the photo. */
  readonly fixed?: boolean;
}

/** Weights of the logistic function that turns a caption's log-probabilities into its confidence. */
export interface ConfidenceModel {
  readonly intercept: number;
  /** Mean of the tokens' log-probabilities, the end token left out. */
  readonly meanLogProb: number;
  /** Smallest of them. */
  readonly minLogProb: number;
  /** Number of tokens, the end token left out. */
  readonly length: number;
}

/** Search settings that a model prefers; an option of the call goes before them. */
export interface GenerationDefaults {
  readonly bos: number;
  /** Follows `bos` at the start of every caption, and counts towards its length in scores. */
  readonly forcedStart?: number;
  /** Is put where a caption reaches `maxLength` without an end. */
  readonly forcedEnd?: number;
  readonly eos: number | readonly number[];
  readonly pad: number;
  readonly suppress: readonly number[];
  readonly maxLength: number;
  readonly minLength: number;
  readonly numBeams: number;
  readonly lengthPenalty: number;
  readonly earlyStopping: boolean | 'never';
  readonly noRepeatNgramSize: number;
  readonly repetitionPenalty: number;
}

/** One network's file, and the files beside it that hold its weights (ONNX external data). */
export interface NetworkPaths {
  readonly file: string;
  readonly data?: readonly string[];
}

/** Turns tokens into the vectors that a prompt-driven model's other networks are fed. */
export interface EmbeddingSpec extends NetworkPaths {
  readonly input: string;
  readonly output: string;
}

/** Reads the prompt with the photo in it, once: its outputs are what the decoder is told. */
export interface TextEncoderSpec extends NetworkPaths {
  readonly input: string;
  /** An input of ones, one a position. The decoder's `encoderInputs` may name it, too. */
  readonly mask?: string;
  readonly outputs: readonly string[];
}

/** Words that the encoder finds in a photo by itself. */
export interface TagsSpec {
  /** The encoder's output, 1 × n: how likely each word is, 0–1. */
  readonly output: string;
  /** For each of its n columns the number of its word in the vocabulary. */
  readonly tokens: readonly number[];
}

/** All that is known of a model; `docs/model-format.md` describes each field. */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly task: 'image-to-text';
  readonly image: PreprocessSpec;
  readonly encoder: NetworkPaths & {
    readonly input: string;
    /** An input of ones, one a pixel of each picture. */
    readonly mask?: string;
    readonly outputs: readonly string[];
    readonly tags?: TagsSpec;
    /** An output, 1 × width, that is alike for photos that look alike: what `embed` gives. */
    readonly features?: string;
  };
  /** Models that take a prompt: its words, and the network that embeds them. */
  readonly prompt?: PromptSpec;
  readonly embedding?: EmbeddingSpec;
  /** Where it is missing beside `prompt`, the decoder itself reads the prompt, in its first step. */
  readonly textEncoder?: TextEncoderSpec;
  readonly decoder: NetworkPaths & {
    /** The network of the first step, where it is not the one of all later steps. */
    readonly firstStep?: NetworkPaths;
    /** A bool input that is false on the first step and true on all later ones. */
    readonly cacheSwitch?: string;
    /**
     * `'shared'` (default): the network takes one row of the encoder's outputs for any number of
     * sentences. `'repeated'`: it wants a row for each.
     */
    readonly encoderRows?: 'shared' | 'repeated';
    /**
     * `'last'` (default): a step is fed the last token, the rest is in `state`. `'all'`: the network
     * keeps no state and is fed the whole sentence every time.
     */
    readonly feed?: 'last' | 'all';
    /** The input that is fed: tokens, or their embeddings where the model has an `embedding`. */
    readonly tokens: string;
    /** An input of ones, one for each position so far, of the caches as well. */
    readonly attentionMask?: string;
    /** An input that says each fed token's position, counted from 0. */
    readonly positions?: string;
    /** An input, a whole number: for how many of the last positions logits are wanted. */
    readonly logitsToKeep?: string;
    readonly logits: string;
    readonly attention?: string;
    /** Rows and columns of the photo's positions that `attention` runs over. */
    readonly attentionGrid?: readonly [rows: number, columns: number];
    /** Decoder input name → encoder output name. */
    readonly encoderInputs: Readonly<Record<string, string>>;
    readonly state: readonly StateTensor[];
  };
  readonly tokenizer: { readonly file: string; readonly config?: string };
  readonly generation: GenerationDefaults;
  readonly confidence?: ConfidenceModel;
  readonly metrics?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** File name → SHA-256 in lower-case hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

const MAX_SIDE = 4096;
const MAX_TOKEN = 10_000_000;

/**
 * A manifest from parsed JSON. Every field is checked, unknown ones are refused, absent optional
 * ones get their defaults.
 *
 * @throws CaptionError `MODEL_INVALID` naming the field and what it must be
 */
export function readManifest(json: unknown): Manifest {
  const m = object(json, 'manifest', [
    ...['format', 'name', 'version', 'license', 'task', 'image', 'encoder', 'decoder'],
    ...[
      'prompt',
      'embedding',
      'textEncoder',
      'tokenizer',
      'generation',
      'confidence',
      'metrics',
      'sha256',
      'description',
    ],
  ]);
  return {
    format: oneOf(m.format, 'format', [1]),
    name: string(m.name, 'name'),
    version: string(m.version, 'version'),
    license: string(m.license, 'license'),
    task: oneOf(m.task, 'task', ['image-to-text']),
    image: readImage(m.image),
    encoder: readEncoder(m.encoder),
    ...present('prompt', optional(m.prompt, readPrompt)),
    ...present('embedding', optional(m.embedding, readEmbedding)),
    ...present('textEncoder', optional(m.textEncoder, readTextEncoder)),
    decoder: readDecoder(m.decoder),
    tokenizer: readTokenizer(m.tokenizer),
    generation: readGeneration(m.generation),
    ...present('confidence', optional(m.confidence, readConfidence)),
    ...present('metrics', optional(m.metrics, readMetrics)),
    sha256: record(m.sha256 ?? {}, 'sha256', string),
  };
}

/** `{ key: value }`, or nothing at all where there is no value (`exactOptionalPropertyTypes`). */
function present<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

function readImage(json: unknown): PreprocessSpec {
  const image = object(json, 'image', [
    ...[
      'width',
      'height',
      'fit',
      'resample',
      'shortestEdge',
      'stretchTo',
      'rescale',
      'mean',
      'std',
    ],
    ...['layout', 'channelOrder', 'background', 'decode', 'tiles'],
  ]);
  const channel = (value: unknown, path: string) => number(value, path, -1e4, 1e4);
  const spread = (value: unknown, path: string) => number(value, path, 1e-6, 1e6);
  const triple = (value: unknown, path: string, item: typeof channel) =>
    array(value, path, item, 3) as [number, number, number];
  return {
    width: integer(image.width, 'image.width', 1, MAX_SIDE),
    height: integer(image.height, 'image.height', 1, MAX_SIDE),
    fit: oneOf(image.fit, 'image.fit', ['stretch', 'cover', 'contain']),
    resample: oneOf(image.resample ?? 'bilinear', 'image.resample', [
      ...(['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const),
    ]),
    ...present(
      'shortestEdge',
      optional(image.shortestEdge, (v) => integer(v, 'image.shortestEdge', 1, MAX_SIDE)),
    ),
    ...present('tiles', optional(image.tiles, readTiles)),
    ...present('stretchTo', optional(image.stretchTo, readStretch)),
    decode: oneOf(image.decode ?? 'fast', 'image.decode', ['fast', 'exact']),
    rescale: number(image.rescale ?? 1 / 255, 'image.rescale', 0, 1e3),
    mean: triple(image.mean, 'image.mean', channel),
    std: triple(image.std, 'image.std', spread),
    layout: oneOf(image.layout ?? 'nchw', 'image.layout', ['nchw', 'nhwc']),
    channelOrder: oneOf(image.channelOrder ?? 'rgb', 'image.channelOrder', ['rgb', 'bgr']),
    ...present(
      'background',
      optional(image.background, (v) =>
        triple(v, 'image.background', (c, path) => integer(c, path, 0, 255)),
      ),
    ),
  };
}

/** A photo becomes at most `MAX_SIDE` pixels a side, so that the number of tiles is bounded. */
function readTiles(json: unknown): NonNullable<PreprocessSpec['tiles']> {
  const tiles = object(json, 'image.tiles', ['longestEdge', 'split']);
  return {
    longestEdge: integer(tiles.longestEdge, 'image.tiles.longestEdge', 1, MAX_SIDE),
    split: oneOf((tiles.split as boolean | undefined) ?? true, 'image.tiles.split', [true, false]),
  };
}

function readStretch(json: unknown): { readonly width: number; readonly height: number } {
  const size = object(json, 'image.stretchTo', ['width', 'height']);
  return {
    width: integer(size.width, 'image.stretchTo.width', 1, MAX_SIDE),
    height: integer(size.height, 'image.stretchTo.height', 1, MAX_SIDE),
  };
}

function readEncoder(json: unknown): Manifest['encoder'] {
  const encoder = object(json, 'encoder', [
    ...['file', 'data', 'input', 'mask', 'outputs', 'tags', 'features'],
  ]);
  return {
    ...readNetwork(encoder, 'encoder'),
    input: string(encoder.input, 'encoder.input'),
    ...present(
      'mask',
      optional(encoder.mask, (v) => string(v, 'encoder.mask')),
    ),
    outputs: array(encoder.outputs, 'encoder.outputs', string),
    ...present('tags', optional(encoder.tags, readTags)),
    ...present(
      'features',
      optional(encoder.features, (v) => string(v, 'encoder.features')),
    ),
  };
}

function readTags(json: unknown): TagsSpec {
  const tags = object(json, 'encoder.tags', ['output', 'tokens']);
  const seen = new Set<number>();
  const token = (value: unknown, path: string) => {
    const id = integer(value, path, 0, MAX_TOKEN);
    if (seen.has(id)) fault(path, 'a token that is not listed before', id);
    seen.add(id);
    return id;
  };
  return {
    output: string(tags.output, 'encoder.tags.output'),
    tokens: array(tags.tokens, 'encoder.tags.tokens', token),
  };
}

function readEmbedding(json: unknown): EmbeddingSpec {
  const embedding = object(json, 'embedding', ['file', 'data', 'input', 'output']);
  return {
    ...readNetwork(embedding, 'embedding'),
    input: string(embedding.input, 'embedding.input'),
    output: string(embedding.output, 'embedding.output'),
  };
}

function readTextEncoder(json: unknown): TextEncoderSpec {
  const encoder = object(json, 'textEncoder', ['file', 'data', 'input', 'mask', 'outputs']);
  return {
    ...readNetwork(encoder, 'textEncoder'),
    input: string(encoder.input, 'textEncoder.input'),
    ...present(
      'mask',
      optional(encoder.mask, (v) => string(v, 'textEncoder.mask')),
    ),
    outputs: array(encoder.outputs, 'textEncoder.outputs', string),
  };
}

function readDecoder(json: unknown): Manifest['decoder'] {
  const decoder = object(json, 'decoder', [
    ...['file', 'data', 'firstStep', 'cacheSwitch', 'encoderRows', 'feed', 'tokens', 'logits'],
    ...['attentionMask', 'positions', 'logitsToKeep'],
    ...['attention', 'attentionGrid', 'encoderInputs', 'state'],
  ]);
  const named = (key: 'attentionMask' | 'positions' | 'logitsToKeep') =>
    present(
      key,
      optional(decoder[key], (v) => string(v, `decoder.${key}`)),
    );
  const attention = optional(decoder.attention, (v) => string(v, 'decoder.attention'));
  const side = (value: unknown, path: string) => integer(value, path, 1, MAX_SIDE);
  return {
    ...readNetwork(decoder, 'decoder'),
    ...present(
      'firstStep',
      optional(decoder.firstStep, (v) =>
        readNetwork(object(v, 'decoder.firstStep', ['file', 'data']), 'decoder.firstStep'),
      ),
    ),
    ...present(
      'cacheSwitch',
      optional(decoder.cacheSwitch, (v) => string(v, 'decoder.cacheSwitch')),
    ),
    encoderRows: oneOf(decoder.encoderRows ?? 'shared', 'decoder.encoderRows', [
      ...(['shared', 'repeated'] as const),
    ]),
    feed: oneOf(decoder.feed ?? 'last', 'decoder.feed', ['last', 'all']),
    tokens: string(decoder.tokens, 'decoder.tokens'),
    ...named('attentionMask'),
    ...named('positions'),
    ...named('logitsToKeep'),
    logits: string(decoder.logits, 'decoder.logits'),
    ...present('attention', attention),
    ...present(
      'attentionGrid',
      attention === undefined
        ? undefined
        : (array(decoder.attentionGrid, 'decoder.attentionGrid', side, 2) as [number, number]),
    ),
    encoderInputs: record(decoder.encoderInputs, 'decoder.encoderInputs', string),
    state: array(decoder.state, 'decoder.state', readState),
  };
}

function readNetwork(json: Readonly<Record<string, unknown>>, path: string): NetworkPaths {
  return {
    file: fileName(json.file, `${path}.file`),
    ...present(
      'data',
      optional(json.data, (v) => array(v, `${path}.data`, fileName)),
    ),
  };
}

function readState(json: unknown, path: string): StateTensor {
  const state = object(json, path, ['input', 'output', 'initial', 'from', 'fixed']);
  return {
    input: string(state.input, `${path}.input`),
    output: string(state.output, `${path}.output`),
    initial: array(state.initial, `${path}.initial`, (v, p) => integer(v, p, 0, 1_000_000)),
    ...present(
      'from',
      optional(state.from, (v) => string(v, `${path}.from`)),
    ),
    ...(state.fixed !== undefined && {
      fixed: oneOf(state.fixed as boolean, `${path}.fixed`, [true, false]),
    }),
  };
}

function readTokenizer(json: unknown): Manifest['tokenizer'] {
  const tokenizer = object(json, 'tokenizer', ['file', 'config']);
  return {
    file: fileName(tokenizer.file, 'tokenizer.file'),
    ...present(
      'config',
      optional(tokenizer.config, (v) => fileName(v, 'tokenizer.config')),
    ),
  };
}

function readGeneration(json: unknown): GenerationDefaults {
  const g = object(json, 'generation', [
    ...['bos', 'eos', 'pad', 'suppress', 'maxLength', 'minLength', 'numBeams', 'lengthPenalty'],
    ...['earlyStopping', 'noRepeatNgramSize', 'repetitionPenalty', 'forcedStart', 'forcedEnd'],
  ]);
  const token = (value: unknown, path: string) => integer(value, path, 0, MAX_TOKEN);
  return {
    bos: token(g.bos, 'generation.bos'),
    ...present(
      'forcedStart',
      optional(g.forcedStart, (v) => token(v, 'generation.forcedStart')),
    ),
    ...present(
      'forcedEnd',
      optional(g.forcedEnd, (v) => token(v, 'generation.forcedEnd')),
    ),
    eos: Array.isArray(g.eos)
      ? array(g.eos, 'generation.eos', token)
      : token(g.eos, 'generation.eos'),
    pad: token(g.pad ?? (Array.isArray(g.eos) ? g.eos[0] : g.eos), 'generation.pad'),
    suppress: array(g.suppress ?? [], 'generation.suppress', token),
    maxLength: integer(g.maxLength ?? 20, 'generation.maxLength', 1, 512),
    minLength: integer(g.minLength ?? 0, 'generation.minLength', 0, 512),
    numBeams: integer(g.numBeams ?? 1, 'generation.numBeams', 1, 64),
    lengthPenalty: number(g.lengthPenalty ?? 1, 'generation.lengthPenalty', -10, 10),
    earlyStopping: oneOf(g.earlyStopping ?? false, 'generation.earlyStopping', [
      ...([true, false, 'never'] as const),
    ]),
    noRepeatNgramSize: integer(g.noRepeatNgramSize ?? 0, 'generation.noRepeatNgramSize', 0, 10),
    repetitionPenalty: number(g.repetitionPenalty ?? 1, 'generation.repetitionPenalty', 0.1, 10),
  };
}

function readConfidence(json: unknown): ConfidenceModel {
  const keys = ['intercept', 'meanLogProb', 'minLogProb', 'length'] as const;
  const confidence = object(json, 'confidence', keys);
  const weight = (key: (typeof keys)[number]) =>
    number(confidence[key] ?? 0, `confidence.${key}`, -1e3, 1e3);
  return {
    intercept: weight('intercept'),
    meanLogProb: weight('meanLogProb'),
    minLogProb: weight('minLogProb'),
    length: weight('length'),
  };
}

function readMetrics(json: unknown): NonNullable<Manifest['metrics']> {
  return record(json, 'metrics', (set, path) =>
    record(set, path, (value, p) => number(value, p, -1e9, 1e9)),
  );
}

/** A file of the model's folder: no way out of it (`../`, an absolute path, a URL). */
function fileName(value: unknown, path: string): string {
  const name = string(value, path);
  const safe = name.split('/').every((part) => /^[\w][\w.+-]*$/.test(part));
  return safe ? name : oneOf(name, path, ['a relative path inside the model folder']);
}
