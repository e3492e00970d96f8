import type { Scored } from './types.js';

/** Weight of recall against precision in the COCO caption evaluation. */
const BETA = 1.2;

/**
 * ROUGE-L of one caption, 0–1: the longest common subsequence with the references (Lin, "ROUGE: A
 * Package for Automatic Evaluation of Summaries", 2004). The best precision and the best recall over
 * the references count.
 */
export function rougeL({ candidate, references }: Scored): number {
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    const common = longestCommonSubsequence(candidate, reference);
    precision = Math.max(precision, common / Math.max(1, candidate.length));
    recall = Math.max(recall, common / Math.max(1, reference.length));
  }
  if (precision === 0 || recall === 0) return 0;
  return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let above = new Uint32Array(b.length + 1);
  for (const word of a) {
    const row = new Uint32Array(b.length + 1);
    b.forEach((other, j) => {
      row[j + 1] =
        word === other
          ? (above[j] as number) + 1
          : Math.max(row[j] as number, above[j + 1] as number);
    });
    above = row;
  }
  return above[b.length] ?? 0;
}
