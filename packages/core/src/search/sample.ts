import { searchIndependentRows } from './independent-rows.js';
import { seededRandom } from './random.js';
import type { DecoderStep, Hypothesis, SearchControl, SearchSettings } from './types.js';
import { logitsWarpers, softmax } from './warpers.js';

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
  const probabilities = softmax(logits);
  let mass = 0;
  let last: number | undefined;
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token] as number;
    if (probability === 0) continue;
    mass += probability;
    last = token;
    if (point < mass) return token;
  }
  // Rounding may leave the whole mass a hair below 1, and the point beyond it.
  return last;
}
