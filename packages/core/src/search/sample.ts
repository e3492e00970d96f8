import { expOfNegative } from './exponential.js';
import { searchIndependentRows } from './independent-rows.js';
import { seededRandom } from './random.js';
import type { DecoderStep, Hypothesis, SearchControl, SearchSettings } from './types.js';
import { logitsWarpers, maximum } from './warpers.js';

/**
 * Draws each token by its probability. `numCaptions` captions are drawn independently of each other
 * in one batch, and returned best first. Each has its own stream of random numbers: the first drawn
 * is the same whether more are asked for or not.
 */
export function sampleSearch(
  step: DecoderStep,
  settings: SearchSettings,
  control: SearchControl,
): Promise<Hypothesis[]> {
  const warpers = logitsWarpers(settings);
  const generators = Array.from({ length: settings.numCaptions }, (_, row) =>
    seededRandom(settings.seed, row),
  );
  return searchIndependentRows(step, settings, control, settings.numCaptions, (row, logits) => {
    for (const warp of warpers) warp(logits);
    return drawToken(logits, generators[row]?.() ?? 0);
  });
}

/**
 * The token in whose share of the probability mass `point` falls, tokens in the order of their
 * numbers; undefined when all logits are -Infinity.
 *
 * @param point 0 ≤ point < 1
 */
export function drawToken(logits: Float64Array, point: number): number | undefined {
  const max = maximum(logits);
  if (max === -Infinity) return undefined;
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += expOfNegative((logits[i] as number) - max);

  const target = point * total;
  let mass = 0;
  for (let token = 0; token < logits.length; token++) {
    mass += expOfNegative((logits[token] as number) - max);
    // The sums add the same numbers in the same order, so the last mass is the total: above any target.
    if (target < mass) return token;
  }
  return undefined;
}
