import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS, type Limit } from './limits.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const docstrings = read('./types.ts');
const docs = `${read('../../../docs/api.md')}\n${read('../../../docs/search.md')}`;

/** Limits that are written in words other than `1–64`. */
const IN_WORDS: Readonly<Record<string, string>> = {
  minLength: '0–`maxLength`',
  numCaptions: '1–`numBeams`',
  topP: 'above 0, at most 1',
  prompt: '2,000 characters',
};

function written(name: string, { min, max }: Limit): string {
  const number = (value: number) =>
    value === 2 ** 32 - 1 ? '2³²-1' : value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  return IN_WORDS[name] ?? `${number(min)}–${number(max)}`;
}

const bounded = Object.entries(LIMITS).filter(([, { max }]) => max < Number.MAX_SAFE_INTEGER);

describe.each(bounded)('the limit of %s', (name, limit) => {
  const range = written(name, limit);

  it('is in the docstring of the option', () => {
    const [, docstring = ''] =
      new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*${name}\\?:`).exec(docstrings) ?? [];
    expect(docstring.replace(/\s*\n\s*\*\s*/g, ' ')).toContain(range);
  });

  it('is in every table of options in the docs', () => {
    const rows = docs
      .split('\n')
      .filter((line) => line.startsWith(`| \`${name}\` |`) || line.includes(`\`${name}\` (`));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toContain(range);
  });
});
