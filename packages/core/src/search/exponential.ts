/** Below this the exponential is taken as 0: a whole vocabulary of such tokens weighs under 1e-12. */
export const NEGLIGIBLE = -40;

const STEPS_PER_UNIT = 32;
const POWERS = Float64Array.from({ length: -NEGLIGIBLE * STEPS_PER_UNIT + 1 }, (_, i) =>
  Math.exp(-i / STEPS_PER_UNIT),
);

/**
 * e^x for x ≤ 0, to 3 parts in a billion; NaN for NaN. A table holds the nearest 1/32, a cubic the
 * rest. Searching spends most of its time here, and this takes a quarter of the time of `Math.exp`.
 */
export function expOfNegative(x: number): number {
  if (x < NEGLIGIBLE) return 0;
  const nearest = (0.5 - x * STEPS_PER_UNIT) | 0;
  const rest = x + nearest / STEPS_PER_UNIT;
  return (POWERS[nearest] as number) * (1 + rest * (1 + rest * (1 / 2 + rest * (1 / 6))));
}
