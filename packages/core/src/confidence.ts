import type { ConfidenceModel } from './model/manifest.js';

/** The numbers that a caption's confidence is computed from. */
export interface Evidence {
  /** Mean of the tokens' log-probabilities. */
  readonly meanLogProb: number;
  /** Smallest of the tokens' log-probabilities. */
  readonly minLogProb: number;
  /** Number of tokens. */
  readonly length: number;
}

/** @param logProbs log-probability of each token, the end token left out; at least one */
export function evidence(logProbs: readonly number[]): Evidence {
  const { length } = logProbs;
  return {
    meanLogProb: logProbs.reduce((sum, value) => sum + value, 0) / length,
    minLogProb: logProbs.reduce((low, value) => Math.min(low, value), 0),
    length,
  };
}

/**
 * How far a caption can be trusted, 0–1.
 *
 * With a manifest's `confidence` it is a calibrated estimate: the logistic function of a weighted
 * sum of the mean and the smallest log-probability and the length, its weights fitted on labelled
 * photos (the model card says to what). Without, it is the geometric mean of the tokens'
 * probabilities, which orders captions but promises nothing.
 *
 * @param logProbs log-probability of each token, the end token left out
 */
export function confidence(
  logProbs: readonly number[],
  model: ConfidenceModel | undefined,
): number {
  if (logProbs.length === 0) return 0;
  const { meanLogProb, minLogProb, length } = evidence(logProbs);
  if (!model) return Math.exp(meanLogProb);
  const sum =
    model.intercept +
    model.meanLogProb * meanLogProb +
    model.minLogProb * minLogProb +
    model.length * length;
  return 1 / (1 + Math.exp(-sum));
}
