/** A Huffman table for a writer: what DHT says of it, and the code of each symbol. */
export interface HuffmanCoding {
  /** Codes of each length, 1 to 16. */
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
  readonly codes: ReadonlyMap<number, { readonly code: number; readonly length: number }>;
}

/** The codes that T.81, annex C gives to symbols by the lengths of their codes. */
export function codingOf(counts: readonly number[], symbols: readonly number[]): HuffmanCoding {
  const codes = new Map<number, { code: number; length: number }>();
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++, code <<= 1) {
    for (let i = 0; i < (counts[length - 1] ?? 0); i++) {
      codes.set(symbols[index++] as number, { code: code++, length });
    }
  }
  return { counts, symbols, codes };
}

/** The best table for symbols that occur so often (T.81, annex K.2): at most 16 bits, no code of all ones. */
export function optimalCoding(frequencies: ReadonlyMap<number, number>): HuffmanCoding {
  // A symbol that never occurs keeps the longest code, which then may be all ones, out of use.
  const RESERVED = 256;
  const trees = [...frequencies, [RESERVED, 0] as const].map(([symbol, weight]) => ({
    weight,
    leaves: [{ symbol, depth: 0 }],
  }));
  if (trees.length === 1) return codingOf([], []);
  while (trees.length > 1) {
    const lightest = () => {
      const at = trees.reduce((best, { weight }, i) => (weight < weightAt(best) ? i : best), 0);
      return trees.splice(at, 1)[0] as (typeof trees)[number];
    };
    const weightAt = (i: number) => trees[i]?.weight ?? Number.POSITIVE_INFINITY;
    const [a, b] = [lightest(), lightest()];
    const leaves = [...a.leaves, ...b.leaves];
    for (const leaf of leaves) leaf.depth++;
    trees.push({ weight: a.weight + b.weight, leaves });
  }

  const leaves = trees[0]?.leaves ?? [];
  const perDepth = new Array<number>(64).fill(0);
  for (const { depth } of leaves) perDepth[depth] = (perDepth[depth] as number) + 1;
  // Figure K.3: pairs of codes that are too long are moved up, splitting a shorter one.
  for (let depth = 63; depth > 16; depth--) {
    while ((perDepth[depth] as number) > 0) {
      let shorter = depth - 2;
      while (perDepth[shorter] === 0) shorter--;
      perDepth[depth] = (perDepth[depth] as number) - 2;
      perDepth[depth - 1] = (perDepth[depth - 1] as number) + 1;
      perDepth[shorter + 1] = (perDepth[shorter + 1] as number) + 2;
      perDepth[shorter] = (perDepth[shorter] as number) - 1;
    }
  }
  let longest = 16;
  while (perDepth[longest] === 0) longest--;
  perDepth[longest] = (perDepth[longest] as number) - 1;

  const symbols = leaves
    .filter(({ symbol }) => symbol !== RESERVED)
    .sort((a, b) => a.depth - b.depth || a.symbol - b.symbol)
    .map(({ symbol }) => symbol);
  return codingOf(perDepth.slice(1, 17), symbols);
}
