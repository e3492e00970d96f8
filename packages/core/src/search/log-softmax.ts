import { CaptionError } from '../errors.js';
import { expOfNegative } from './exponential.js';

/**
 * Logarithm of the sum of the exponentials of one row of logits, so that `logit - logSumExp` is that
 * token's log-probability. The row's maximum is taken out first: no logit overflows or vanishes.
 *
 * @param logits rows × vocabulary, row-major; entries of -Infinity stand for impossible tokens
 * @throws `RUNTIME_FAILED` when the row holds NaN or Infinity, or -Infinity alone
 */
export function logSumExp(logits: Float32Array, row: number, vocabSize: number): number {
  const start = row * vocabSize;
  const end = start + vocabSize;
  let max = -Infinity;
  for (let i = start; i < end; i++) {
    const logit = logits[i] as number;
    if (logit > max) max = logit;
  }
  let sum = 0;
  for (let i = start; i < end; i++) sum += expOfNegative((logits[i] as number) - max);
  if (!(sum > 0 && sum < Infinity)) throw unusableLogits(logits, row, vocabSize);
  return max + Math.log(sum);
}

function unusableLogits(logits: Float32Array, row: number, vocabSize: number): CaptionError {
  const values = logits.subarray(row * vocabSize, (row + 1) * vocabSize);
  const token = values.findIndex((value) => Number.isNaN(value) || value === Infinity);
  const found = token === -1 ? 'only -Infinity' : `${values[token]} for token ${token}`;
  return new CaptionError(
    'RUNTIME_FAILED',
    `The decoder gave scores that cannot be used: ${found}, where finite numbers were expected. ` +
      'The model may be damaged, or its number type may overflow on this runtime: ' +
      'check the file, or try the fp32 model.',
  );
}
