import type { CaptionError } from './errors.js';
import type { DecodeMode } from './image/preprocess.js';
import type { ImageFormat, Orientation, RawImage, Size } from './image/types.js';
import type { FetchPhoto } from './input/download.js';
import type { Dtype } from './model/huggingface/dtype.js';
import type { OrtRuntime, RuntimeName, WasmFiles } from './model/runtime.js';
import type { LoadProgress, ModelFiles } from './model/source.js';

/**
 * Anything that can be captioned. A string or URL is a path or `file:` URL (Node), a `data:` URL or,
 * with the option `fetch`, an `http(s)` address. A Node stream is an `AsyncIterable` of bytes. The last
 * seven types exist in browsers only.
 */
export type ImageInput =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | RawImage
  | string
  | URL
  | Response
  | Request
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | InstanceOf<'ImageData'>
  | InstanceOf<'ImageBitmap'>
  | InstanceOf<'HTMLImageElement'>
  | InstanceOf<'HTMLCanvasElement'>
  | InstanceOf<'OffscreenCanvas'>
  | InstanceOf<'HTMLVideoElement'>
  | InstanceOf<'VideoFrame'>;

/**
 * What a class of the browser makes; nothing in programs that are compiled without the DOM's types, where its
 * name would turn the whole union into `any`.
 */
type InstanceOf<Name extends string> =
  typeof globalThis extends Record<Name, { readonly prototype: infer Instance }> ? Instance : never;

/** Options of `loadCaptioner`. */
export interface LoadOptions {
  /**
   * A folder's path (Node), an `http(s):` or `file:` address of one, or its files by name, each as
   * bytes or an address. Default: the embedded model.
   */
  model?: string | URL | ModelFiles;
  /**
   * The number format, for Hugging Face folders that have several: `'fp32'`, `'fp16'`, `'q8'` (files
   * ending in `_quantized`), `'int8'`, `'uint8'`, `'q4'`, `'q4f16'`, `'bnb4'`. Default: the first
   * available of fp32, q8, int8, uint8, fp16, q4, q4f16, bnb4.
   */
  dtype?: Dtype;
  /**
   * What runs the networks: `'engine'` (built in, small and fast), `'web'` (onnxruntime-web), `'node'`
   * (onnxruntime-node, which you install), or a module with the API of onnxruntime-common. Default:
   * the engine for every model that it can run, otherwise onnxruntime-web; `model.runtime` of a
   * result says which it was. With `executionProviders` the default is onnxruntime-web.
   */
  runtime?: RuntimeName | OrtRuntime;
  /**
   * Number of worker threads for the captions, each with its own copy of the model, kept until
   * `dispose`. 0–64; default 0: captions run on the caller's thread, which each run of the encoder
   * blocks for some tens of milliseconds.
   */
  workers?: number;
  /**
   * Threads inside one run of onnxruntime-web or onnxruntime-node; the engine has one. 1–64; default
   * 1 in Node, up to 4 in a cross-origin isolated page.
   */
  threads?: number;
  /** Passed to the runtime: `['webgpu']`, `['cuda', 'cpu']`, … Default: the runtime's own choice. */
  executionProviders?: readonly string[];
  /** Where onnxruntime-web's two files are, if it cannot find them itself. Read at the first load. */
  wasm?: WasmFiles;
  /** Called while the model's files are read; with `workers`, for the first worker only. */
  onProgress?: (progress: LoadProgress) => void;
  /** Stops a load with code `ABORTED`. */
  signal?: AbortSignal;
}

