import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readBatchSettings } from './settings.js';

const read = (results: string, more: Record<string, string> = {}) =>
  readBatchSettings({ ZIPCAPTION_RESULTS: results, ...more });

it('reads where results go', () => {
  expect(read('s3://my-results/captions/')).toMatchObject({
    results: [{ kind: 's3', bucket: 'my-results', prefix: 'captions/' }],
    text: false,
    requesterPays: false,
    concurrency: 2,
    maxBytes: 32 * 2 ** 20,
  });
  expect(read('s3://{bucket}/a/b, dynamodb://captions').results).toEqual([
    { kind: 's3', bucket: '{bucket}', prefix: 'a/b/' },
    { kind: 'dynamodb', table: 'captions' },
  ]);
  expect(read('none').results).toEqual([]);
});

it('knows every variable that the docs list', () => {
  const docs = readFileSync(new URL('../../../../docs/batch.md', import.meta.url), 'utf8');
  const names = new Set(docs.match(/(?<=`)ZIPCAPTION_\w+(?=`)/g));
  names.delete('ZIPCAPTION_RESULTS');
  expect(names.size).toBeGreaterThan(10);
  for (const name of names) expect(read('none', { [name]: '' }), name).toEqual(read('none'));
});

it('allows as many pixels as the memory has room for', () => {
  expect(read('none', { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' }).maxPixels).toBe(2 ** 25);
});

it('refuses what it does not know, by the name of the variable', () => {
  for (const [results, more, reason] of [
    ['', {}, 'ZIPCAPTION_RESULTS says'],
    ['my-results', {}, '"my-results" is none'],
    ['s3://my-results', {}, 's3://my-results/captions'],
    ['none,dynamodb://captions', {}, '"none" is none'],
    ['none', { ZIPCAPTION_RESULTS_TEXT: 'yes' }, 'ZIPCAPTION_RESULTS_TEXT'],
    ['none', { ZIPCAPTION_BATCH_CONCURRENCY: '17' }, 'from 1 to 16'],
    ['none', { ZIPCAPTION_RESULT: 'x' }, 'no setting ZIPCAPTION_RESULT'],
    ['none', { ZIPCAPTION_METRICS: 'off' }, 'no setting ZIPCAPTION_METRICS'],
  ] as const) {
    expect(() => read(results, more)).toThrow(reason);
  }
});
