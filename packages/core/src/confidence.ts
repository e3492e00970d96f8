import type { ConfidenceModel } from './model/manifest.js';

/**
 * How far a caption can be trusted, 0–1.
 *
 * With a manifest's `confidence` it is a calibrated estimate: the logistic function of a weighted
 * sum of the mean and the smallest log-probability and the length, its weights fitted on labelled
 * photos (the model card says to what). Without, it is the geometric mean of the tokens'
 * probabilities, which orders captions but promises nothing.
 *
 * @param logProbs log-probability of every token, the end token included
 */
export function confidence(logProbs: readonly number[], model: ConfidenceModel | undefined): number {
  if (logProbs.length === 0) return 0;
  const mean = logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length;
  if (!model) return Math.exp(mean);
  const lowest = logProbs.reduce((low, value) => Math.min(low, value), 0);
  const sum =
    model.intercept +
    model.meanLogProb * mean +
    model.minLogProb * lowest +
    model.length * logProbs.length;
  return 1 / (1 + Math.exp(-sum));
}