/** Options of `caption`: how words are searched, what the result holds, how the photo is read. Defaults come from the model's manifest. */
export interface CaptionOptions {
  /** Number of beams; 1 is greedy search. 1–64. */
  numBeams?: number;
  /** Maximum number of new tokens, the end token included. 1–512. */
  maxLength?: number;
  /** Minimum number of new tokens before the end token. 0–`maxLength`. */
  minLength?: number;
  /** A score is divided by length^`lengthPenalty`: above 0 favours long captions. -10–10. */
  lengthPenalty?: number;
  /** When beam search may stop: `true` at `numBeams` finished, `false` when nothing better is likely, `'never'` when nothing better is possible. */
  earlyStopping?: boolean | 'never';
  /** No n-gram of this many tokens occurs twice. 0 is off. 0–10. */
  noRepeatNgramSize?: number;
  /** Above 1 makes tokens that already occur less likely. 0.1–10. */
  repetitionPenalty?: number;
  /**
   * For models with tags. The word of a tag of a probability above 3 % is likelier to be said: until it
   * is, `tagWeight` times the distance of the tag's log-odds from those of 3 % is added to its logits.
   * 0 is off; models without tags take 0 only. 0–5.
   */
  tagWeight?: number;
  /**
   * Where the caption says none of the words for what the photo surely shows, another is searched with
   * these words favoured: what is added to their logits, at most, for models that give such words.
   * 0 is off; others take 0 only. 0–20.
   */
  tagBias?: number;
  /**
   * For models with tags. What is taken from the logits of a tag's word, in all its forms, once the
   * caption has said it. 0 is off; models without tags take 0 only. 0–20.
   */
  tagRepeatPenalty?: number;
  /** Captions returned, best first. 1–`numBeams` (any number up to 64 when sampling). */
  numCaptions?: number;
  /** Words or phrases that must not appear. */
  bannedWords?: readonly string[];
  /**
   * Models that take a prompt (Florence-2, SmolVLM and their kind): `'short'` (the default),
   * `'detailed'` or `'long'`, or a text of your own of at most 2,000 characters. Others refuse it.
   */
  prompt?: 'short' | 'detailed' | 'long' | (string & {});
  /** Words that the caption starts with. */
  prefix?: string;
  /** Sample words by their probability instead of searching for the best caption. Default false. */
  sample?: boolean;
  /** Sampling: below 1 safer, above 1 bolder. 0.01–100, default 1. */
  temperature?: number;
  /** Sampling: sample among this many best words; 0 is all. 0–1,000,000, default 0. */
  topK?: number;
  /**
   * Sampling: sample among the best words that together have this probability. A number above 0, at
   * most 1; default 1.
   */
  topP?: number;
  /** Sampling: the same seed gives the same caption. A whole number 0–2³²-1, default 0. */
  seed?: number;
  /** Return an attention map for each word: where the model looked. Default false. */
  attention?: boolean;
  /**
   * Number of tags in the result, likeliest first. 0–100; models without tags take 0 only. Default: at
   * most 10, with a probability of at least 0.1.
   */
  numTags?: number;
  /** Stops between stages and words with code `ABORTED`. */
  signal?: AbortSignal;
  /** Greedy search and sampling of one caption: called with each piece of text. */
  onToken?: (piece: string, token: CaptionToken) => void;
  /** Apply the photo's EXIF orientation. Default true. */
  orientation?: boolean;
  /**
   * `'fast'`: large photos are averaged while they are decoded, which saves most of the time and memory.
   * `'exact'`: every pixel is decoded, and resized as Pillow does it. Default: the model's, `'fast'` for
   * the embedded model and `'exact'` for Hugging Face folders.
   */
  decode?: DecodeMode;
  /** Largest file in bytes. Default 32 MiB. */
  maxBytes?: number;
  /** Largest width × height, in pixels. Default 100 million. */
  maxPixels?: number;
  /**
   * Allows photos from `http(s)` addresses: `true` uses the platform's `fetch`, which also reaches your
   * own network; a function can check the address and fetch it. Default false: addresses are refused
   * with `INVALID_INPUT`.
   */
  fetch?: boolean | FetchPhoto;
  /** Time limit for fetching a photo, in milliseconds. 1–86,400,000, default 30,000. */
  fetchTimeout?: number;
  /**
   * With `workers`: transfer the bytes or pixels to the worker instead of copying them. Their buffer is
   * detached (its length is 0) afterwards, unless they are a view of a larger buffer. Default false.
   */
  transfer?: boolean;
}

