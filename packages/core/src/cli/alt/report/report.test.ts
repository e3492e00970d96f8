import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reviewPage } from './page.js';
import { checkReportPath } from './report.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-report-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a report goes', () => {
  test.each([
    ['to a new file', undefined],
    ['over an empty one', ''],
    ['over an earlier report', reviewPage([], { longest: 125 })],
  ])('%s', async (_, there) => {
    const path = join(folder, 'alt.html');
    rmSync(path, { force: true });
    if (there !== undefined) writeFileSync(path, there);
    await expect(checkReportPath(path)).resolves.toBeUndefined();
  });

  test.runIf(process.platform !== 'win32')('to a pipe, which is not read', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(checkReportPath(path)).resolves.toBeUndefined();
  });

  test('not over a page of the site', async () => {
    const path = join(folder, 'index.html');
    writeFileSync(path, '<meta name="generator" content="zipcaption"><p>mine</p>');
    await expect(checkReportPath(path)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });
});
