import type { ZipEntry } from './zip.js';

const MB = 1e6;

/** One line a file: name, size, size in the zip; then the whole. */
export function sizeTable(entries: readonly ZipEntry[], zipBytes: number): string {
  const rows = entries.map(
    ({ name, size, compressed }) => [name, mb(size), mb(compressed)] as const,
  );
  const unpacked = entries.reduce((sum, { size }) => sum + size, 0);
  const all = [['file', 'size', 'in the zip'] as const, ...rows];
  const total = ['total', mb(unpacked), mb(zipBytes)] as const;
  const width = Math.max(...[...all, total].map(([name]) => name.length));
  const line = ([name, size, compressed]: readonly [string, string, string]) =>
    `${name.padEnd(width)}  ${size.padStart(9)}  ${compressed.padStart(10)}`;
  return [...all.map(line), '-'.repeat(width + 23), line(total)].join('\n');
}

function mb(bytes: number): string {
  return `${(bytes / MB).toFixed(3)} MB`;
}

/** Lambda's own limit for a whole function with its layers. */
const MOST_UNPACKED = 250 * 2 ** 20;

/** What is wrong with the size, if anything. */
export function overBudget(
  entries: readonly ZipEntry[],
  zipBytes: number,
  budget: number,
): string | undefined {
  if (zipBytes > budget) {
    return `The zip has ${mb(zipBytes)}, the budget is ${mb(budget)}. Leave the model out (--model none) or raise --budget.`;
  }
  const unpacked = entries.reduce((sum, { size }) => sum + size, 0);
  if (unpacked > MOST_UNPACKED) {
    return `Unpacked the zip has ${mb(unpacked)}; Lambda takes 250 MiB.`;
  }
  return undefined;
}
