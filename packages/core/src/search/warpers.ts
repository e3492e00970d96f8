import { expOfNegative, NEGLIGIBLE } from './exponential.js';
import { TopK } from './top-k.js';
import type { SearchSettings } from './types.js';

/** Changes the logits of one row in place before a token is drawn; -Infinity leaves a token out. */
export type LogitsWarper = (logits: Float64Array) => void;

/** Temperature, then top-k, then top-p: the order in which Hugging Face `generate` applies them. */
export function logitsWarpers(
  settings: Pick<SearchSettings, 'temperature' | 'topK' | 'topP'>,
): LogitsWarper[] {
  const warpers: LogitsWarper[] = [];
  if (settings.temperature !== 1) warpers.push(scaleByTemperature(settings.temperature));
  if (settings.topK > 0) warpers.push(keepTopK(settings.topK));
  if (settings.topP < 1) warpers.push(keepTopP(settings.topP));
  return warpers;
}

/** Divides all logits: below 1 the likely becomes likelier, above 1 all become more alike. */
export function scaleByTemperature(temperature: number): LogitsWarper {
  return (logits) => {
    for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) / temperature;
  };
}

/** Keeps the k best tokens, and any others whose logit equals that of the k-th. */
export function keepTopK(k: number): LogitsWarper {
  let best: TopK | undefined;
  return (logits) => {
    if (k >= logits.length) return;
    best ??= new TopK(k);
    best.clear();
    best.offerAll(logits, 0, logits.length, 0, 0);
    const threshold = best.threshold;
    for (let i = 0; i < logits.length; i++) {
      if ((logits[i] as number) < threshold) logits[i] = -Infinity;
    }
  };
}

const BINS_PER_UNIT = 32;

/**
 * Keeps the best tokens until their probabilities reach p, the one that reaches it included, and at
 * least one (nucleus sampling: Holtzman et al. 2020, section 3.1).
 *
 * Instead of sorting the vocabulary, tokens are binned by logit. Bins above the one in which the sum
 * reaches p are kept whole, those below go whole, and only that one bin is sorted.
 */
export function keepTopP(p: number): LogitsWarper {
  const bins = new Float64Array(-NEGLIGIBLE * BINS_PER_UNIT + 1);
  return (logits) => {
    const max = maximum(logits);
    if (max === -Infinity) return;
    const binOf = (logit: number) => Math.min((max - logit) * BINS_PER_UNIT, bins.length - 1) | 0;

    bins.fill(0);
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const logit = logits[i] as number;
      const weight = expOfNegative(logit - max);
      const bin = binOf(logit);
      bins[bin] = (bins[bin] as number) + weight;
      total += weight;
    }
    let mass = 0;
    let last = 0;
    while (last < bins.length - 1 && mass + (bins[last] as number) < p * total) {
      mass += bins[last++] as number;
    }

    const undecided: number[] = [];
    for (let i = 0; i < logits.length; i++) {
      const bin = binOf(logits[i] as number);
      if (bin === last) undecided.push(i);
      else if (bin > last) logits[i] = -Infinity;
    }
    undecided.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
    undecided.forEach((token, i) => {
      const isBest = last === 0 && i === 0;
      const weight = expOfNegative((logits[token] as number) - max);
      if (mass >= p * total && !isBest) logits[token] = -Infinity;
      mass += weight;
    });
  };
}

/** The largest of the values; -Infinity when there is none. */
export function maximum(values: Float64Array): number {
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > max) max = value;
  }
  return max;
}
