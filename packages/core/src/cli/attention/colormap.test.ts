import { describe, expect, it } from 'vitest';
import { inferno, type Rgb } from './colormap.js';

/** CIE 1976 lightness of an sRGB colour (IEC 61966-2-1, CIE 15). */
function lightness(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (24389 / 27) * y;
}

describe('inferno', () => {
  it.each([
    [0, [0, 0, 4]],
    [10, [5, 4, 23]],
    [45, [56, 9, 98]],
    [77, [108, 24, 110]],
    [100, [144, 37, 104]],
    [128, [188, 55, 84]],
    [155, [223, 83, 55]],
    [190, [249, 139, 11]],
    [211, [252, 178, 22]],
    [240, [242, 234, 105]],
    [255, [252, 255, 164]],
  ])('is at %i of 255 the original of matplotlib, to 2 of 255', (index, original) => {
    const colour = inferno(index / 255);
    for (const [channel, value] of original.entries()) {
      expect(Math.abs((colour[channel] ?? 0) - value)).toBeLessThanOrEqual(2);
    }
  });

  it('grows lighter in steps that look equal', () => {
    const steps = Array.from({ length: 20 }, (_, i) => lightness(inferno((i + 1) / 20)));
    const growth = steps.slice(1).map((value, i) => value - (steps[i] ?? 0));
    const mean = growth.reduce((sum, value) => sum + value, 0) / growth.length;
    for (const step of growth) expect(Math.abs(step - mean)).toBeLessThan(0.35 * mean);
  });

  it('takes the ends beyond 0 and 1', () => {
    expect(inferno(-1)).toEqual(inferno(0));
    expect(inferno(2)).toEqual(inferno(1));
  });
});
