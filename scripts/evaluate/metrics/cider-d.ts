import { countNgrams } from './ngrams.js';
import type { Scored } from './types.js';

const LONGEST = 4;
/** Standard deviation of the penalty on a difference in length. */
const SIGMA = 6;

interface Vector {
  /** For each n-gram length: n-gram → TF-IDF weight. */
  readonly weights: readonly Map<string, number>[];
  readonly norms: readonly number[];
  readonly length: number;
}

/**
 * CIDEr-D of each caption, 0–10 (Vedantam et al., "CIDEr: Consensus-based Image Description
 * Evaluation", 2015, section 6): the clipped cosine of TF-IDF weighted n-gram counts with each
 * reference, damped by the difference in length. The document frequencies come from the references
 * of the set itself; the set's figure is the mean.
 */
export function ciderD(set: readonly Scored[]): number[] {
  const documentFrequency = new Map<string, number>();
  for (const { references } of set) {
    const seen = new Set(
      references.flatMap((words) =>
        countNgrams(words, LONGEST).flatMap((counts) => [...counts.keys()]),
      ),
    );
    for (const ngram of seen) documentFrequency.set(ngram, (documentFrequency.get(ngram) ?? 0) + 1);
  }
  const logSize = Math.log(set.length);
  const vector = (words: readonly string[]): Vector => {
    const weights = countNgrams(words, LONGEST).map((counts) => {
      const entries = [...counts].map(([ngram, count]): [string, number] => {
        const idf = logSize - Math.log(Math.max(1, documentFrequency.get(ngram) ?? 0));
        return [ngram, count * idf];
      });
      return new Map(entries);
    });
    const norms = weights.map((map) =>
      Math.sqrt([...map.values()].reduce((sum, weight) => sum + weight * weight, 0)),
    );
    // The published code measures the length in bigrams.
    return { weights, norms, length: Math.max(0, words.length - 1) };
  };
  return set.map(({ candidate, references }) => {
    const own = vector(candidate);
    const sum = references.reduce((total, words) => total + similarity(own, vector(words)), 0);
    return (10 * sum) / references.length;
  });
}

function similarity(candidate: Vector, reference: Vector): number {
  const penalty = Math.exp(-((candidate.length - reference.length) ** 2) / (2 * SIGMA ** 2));
  let sum = 0;
  candidate.weights.forEach((weights, n) => {
    const others = reference.weights[n];
    let product = 0;
    for (const [ngram, weight] of weights) {
      const other = others?.get(ngram) ?? 0;
      product += Math.min(weight, other) * other;
    }
    const norm = (candidate.norms[n] ?? 0) * (reference.norms[n] ?? 0);
    sum += norm > 0 ? product / norm : product;
  });
  return (sum / LONGEST) * penalty;
}
