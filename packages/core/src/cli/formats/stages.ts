import type { CaptionTimings } from '../../index.js';

/** The stages of a caption in their order, then the sum. */
export const STAGES = [
  'decode',
  'preprocess',
  'encode',
  'search',
  'detokenize',
  'total',
] as const satisfies readonly (keyof CaptionTimings)[];
