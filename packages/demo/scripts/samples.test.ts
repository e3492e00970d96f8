import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { loadCaptioner } from 'zipcaption';
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

test('the photos are small enough for a phone', () => {
  const sizes = samples.map((sample) => {
    const [photo] = sampleFiles([sample]);
    return statSync(photo?.from ?? '').size;
  });
  expect(Math.max(...sizes)).toBeLessThan(100_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(500_000);
});

test('the model names what the samples show, but for those of which the page says so', async () => {
  const captioner = await loadCaptioner();
  for (const sample of samples) {
    const [photo] = sampleFiles([sample]);
    const { text } = await captioner.caption(photo?.from ?? '');
    const isNamed = text.split(' ').some((word) => sample.names.includes(word));
    expect(isNamed, `${sample.file}: ${text}`).toBe(sample.limit === undefined);
    if (sample.limit) expect(sampleMarkup(samples).limits).toContain(sample.limit);
  }
  await captioner.dispose();
}, 600_000);
