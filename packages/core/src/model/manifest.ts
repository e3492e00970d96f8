import type { PreprocessSpec } from '../image/preprocess.js';
import type { PromptSpec } from './prompt.js';

/** A tensor that the decoder passes from one step to the next. */
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
  /** Computed by the first step and constant afterwards: keys and values of the photo. */
  readonly fixed?: boolean;
}

/** Weights of the logistic function that turns a caption's log-probabilities into its confidence. */
export interface ConfidenceModel {
  readonly intercept: number;
  /** Mean of the tokens' log-probabilities, the end token left out. */
  readonly meanLogProb: number;
  /** Smallest of the tokens' log-probabilities. */
  readonly minLogProb: number;
  /** Number of tokens, the end token left out. */
  readonly length: number;
}

/** A model's defaults of the search options; options of a call override them. */
export interface GenerationDefaults {
  readonly bos: number;
  /** Follows `bos` at the start of every caption, and counts towards its length in scores. */
  readonly forcedStart?: number;
  /** The token that ends a caption which reaches `maxLength`. */
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
  /** Factor of how far the log-odds of `encoder.tags.output` lie above those of 3 %; 0 without tags. */
  readonly tagWeight: number;
  /** Factor of `encoder.tags.bias`; 0 where there is none. */
  readonly tagBias: number;
  /** What is taken from the logits of tags' words that were said; 0 without tags. */
  readonly tagRepeatPenalty: number;
}

/** One network's file, and the files beside it that hold its weights (ONNX external data). */
export interface NetworkPaths {
  readonly file: string;
  readonly data?: readonly string[];
}

/** Turns tokens into embeddings, the inputs of a prompt-driven model's other networks. */
export interface EmbeddingSpec extends NetworkPaths {
  readonly input: string;
  readonly output: string;
}

/** Reads the prompt with the photo in it, once per photo; its outputs are inputs of the decoder. */
export interface TextEncoderSpec extends NetworkPaths {
  readonly input: string;
  /** An input of ones, one per position. The decoder's `encoderInputs` may name it, too. */
  readonly mask?: string;
  readonly outputs: readonly string[];
}

/** Words that the encoder predicts for a photo. */
export interface TagsSpec {
  /** The encoder's output, 1 × n: the probability of each word, 0–1. */
  readonly output: string;
  /** For each of the n columns, the number of its word in the vocabulary. */
  readonly tokens: readonly number[];
  /** Groups of tokens that are forms of one word (bird, birds): what holds for one holds for all. */
  readonly forms: readonly (readonly number[])[];
  /** Tokens of tags that `generation.tagWeight` leaves alone: a guess that must not get surer. */
  readonly unweighted: readonly number[];
  /**
   * An output, 1 × n, above 0 for what the photo surely shows: how much each word is favoured in a
   * second search where the caption says none of them. `generation.tagBias` multiplies it.
   */
  readonly bias?: string;
}

/** The description of a model; `docs/model-format.md` explains each field. */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly task: 'image-to-text';
  readonly image: PreprocessSpec;
  readonly encoder: NetworkPaths & {
    readonly input: string;
    /** An input of ones, one per pixel of each picture, or per patch that is no padding. */
    readonly mask?: string;
    /** For patches: an input, rows and columns of patches of each picture. */
    readonly shapes?: string;
    readonly outputs: readonly string[];
    readonly tags?: TagsSpec;
    /** An output, 1 × width, similar for similar photos: the result of `embed`. */
    readonly features?: string;
  };
  /** For models that take a prompt: its texts, and the network that embeds them. */
  readonly prompt?: PromptSpec;
  readonly embedding?: EmbeddingSpec;
  /** Without it, the decoder of a model with a `prompt` reads the prompt in its first step. */
  readonly textEncoder?: TextEncoderSpec;
  readonly decoder: NetworkPaths & {
    /** The network of the first step, if it differs from the one of the later steps. */
    readonly firstStep?: NetworkPaths;
    /** A bool input that is false on the first step and true on all later ones. */
    readonly cacheSwitch?: string;
    /**
     * `'shared'` (default): the network takes one row of the encoder's outputs for any number of
     * sentences. `'repeated'`: it needs one row for each sentence. `'tried'`: the first step of several
     * sentences runs both ways, and one row is kept if the logits are the same.
     */
    readonly encoderRows?: 'shared' | 'repeated' | 'tried';
    /**
     * `'last'` (default): a step is fed the last token, the rest is in `state`. `'all'`: the network
     * keeps no state and is fed the whole sentence every time.
     */
    readonly feed?: 'last' | 'all';
    /** The input for the tokens, or for their embeddings if the model has an `embedding`. */
    readonly tokens: string;
    /** An input of ones, one for each position so far, those in the caches included. */
    readonly attentionMask?: string;
    /** An input for the position of each token of the step, counted from 0. */
    readonly positions?: string;
    /** An input, a whole number: how many of the last positions need logits. */
    readonly logitsToKeep?: string;
    readonly logits: string;
    readonly attention?: string;
    /** Rows and columns of the photo's positions in `attention`. */
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
