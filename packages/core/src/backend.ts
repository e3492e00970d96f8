import type { Manifest } from './model/manifest.js';
import type { CaptionOptions, CaptionResult, EmbedOptions, ImageInput } from './types.js';

/** What makes the captions: a model on this thread, or several of them on worker threads. */
export interface Backend {
  readonly manifest: Manifest;
  /** Worker threads that it has; 0 where it works on the caller's own. */
  readonly workers: number;
  /** Workers that ended, by themselves or because they did not stop, since the start. */
  readonly workersLost: number;
  caption(input: ImageInput, options: CaptionOptions): Promise<CaptionResult>;
  /**
   * The photo's feature vector, of length 1. Of models only whose manifest has `encoder.features`.
   */
  embed(input: ImageInput, options: EmbedOptions): Promise<Float32Array>;
  /** Frees what it holds; captions under way may fail with `DISPOSED`. */
  dispose(): Promise<void>;
}
