import { searchIndependentRows } from './independent-rows.js';
import type { DecoderStep, Hypothesis, SearchControl, SearchSettings } from './types.js';

/** Greedy search: chooses the likeliest token at every step. Returns one hypothesis. */
export function greedySearch(
  step: DecoderStep,
  settings: SearchSettings,
  control: SearchControl,
): Promise<Hypothesis[]> {
  return searchIndependentRows(step, settings, control, 1, (_row, logits) => argmax(logits));
}

/** The index of the largest value, the first of equals; undefined when all are -Infinity. */
export function argmax(values: Float64Array): number | undefined {
  let best: number | undefined;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > max) {
      max = value;
      best = i;
    }
  }
  return best;
}
