import { countNgrams } from './ngrams.js';
import type { Scored } from './types.js';

const LONGEST = 4;

// The constants of the COCO caption evaluation, which keep an empty count from being a division by zero.
const TINY = 1e-15;
const SMALL = 1e-9;

/**
 * BLEU-1 to BLEU-4 of a whole set, 0–1 (Papineni et al., "BLEU: a Method for Automatic Evaluation of
 * Machine Translation", 2002), with the reference of closest length for the brevity penalty, as the
 * COCO caption evaluation computes it.
 */
export function bleu(set: readonly Scored[]): number[] {
  const matched = new Float64Array(LONGEST);
  const guessed = new Float64Array(LONGEST);
  let candidateLength = 0;
  let referenceLength = 0;
  for (const { candidate, references } of set) {
    candidateLength += candidate.length;
    referenceLength += closestLength(candidate.length, references);
    const allowed = references.map((words) => countNgrams(words, LONGEST));
    countNgrams(candidate, LONGEST).forEach((counts, n) => {
      guessed[n] = (guessed[n] as number) + Math.max(0, candidate.length - n);
      for (const [ngram, count] of counts) {
        const most = Math.max(0, ...allowed.map((lengths) => lengths[n]?.get(ngram) ?? 0));
        matched[n] = (matched[n] as number) + Math.min(count, most);
      }
    });
  }
  const ratio = (candidateLength + TINY) / (referenceLength + SMALL);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  return Array.from(matched, (matches, n) => {
    product *= (matches + TINY) / ((guessed[n] as number) + SMALL);
    return brevity * product ** (1 / (n + 1));
  });
}

/** Of two references equally close the shorter one counts. */
function closestLength(length: number, references: Scored['references']): number {
  const lengths = references.map((words) => words.length).sort((a, b) => a - b);
  return lengths.reduce((best, l) => (Math.abs(l - length) < Math.abs(best - length) ? l : best));
}
