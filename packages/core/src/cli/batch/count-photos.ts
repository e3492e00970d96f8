import { nextTask } from '../../next-task.js';
import { batchSources, type SourceRequest } from './batch-sources.js';
import type { ResultIndex } from './result-index.js';

/** Photos counted between two turns for others. */
const AT_ONCE = 256;

/** How many photos there are, and how many of them have a result of an earlier run. */
export interface PhotoCount {
  readonly photos: number;
  readonly before: number;
}

/**
 * Counts the photos beside the work, so that the time left can be told. Nothing where they cannot be
 * listed twice, or when it is stopped.
 */
export async function countPhotos(
  request: SourceRequest,
  index: ResultIndex,
  settings: { readonly retryFailed: boolean },
  signal: AbortSignal,
): Promise<PhotoCount | undefined> {
  if (request.filesFrom === '-') return undefined;
  const first = index.size;
  const silent = { onMissing: async () => undefined, onUnread: () => undefined };
  let photos = 0;
  let before = 0;
  try {
    for await (const { name } of batchSources(request, silent)) {
      if (signal.aborted) return undefined;
      photos++;
      if (first > 0 && index.has(name, first, settings)) before++;
      if (photos % AT_ONCE === 0) await nextTask();
    }
  } catch {
    // Whoever captions them meets the same, and says so.
    return undefined;
  }
  return { photos, before };
}
