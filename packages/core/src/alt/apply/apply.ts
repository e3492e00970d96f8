import { resolve } from 'node:path';
import { CaptionError } from '../../errors.js';
import { replaceText } from '../files/text-file.js';
import { imagesOfFile } from '../find/survey.js';
import type { FileProblem, FindOptions, FoundImage } from '../types.js';
import { applyToText, type WriteOptions } from './apply-to-text.js';
import type { AltDecision } from './decisions.js';
import { onOneLine } from './edits.js';

/** The outcome of a decision. */
export interface AppliedDecision {
  readonly decision: AltDecision;
  /**
   * | | |
   * |---|---|
   * | `written` | the file has the text now |
   * | `there` | the file already had it |
   * | `changed` | the image is gone or has another text now: not changed |
   * | `refused` | the place cannot hold the text, or the edit would have changed more than it: not changed |
   */
  readonly outcome: 'written' | 'there' | 'changed' | 'refused';
}

export interface Applied {
  readonly decisions: readonly AppliedDecision[];
  /** Files that were not written. */
  readonly problems: readonly FileProblem[];
}

export interface ApplyOptions extends FindOptions, WriteOptions {
  /** Files that may be written; decisions about others are refused. Default: all. */
  readonly files?: readonly string[];
  /** Called after each file that was written. */
  readonly onWritten?: (file: string) => void;
  /** Stops between files with code `ABORTED`. */
  readonly signal?: AbortSignal;
}

/**
 * Writes decisions into files. Each file is read again, and only images whose text has not changed
 * since the decision are written. A file is replaced completely or not at all.
 *
 * @throws CaptionError `ABORTED`
 *
 * @example
 * const proposals = await proposeAlts(images, loadCaptioner);
 * await applyAlts(proposals.map(decisionOf));
 */
export async function applyAlts(
  decisions: readonly AltDecision[],
  options: ApplyOptions = {},
): Promise<Applied> {
  const allowed = options.files && new Set(options.files.map((file) => resolve(file)));
  const byFile = new Map<string, AltDecision[]>();
  const applied: AppliedDecision[] = [];
  const problems: FileProblem[] = [];
  for (const decision of decisions) {
    if (decision.decision === 'skip') continue;
    if (allowed && !allowed.has(resolve(decision.file))) {
      applied.push({ decision, outcome: 'refused' });
      continue;
    }
    const others = byFile.get(decision.file);
    if (others) others.push(decision);
    else byFile.set(decision.file, [decision]);
  }
  for (const [file, some] of byFile) {
    if (options.signal?.aborted) throw new CaptionError('ABORTED', 'Stopped.');
    try {
      applied.push(...(await applyToFile(file, some, options)));
    } catch (error) {
      if (!(error instanceof CaptionError)) throw error;
      problems.push({ file, error });
    }
  }
  return { decisions: applied, problems };
}

async function applyToFile(
  file: string,
  decisions: readonly AltDecision[],
  options: ApplyOptions,
): Promise<AppliedDecision[]> {
  const { source, images } = await imagesOfFile(file, options);
  const byKey = new Map(images.map((image) => [keyOf(image), image]));
  const outcomes = new Map<AltDecision, AppliedDecision['outcome']>();
  const writes = new Map<FoundImage, AltDecision>();
  for (const decision of decisions) {
    const image = byKey.get(keyOf(decision));
    const alt = onOneLine(decision.decision === 'decorative' ? '' : (decision.alt ?? ''));
    if (image && image.alt === alt) outcomes.set(decision, 'there');
    else if (!image || image.alt !== decision.was) outcomes.set(decision, 'changed');
    else writes.set(image, decision);
  }
  const wanted = [...writes].map(([use, { decision, alt }]) => ({
    use,
    alt: decision === 'decorative' ? '' : (alt ?? ''),
  }));
  const { text, written } = await applyToText(source, wanted, options);
  if (text !== source.text) {
    await replaceText(file, source.text, text);
    options.onWritten?.(file);
  }
  const done = new Set(written.map(({ use }) => use));
  for (const [image, decision] of writes) {
    outcomes.set(decision, done.has(image) ? 'written' : 'refused');
  }
  return decisions.map((decision) => ({ decision, outcome: outcomes.get(decision) ?? 'refused' }));
}

function keyOf({ kind, src, occurrence }: Pick<FoundImage, 'kind' | 'src' | 'occurrence'>): string {
  return `${kind} ${occurrence} ${src}`;
}
