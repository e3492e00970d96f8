import type { Target } from './target.js';

/** One way to harm the server. */
export interface Attack {
  readonly name: string;
  /** Is it small and fast enough for the tests? */
  readonly isShort: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes of memory that the process may take at its peak. */
  readonly mostMemory?: number;
  /** Milliseconds that an honest client may wait for a photo meanwhile, on a machine of its own. Default 5,000. */
  readonly mostWait?: number;
  /** May honest photos be refused or late meanwhile? Health checks must be answered all the same. */
  readonly mayRefuse?: boolean;
  /** Is nobody there beside it? */
  readonly isAlone?: boolean;
  /** Attacks; gives what it saw, in a few words, and throws an `Error` if it is not what must be. */
  run(target: Target): Promise<string>;
}

export function must(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** How many of each status: "3 × 200, 1 × 429". */
export function tally(answers: readonly { readonly status: number }[]): string {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} × ${status || 'reset'}`)
    .join(', ');
}
