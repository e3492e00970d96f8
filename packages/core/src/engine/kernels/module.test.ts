import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the committed module is what the sources compile to', () => {
  const output = execFileSync(process.execPath, ['scripts/build-kernels.mjs', '--check'], {
    encoding: 'utf8',
  });
  expect(output).toBe('');
});
