import { describe, expect, it } from 'vitest';
import { duration } from './duration.js';
import { renderDownload, renderProgress } from './progress.js';

const look = { columns: 80, colour: false };

describe('renderProgress', () => {
  it('tells count, rate and time left', () => {
    const line = renderProgress({ done: 30, total: 120, failed: 0, elapsedMs: 10_000 }, look);
    expect(line).toBe('██████░░░░░░░░░░░░░░░░░░   30/120  3.0/s  30 s left');
  });

  it('knows neither rate nor end before the first photo is done', () => {
    const line = renderProgress({ done: 0, total: 120, failed: 0, elapsedMs: 900 }, look);
    expect(line).toBe('░░░░░░░░░░░░░░░░░░░░░░░░    0/120');
  });

  it('goes on from what was done before, at the rate of this run', () => {
    const state = { done: 90, before: 60, total: 120, failed: 0, elapsedMs: 10_000 };
    expect(renderProgress(state, look)).toBe('██████████████████░░░░░░   90/120  3.0/s  10 s left');
  });

  it('has neither bar nor end while photos are still counted', () => {
    const state = { done: 90, before: 60, total: undefined, failed: 1, elapsedMs: 10_000 };
    expect(renderProgress(state, look)).toBe('90 done  3.0/s  1 failed');
  });

  it('counts failures', () => {
    const state = { done: 2, total: 4, failed: 1, elapsedMs: 60_000 };
    expect(renderProgress(state, look)).toBe(
      '████████████░░░░░░░░░░░░  2/4  2.0/min  1 min 00 s left  1 failed',
    );
    expect(renderProgress(state, { ...look, colour: true })).toContain('\x1b[31m1 failed\x1b[0m');
    expect(renderProgress(state, look)).not.toContain('\x1b');
  });

  it('grows by eighths of a character, always 24 wide', () => {
    const bars = Array.from({ length: 193 }, (_, done) =>
      [...renderProgress({ done, total: 192, failed: 0, elapsedMs: 0 }, look)]
        .slice(0, 24)
        .join(''),
    );
    expect(new Set(bars).size).toBe(193);
    expect(bars[1]).toBe(`▏${'░'.repeat(23)}`);
    expect(bars[192]).toBe('█'.repeat(24));
  });

  it('is never as wide as the terminal', () => {
    const state = { done: 9_999, total: 10_000, failed: 12, elapsedMs: 4_000_000 };
    for (let columns = 0; columns < 100; columns++) {
      const line = renderProgress(state, { columns, colour: false });
      expect([...line].length).toBeLessThanOrEqual(Math.max(0, columns - 1));
    }
  });
});

describe('renderDownload', () => {
  it('tells how much there is, where it is known', () => {
    const progress = { file: 'encoder.onnx', loaded: 2_500_000 };
    expect(renderDownload({ ...progress, total: 10_000_000 }, look)).toBe(
      'Loading model: encoder.onnx 2.5 of 10.0 MB (25 %)',
    );
    expect(renderDownload(progress, look)).toBe('Loading model: encoder.onnx 2.5 MB');
  });
});

describe('duration', () => {
  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [59_600, '1 min 00 s'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h 00 min'],
    [3_900_000, '1 h 05 min'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
