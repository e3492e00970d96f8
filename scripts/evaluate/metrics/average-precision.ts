/**
 * Average precision of one ranked list: the mean, over all that is right, of the share of right ones
 * down to its rank; what is right and not in the list counts as 0.
 *
 * @param ranked best first, each once
 * @returns 0–1; undefined where nothing is right
 */
export function averagePrecision(
  ranked: readonly string[],
  right: ReadonlySet<string>,
): number | undefined {
  if (right.size === 0) return undefined;
  let found = 0;
  let sum = 0;
  ranked.forEach((item, i) => {
    if (right.has(item)) sum += ++found / (i + 1);
  });
  return sum / right.size;
}
