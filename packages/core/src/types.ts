import type { CaptionError } from './errors.js';
import type { DecodeMode } from './image/preprocess.js';
import type { ImageFormat, Orientation, RawImage, Size } from './image/types.js';
import type { FetchPhoto } from './input/download.js';
import type { Dtype } from './model/huggingface/dtype.js';
import type { OrtRuntime, RuntimeName, WasmFiles } from './model/runtime.js';
import type { LoadProgress, ModelFiles } from './model/source.js';

/**
 * Anything that can be captioned. A string or URL is a path or `file:` URL (Node), a `data:` URL, or,
 * with the option `fetch`, an `http(s)` address. A stream of Node is an `AsyncIterable` of bytes. The
 * last seven kinds are a browser's.
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
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/** Which model to load, and what runs it. */
export interface LoadOptions {
  /**
   * A folder's path (Node), an `http(s):` or `file:` address of one, or its files by name, each as
   * bytes or an address. Default: the embedded model.
   */
  model?: string | URL | ModelFiles;
  /**
   * Which number format to take of a Hugging Face folder that has several: `'fp32'`, `'fp16'`, `'q8'`
   * (files ending in `_quantized`), `'int8'`, `'uint8'`, `'q4'`, `'q4f16'`, `'bnb4'`. Default: the
   * first of fp32, q8, int8, uint8, fp16, q4, q4f16, bnb4 that is there.
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
   * Worker threads that make the captions, each with a model of its own, kept until `dispose`.
   * 0–64; default 0: on the caller's thread, which a run of the model then holds for some tens of
   * milliseconds at a time.
   */
  workers?: number;
  /**
   * Threads inside one run of onnxruntime-web or onnxruntime-node; the engine has one. 1–64; default
   * 1 in Node, up to 4 in a cross-origin isolated page.
   */
  threads?: number;
  /** Passed to the runtime: `['webgpu']`, `['cuda', 'cpu']`, … Default: the runtime's own choice. */
  executionProviders?: readonly string[];
  /** Where the WASM runtime's two files are, when it cannot find them itself. Read at the first load. */
  wasm?: WasmFiles;
  /** Called while the model's files are read; with `workers`, by the first of them. */
  onProgress?: (progress: LoadProgress) => void;
  /** Stops a load with code `ABORTED`. */
  signal?: AbortSignal;
}

/** How words are searched, and what the result holds. All optional: the model's manifest has the defaults. */
export interface CaptionOptions {
  /** Beams kept; 1 is greedy. 1–64. */
  numBeams?: number;
  /** Most new tokens, the end token included. 1–512. */
  maxLength?: number;
  /** No end before this many new tokens. 0–`maxLength`. */
  minLength?: number;
  /** Exponent of the length that a score is divided by: above 0 favours long captions. -10–10. */
  lengthPenalty?: number;
  /** When beam search may stop: `true` at `numBeams` finished, `false` when nothing better is likely, `'never'` when nothing better is possible. */
  earlyStopping?: boolean | 'never';
  /** No run of this many tokens twice. 0 is off. 0–10. */
  noRepeatNgramSize?: number;
  /** Above 1 makes tokens that were used less likely. 0.1–10. */
  repetitionPenalty?: number;
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
  /** Draw words at random by their probability instead of taking the best. Default false. */
  sample?: boolean;
  /** Sampling: below 1 safer, above 1 bolder. 0.01–100, default 1. */
  temperature?: number;
  /** Sampling: only among this many best words; 0 is all. 0–1,000,000, default 0. */
  topK?: number;
  /**
   * Sampling: only among the best words that together have this probability. A number above 0, at most
   * 1; default 1.
   */
  topP?: number;
  /** Sampling: the same seed gives the same caption. A whole number 0–2³²-1, default 0. */
  seed?: number;
  /** Return for each word a map of where the model looked. Default false. */
  attention?: boolean;
  /**
   * Tags in the result, the likeliest, for models that have tags. 0–100; others take 0 only. Default:
   * at most 10, those of a probability of 0.1 and more.
   */
  numTags?: number;
  /** Stops between stages and words with code `ABORTED`. */
  signal?: AbortSignal;
  /** Greedy and sampled search of one caption: each piece of text as it is found. */
  onToken?: (piece: string, token: CaptionToken) => void;
  /** Turn the photo as its EXIF orientation says. Default true. */
  orientation?: boolean;
  /**
   * `'fast'`: large photos are averaged while they are decoded, which saves most of the time and memory.
   * `'exact'`: every pixel is decoded, and resized as Pillow does it. Default: the model's, which is
   * `'fast'` for the embedded one and `'exact'` for Hugging Face folders.
   */
  decode?: DecodeMode;
  /** Largest file in bytes. Default 32 MiB. */
  maxBytes?: number;
  /** Largest width × height, in pixels. Default 100 million. */
  maxPixels?: number;
  /**
   * May a photo that is given as an `http(s)` address be fetched? `true` with the platform's `fetch`,
   * which goes wherever the address leads, your own network included; a function decides for itself.
   * Default false: refused with `INVALID_INPUT`.
   */
  fetch?: boolean | FetchPhoto;
  /** Milliseconds that fetching a photo may take in all. 1–86,400,000, default 30,000. */
  fetchTimeout?: number;
  /**
   * With `workers`: hand the bytes or pixels over to the worker instead of a copy of them. Their
   * buffer is detached (of length 0) afterwards, unless it holds other things, too. Default false.
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
   * Photos worked on at once, each on a thread with a model of its own. 1–64, at most the captioner's
   * `workers`, which is the default. A captioner without workers takes any number and starts as many
   * threads for this call.
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
