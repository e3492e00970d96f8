import type { AltSettings } from './alt-settings.js';
import type { AltResult, Listed } from './formats/alt-result.js';

const count = (number: number, one: string, many: string) =>
  `${number} ${number === 1 ? one : many}`;

/** What was found and done, in one sentence for people. */
export function summary({ images, files, task }: AltResult): string {
  const where = `in ${count(files, 'file', 'files')}`;
  const outcomes = images.filter(({ outcome }) => outcome !== undefined);
  const written = outcomes.filter(({ outcome }) => outcome === 'written').length;
  if (task === 'apply') {
    return `${count(images.length, 'decision', 'decisions')}: ${written} written.`;
  }
  if (files === 0) return 'no file was read.';
  if (images.length === 0) return `every image ${where} has an alternative text or needs none.`;
  const lacking = `${count(images.length, 'image', 'images')} without alternative text ${where}`;
  if (task === 'check') return `${lacking}.`;
  const drafts = images.filter(hasDraft).length;
  const parts = [
    ...(drafts > 0 ? [count(drafts, 'draft', 'drafts')] : []),
    ...(outcomes.length > 0 ? [`${written} written`] : []),
  ];
  return parts.length > 0 ? `${lacking}: ${parts.join(', ')}.` : `${lacking}, no draft.`;
}

/** What is left of a run that was stopped. */
export function stopped({ cache, task }: AltSettings, written: readonly string[]): string {
  const pages =
    written.length > 0 ? `completely written: ${written.join(', ')}` : 'no page was changed';
  if (task === 'check' || task === 'apply') return `stopped: ${pages}.`;
  return cache
    ? `stopped: ${pages}. Captions made so far are cached; run the same command to continue.`
    : `stopped: ${pages}. With --resume, captions are cached and the next run continues.`;
}

function hasDraft(image: Listed): boolean {
  return image.draft !== undefined;
}
