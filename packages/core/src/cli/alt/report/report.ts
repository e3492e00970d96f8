import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ReadOptions, readImage } from '../../../alt/images/read.js';
import type { Proposal } from '../../../alt/index.js';
import { placeKey } from '../../../alt/propose/captions.js';
import { CaptionError } from '../../../index.js';
import { GENERATOR, reviewPage } from './page.js';
import { thumbnail } from './thumbnail.js';

export interface ReportOptions extends ReadOptions {
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly longest: number;
}

/**
 * Checks that the path is new or an earlier report. Any other file is not overwritten: it may be a
 * page of the site.
 *
 * @throws CaptionError `WRITE_FAILED`
 */
export async function checkReportPath(path: string): Promise<void> {
  // A pipe (`/dev/stdout`) may always be written; errors are reported when it is written.
  const kind = await stat(path).catch(() => undefined);
  if (!kind?.isFile()) return;
  const there = await readFile(path, 'utf8').catch(() => '');
  if (there === '' || there.includes(GENERATOR)) return;
  throw new CaptionError(
    'WRITE_FAILED',
    `--report: ${path} already exists and is not a report. Name another file, or remove it.`,
  );
}

/**
 * Writes the page on which drafts are reviewed, with a small copy of each image in it.
 *
 * @throws CaptionError `WRITE_FAILED`, `ABORTED`
 */
export async function writeReport(
  path: string,
  proposals: readonly Proposal[],
  options: ReportOptions,
): Promise<void> {
  const pictures = new Map<string, string | undefined>();
  const images = [];
  for (const proposal of proposals) {
    const key = placeKey(proposal.located);
    if (!pictures.has(key)) pictures.set(key, await pictureOf(proposal, options));
    const picture = pictures.get(key);
    images.push({ proposal, ...(picture !== undefined && { picture }) });
  }
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, reviewPage(images, options));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError('WRITE_FAILED', `--report: ${path} cannot be written: ${why}.`, {
      cause,
    });
  }
}

/** Images that cannot be decoded are not shown; their card already says why. */
async function pictureOf(
  { located }: Proposal,
  options: ReportOptions,
): Promise<string | undefined> {
  try {
    return await thumbnail(await readImage(located, options), options);
  } catch (error) {
    if (error instanceof CaptionError && error.code !== 'ABORTED') return undefined;
    throw error;
  }
}
