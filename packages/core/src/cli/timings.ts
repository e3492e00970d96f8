import type { CaptionTimings } from '../index.js';
import { STAGES } from './formats/stages.js';

/** One photo's stages on one line: "decode 6.2  preprocess 1.1 …  total 80.1 ms". */
export function timingsLine(timings: CaptionTimings): string {
  return `${STAGES.map((stage) => `${stage} ${timings[stage].toFixed(1)}`).join('  ')} ms`;
}

/** The median of each stage over several photos. */
export function medianTimings(all: readonly CaptionTimings[]): CaptionTimings {
  const medians = STAGES.map((stage) => [stage, median(all.map((timings) => timings[stage]))]);
  return Object.fromEntries(medians) as Record<keyof CaptionTimings, number>;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? Number.NaN;
  const high = sorted[Math.ceil(middle)] ?? Number.NaN;
  return (low + high) / 2;
}
