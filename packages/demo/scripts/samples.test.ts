import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readSamples, sampleFiles, sampleMarkup } from './samples.mjs';

const samples = await readSamples();

test.each(samples)(
  '$file is there, and its origin is told in samples/README.md',
  async (sample) => {
    for (const { from } of sampleFiles([sample])) expect(existsSync(from), from).toBe(true);
    const readme = await readFile(new URL('../../../samples/README.md', import.meta.url), 'utf8');
    const line = readme.split('\n').find((each) => each.includes(`\`${sample.file}\``));
    expect(line).toContain(sample.credit.by);
    expect(line).toContain(sample.credit.terms);
    expect(sampleMarkup([sample]).credits).toContain(sample.credit.by);
  },
);
