import type { PreprocessSpec } from '../image/preprocess.js';
import type { PromptSpec } from './prompt.js';

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
