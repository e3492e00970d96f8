/** What the page shows of a caption, wherever it was made. */

export interface Candidate {
  readonly text: string;
  /** Length-normalised log-probability; at most 0 with the default length penalty. */
  readonly score: number;
  /** 0–1. */
  readonly confidence: number;
}

/** Where the model looked when it said a word: rows × columns values, row-major, over the photo. */
export interface WordMap {
  readonly word: string;
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
}

/** A word that the model finds in the photo, said in the caption or not. */
export interface Tag {
  readonly text: string;
  /** 0–1. */
  readonly probability: number;
}

/** A part of the work and how long it took. */
export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
}

export interface Caption extends Candidate {
  /** Further captions, best first. */
  readonly alternatives: readonly Candidate[];
  /** One map a word; empty when the model gives none. */
  readonly attention: readonly WordMap[];
  /** Likeliest first; empty when the model gives none. */
  readonly tags: readonly Tag[];
  readonly stages: readonly Stage[];
  /** Milliseconds, all stages together. */
  readonly total: number;
  /** Name and version of the model. */
  readonly model: string;
  /** What ran it: "WebAssembly SIMD · 1 thread", or the host of an API. */
  readonly backend: string;
  readonly warnings: readonly string[];
}

/** What a visitor may set. */
export interface CaptionRequest {
  /** 1–8. */
  readonly numBeams: number;
  /** Most tokens, the end token included. */
  readonly maxLength: number;
}

/** Why there is no caption: a stable code and a sentence for the visitor. */
export class CaptionFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CaptionFailure';
    this.code = code;
  }
}

/** Something that captions photos: the model in this tab, or an API. */
export interface Engine {
  /**
   * @param onWords the caption so far, as its words are found
   * @throws CaptionFailure; code `ABORTED` when the signal fired
   */
  caption(
    photo: Blob,
    request: CaptionRequest,
    onWords: ((text: string) => void) | undefined,
    signal: AbortSignal,
  ): Promise<Caption>;
}
