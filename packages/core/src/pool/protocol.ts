import { CaptionError, type CaptionErrorCode } from '../errors.js';
import type { Manifest } from '../model/manifest.js';
import type { RuntimeName } from '../model/runtime.js';
import type { LoadProgress } from '../model/source.js';
import type {
  CaptionOptions,
  CaptionResult,
  CaptionToken,
  EmbedOptions,
  ImageInput,
  LoadOptions,
} from '../types.js';

/* What passes between the caller's thread and a worker: plain objects that structured cloning takes. */

/** Load options without what cannot be cloned. */
export type ClonedLoadOptions = Omit<
  LoadOptions,
  'signal' | 'onProgress' | 'runtime' | 'workers'
> & { runtime?: RuntimeName };

/** Caption options without what cannot be cloned. */
export type ClonedCaptionOptions = Omit<
  CaptionOptions,
  'signal' | 'onToken' | 'transfer' | 'fetch' | 'fetchTimeout'
>;

/** Options of `embed` without what cannot be cloned. */
export type ClonedEmbedOptions = Omit<
  EmbedOptions,
  'signal' | 'transfer' | 'fetch' | 'fetchTimeout'
>;

/** What is to be made of a photo. */
export type PhotoTask =
  | {
      readonly kind: 'caption';
      readonly options: ClonedCaptionOptions;
      /** Whether to send each token. */
      readonly stream: boolean;
    }
  | { readonly kind: 'embed'; readonly options: ClonedEmbedOptions };

export type PhotoRequest = PhotoTask & { readonly id: number; readonly input: ImageInput };

/** `load` comes first and once; then one photo at a time, each with a number of its own. */
export type Request =
  | { readonly kind: 'load'; readonly options: ClonedLoadOptions }
  | PhotoRequest
  | { readonly kind: 'abort'; readonly id: number };

/** The result of a photo. */
export type Made =
  | { readonly kind: 'captioned'; readonly id: number; readonly result: CaptionResult }
  | { readonly kind: 'embedded'; readonly id: number; readonly features: Float32Array };

export type Answer =
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'loaded'; readonly manifest: Manifest }
  | { readonly kind: 'load-failed'; readonly error: PlainError }
  | { readonly kind: 'token'; readonly id: number; readonly token: CaptionToken }
  | Made
  | { readonly kind: 'failed'; readonly id: number; readonly error: PlainError };

/** A CaptionError as a plain object: cloning an Error loses its class and its code. */
export interface PlainError {
  readonly code: CaptionErrorCode;
  readonly message: string;
  readonly cause?: string;
}

export function toPlainError(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CaptionError)) return { code: 'RUNTIME_FAILED', message };
  const { code, cause } = error;
  return { code, message, ...(cause instanceof Error && { cause: cause.message }) };
}

export function fromPlainError({ code, message, cause }: PlainError): CaptionError {
  return new CaptionError(code, message, cause === undefined ? {} : { cause: new Error(cause) });
}
