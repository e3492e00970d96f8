import { expect, test } from 'vitest';
import { calibrationError, reliabilityBins, reliabilityTable } from './reliability.js';

test('captions fall into bins by their confidence, 1 into the last', () => {
  const bins = reliabilityBins([0.05, 0.61, 0.69, 1], [0, 1, 0, 1]);
  expect(bins.map(({ count }) => count)).toEqual([1, 0, 0, 0, 0, 0, 2, 0, 0, 1]);
  expect(bins[6]?.predicted).toBeCloseTo(0.65);
  expect(bins[6]?.observed).toBe(0.5);
});

test('the calibration error is the mean distance, weighted by captions', () => {
  // 0.05 from 0 once, 0.15 between 0.65 and 0.5 twice, none for the sure and right one.
  const bins = reliabilityBins([0.05, 0.61, 0.69, 1], [0, 1, 0, 1]);
  expect(calibrationError(bins)).toBeCloseTo((0.05 + 2 * 0.15) / 4);
  expect(calibrationError([])).toBe(0);
});

test('the table shows the bins that hold something', () => {
  expect(reliabilityTable(reliabilityBins([0.25], [1])).split('\n')).toHaveLength(3);
});