/** Options of `embed`: how the photo is read, as for a caption. */
export type EmbedOptions = Pick<
  CaptionOptions,
  | 'signal'
  | 'orientation'
  | 'decode'
  | 'maxBytes'
  | 'maxPixels'
  | 'fetch'
  | 'fetchTimeout'
  | 'transfer'
>;

/** Options of `captionAll`: those of `caption`, for every photo alike. */
export interface CaptionAllOptions extends Omit<CaptionOptions, 'onToken'> {
  /**
   * Number of photos captioned in parallel, each on a thread with its own copy of the model. 1–64, at
   * most the captioner's `workers`, which is the default. A captioner without workers starts this many
   * threads for the call.
   */
  concurrency?: number;
}

/**
 * One photo's outcome in `captionAll`: a caption, or the error. `index` is the photo's place in the
 * input, counted from 0.
 */
export type CaptionOutcome =
  | (CaptionResult & { readonly index: number; readonly error?: undefined })
  | { readonly index: number; readonly error: CaptionError; readonly text?: undefined };

/** One token of a caption. */
export interface CaptionToken {
  /** Its number in the vocabulary. */
  readonly id: number;
  /** Its text as it stands in the caption, a leading space included where there is one. */
  readonly text: string;
  /** Natural logarithm of its probability given the photo and the tokens before it; at most 0. */
  readonly logProb: number;
}

/** Where the model looked when it said a word: a map over the upright photo. */
export interface WordAttention {
  readonly word: string;
  readonly rows: number;
  readonly columns: number;
  /** rows × columns values, row-major from the top left, summing to 1. */
  readonly values: Float32Array;
}

/** A word that the model finds in a photo by itself, whether the caption says it or not. */
export interface CaptionTag {
  readonly text: string;
  /** How likely people are to say the word of the photo, 0–1. */
  readonly probability: number;
}

export interface CaptionCandidate {
  readonly text: string;
  /** Sum of log-probabilities / length^lengthPenalty, the end token counted in both. */
  readonly score: number;
  /** 0–1; how it is computed is the manifest's `confidence`, see docs/api.md. */
  readonly confidence: number;
  readonly tokens: readonly CaptionToken[];
}

/** Milliseconds each stage took. `decode` is 0 for raw pixels. */
export interface CaptionTimings {
  readonly decode: number;
  readonly preprocess: number;
  readonly encode: number;
  readonly search: number;
  readonly detokenize: number;
  /** From the start of decoding to the result, waiting for an earlier call not counted. */
  readonly total: number;
}

export interface CaptionResult extends CaptionCandidate {
  /** Further captions, best first; empty unless `numCaptions` > 1. */
  readonly alternatives: readonly CaptionCandidate[];
  /** One map a word, when asked for. */
  readonly attention?: readonly WordAttention[];
  /**
   * What is in the photo, likeliest first; absent for models without tags. Of words that differ only
   * by their number ("dog", "dogs") the likelier stands for both.
   */
  readonly tags?: readonly CaptionTag[];
  readonly timings: CaptionTimings;
  readonly image: {
    /** `'raw'` for pixels that were handed in, otherwise the kind of file. */
    readonly format: ImageFormat | 'raw' | (string & {});
    /** Size as stored in the file. */
    readonly stored: Size;
    /** Size as a person sees it, orientation applied. */
    readonly upright: Size;
    readonly orientation: Orientation;
  };
  readonly model: {
    readonly name: string;
    readonly version: string;
    /** What ran it: `'engine'`, `'web'`, `'node'`, or `'custom'` for a module that was handed in. */
    readonly runtime: RuntimeName | 'custom';
  };
  /** Things worth knowing: a truncated file, for instance. */
  readonly warnings: readonly string[];
}
