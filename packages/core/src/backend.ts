import type { Manifest } from './model/manifest.js';
import type { CaptionOptions, CaptionResult, EmbedOptions, ImageInput } from './types.js';

/** Captions photos: one model on this thread, or several on worker threads. */
export interface Backend {
  readonly manifest: Manifest;
  /** Number of worker threads; 0 if it runs on the caller's thread. */
  readonly workers: number;
  /** Workers that ended, by themselves or because they did not stop, since the start. */
  readonly workersLost: number;
  caption(input: ImageInput, options: CaptionOptions): Promise<CaptionResult>;
  /**
   * The photo's feature vector, of length 1. Of models only whose manifest has `encoder.features`.
   */
  embed(input: ImageInput, options: EmbedOptions): Promise<Float32Array>;
  /** Frees its memory; pending captions may fail with `DISPOSED`. */
  dispose(): Promise<void>;
}
