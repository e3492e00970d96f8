import type { CaptionCandidate, CaptionError, CaptionResult, CaptionTag } from '../../index.js';

/** What is printed of one photo. */
export type PhotoReport =
  | {
      readonly file: string;
      readonly result: CaptionResult;
      /** Less confidence than was asked for: the caption is not shown. */
      readonly hidden: boolean;
      /** Tags to show, likeliest first; none unless asked for. */
      readonly tags: readonly CaptionTag[];
      /** Further captions to show, best first; none unless asked for. */
      readonly alternatives: readonly CaptionCandidate[];
      readonly error?: undefined;
    }
  | { readonly file: string; readonly error: CaptionError };

/** Which parts of a result are shown. */
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

/** Digits that mean something: a probability or score to a millionth, a time to 10 µs. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
