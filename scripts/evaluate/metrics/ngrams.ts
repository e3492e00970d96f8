/** How often each run of 1 to `longest` words occurs; one map a length, keyed by the words joined with spaces. */
export function countNgrams(words: readonly string[], longest: number): Map<string, number>[] {
  return Array.from({ length: longest }, (_, n) => {
    const counts = new Map<string, number>();
    for (let start = 0; start + n < words.length; start++) {
      const ngram = words.slice(start, start + n + 1).join(' ');
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
    return counts;
  });
}
