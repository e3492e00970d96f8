import type { CaptionCandidate, CaptionError, CaptionResult, CaptionTag } from '../../index.js';

/** The printed data of one photo. */
export type PhotoReport =
  | {
      readonly file: string;
      readonly result: CaptionResult;
      /** The caption is not shown because its confidence is too low. */
      readonly hidden: boolean;
      /** Tags to show, likeliest first; empty without `--tags`. */
      readonly tags: readonly CaptionTag[];
      /** Alternative captions to show, best first; empty unless requested. */
      readonly alternatives: readonly CaptionCandidate[];
      readonly error?: undefined;
    }
  | { readonly file: string; readonly error: CaptionError };

/** Selects the parts of a result that are shown. */
export function reportOf(
  file: string,
  result: CaptionResult,
  shown: { alternatives: boolean; tags: boolean; minConfidence: number },
): PhotoReport {
  const confident = (candidate: CaptionCandidate) => candidate.confidence >= shown.minConfidence;
  return {
    file,
    result,
    hidden: !confident(result),
    tags: shown.tags ? (result.tags ?? []) : [],
    alternatives: shown.alternatives ? result.alternatives.filter(confident) : [],
  };
}

/** Rounds to significant digits: probabilities and scores to a millionth, times to 10 µs. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
