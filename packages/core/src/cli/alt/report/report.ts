import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ReadOptions, readImage } from '../../../alt/images/read.js';
import type { Proposal } from '../../../alt/index.js';
import { placeKey } from '../../../alt/propose/captions.js';
import { CaptionError } from '../../../index.js';
import { reviewPage } from './page.js';
import { thumbnail } from './thumbnail.js';

export interface ReportOptions extends ReadOptions {
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly longest: number;
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

/** An image that cannot be shown leaves its card without one: why is told there already. */
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
