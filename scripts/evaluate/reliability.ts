import { table } from '../bench/table.js';
import type { ReliabilityBin } from './reliability-plot.js';

const BINS = 10;

/** Confidence against what came true, in ten bins. Both lists: one entry a caption, labels 0 or 1. */
export function reliabilityBins(
  predicted: readonly number[],
  labels: readonly number[],
): ReliabilityBin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const members = predicted
      .map((p, i) => ({ p, label: labels[i] ?? 0 }))
      .filter(({ p }) => Math.min(BINS - 1, Math.floor(BINS * p)) === bin);
    return {
      from: bin / BINS,
      to: (bin + 1) / BINS,
      count: members.length,
      predicted: mean(members.map(({ p }) => p)),
      observed: mean(members.map(({ label }) => label)),
    };
  });
}

/** The expected calibration error: the mean distance of the bins, weighted by their captions. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const captions = bins.reduce((sum, { count }) => sum + count, 0);
  const distance = bins.reduce(
    (sum, { count, predicted, observed }) => sum + count * Math.abs(predicted - observed),
    0,
  );
  return distance / Math.max(1, captions);
}

/** The bins that hold captions, as a table. */
export function reliabilityTable(bins: readonly ReliabilityBin[]): string {
  return table(
    ['confidence', 'captions', 'predicted', 'observed'],
    bins
      .filter(({ count }) => count > 0)
      .map(({ from, to, count, predicted, observed }) => [
        ...[`${from.toFixed(1)}–${to.toFixed(1)}`, String(count)],
        ...[predicted.toFixed(2), observed.toFixed(2)],
      ]),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}
