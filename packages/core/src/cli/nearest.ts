/**
 * Number of single-character insertions, deletions, substitutions and swaps of neighbours that turn
 * one word into the other (Damerau–Levenshtein, optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let best = Math.min(substitution, at(last, j) + 1, at(row, j - 1) + 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) best = Math.min(best, at(beforeLast, j - 2) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** The candidate that was probably meant, or nothing when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A guess that changes more than two fifths of the word helps nobody…
  let bestDistance = Math.max(1, Math.floor(word.length * 0.4)) + 1;
  // …unless the one begins with all of the other.
  let begun: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
    const shorter = Math.min(word.length, candidate.length);
    const begins = shorter > 2 && word.slice(0, shorter) === candidate.slice(0, shorter);
    if (begins && candidate.length >= (begun?.length ?? 0)) begun = candidate;
  }
  return best ?? begun;
}
