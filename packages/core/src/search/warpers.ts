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

/**
 * Keeps the best tokens until their probabilities reach p, the one that reaches it included, and at
 * least one (nucleus sampling: Holtzman et al. 2020, section 3.1).
 */
export function keepTopP(p: number): LogitsWarper {
  return (logits) => {
    const probabilities = softmax(logits);
    // Only the nucleus need be in order, so tokens are taken from a heap of them all; for the usual p
    // that is a handful out of tens of thousands.
    const heap = maxHeap(probabilities);
    const kept = new Map<number, number>();
    let mass = 0;
    while (heap.size > 0 && (kept.size === 0 || mass < p)) {
      const token = heap.pop();
      kept.set(token, logits[token] as number);
      mass += probabilities[token] as number;
    }
    logits.fill(-Infinity);
    for (const [token, logit] of kept) logits[token] = logit;
  };
}

/** Probabilities from logits; the maximum is taken out first so that none overflows. */
export function softmax(logits: Float64Array): Float64Array {
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  const probabilities = new Float64Array(logits.length);
  if (max === -Infinity) return probabilities;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const power = Math.exp((logits[i] as number) - max);
    probabilities[i] = power;
    sum += power;
  }
  for (let i = 0; i < logits.length; i++) probabilities[i] = (probabilities[i] as number) / sum;
  return probabilities;
}

/** A heap of the indices of `values` above 0, the index of the largest value on top. */
function maxHeap(values: Float64Array): { readonly size: number; pop(): number } {
  const heap = new Int32Array(values.length);
  let size = 0;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > 0) heap[size++] = i;

  const isBetter = (a: number, b: number): boolean => {
    const difference = (values[a] as number) - (values[b] as number);
    return difference > 0 || (difference === 0 && a < b);
  };
  const siftDown = (from: number): void => {
    const index = heap[from] as number;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBetter(heap[child + 1] as number, heap[child] as number)) child++;
      if (isBetter(index, heap[child] as number)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = index;
  };
  for (let i = (size >> 1) - 1; i >= 0; i--) siftDown(i);

  return {
    get size() {
      return size;
    },
    pop() {
      const top = heap[0] as number;
      heap[0] = heap[--size] as number;
      siftDown(0);
      return top;
    },
  };
}
