import { CaptionError } from '../../index.js';
import { isDataUrl } from '../../input/data-url.js';
import { explain } from '../../node/system-error.js';
import { inOrder } from '../../pool/in-order.js';
import type { BatchSource } from './batch-sources.js';
import { hashFile, type PhotoState, photoState } from './photo-state.js';
import type { Standing } from './result-index.js';
import type { ResultStore } from './result-store.js';

/** Photos whose files are looked at ahead of the one that is captioned. */
const LOOK_AHEAD = 32;

/** A photo to caption. */
export interface Job {
  readonly source: BatchSource;
  /** Of a file, as it was before it was read. */
  readonly state: PhotoState | undefined;
  /** Why there is nothing to caption. */
  readonly error?: CaptionError;
}

/** Photos that are left out. */
export interface LeftOut {
  /** They have a caption. */
  done: number;
  /** They failed before, and --retry-failed was not given. */
  failed: number;
  /** They have a sidecar, and neither --resume nor --overwrite was given. */
  existing: number;
}

/**
 * Looks at each photo's file and at what an earlier run left of it, and yields those that are to be
 * captioned, in their order.
 *
 * @param leftOut  counts the others
 * @param stopping ends the photos early
 */
export async function* jobsToDo(
  sources: AsyncIterable<BatchSource>,
  store: Pick<ResultStore, 'lookUp' | 'needsHash'>,
  { retryFailed }: { retryFailed: boolean },
  leftOut: LeftOut,
  stopping: AbortSignal,
): AsyncGenerator<Job, void, undefined> {
  const look = (source: BatchSource) => lookAt(source, store);
  try {
    for await (const { job, standing } of inOrder(sources, LOOK_AHEAD, look, stopping)) {
      if (standing === 'done') leftOut.done++;
      else if (standing === 'exists') leftOut.existing++;
      else if (standing === 'failed' && !retryFailed) leftOut.failed++;
      else yield job;
    }
  } catch (error) {
    if (!(error instanceof CaptionError) || error.code !== 'ABORTED') throw error;
  }
}

async function lookAt(
  source: BatchSource,
  store: Pick<ResultStore, 'lookUp' | 'needsHash'>,
): Promise<{ job: Job; standing: Standing }> {
  let state: PhotoState | undefined;
  let error: CaptionError | undefined;
  if (source.kind === 'file' && !isDataUrl(String(source.path))) {
    try {
      state = await photoState(source.path, { onlyFiles: source.listed === true });
      // A pipe has no bytes yet, and who reads it takes its photo away.
      if (state.bytes > 0 && store.needsHash(source)) {
        state = { ...state, sha256: await hashFile(source.path) };
      }
    } catch (cause) {
      error = new CaptionError('FILE_NOT_FOUND', `The photo cannot be read: ${explain(cause)}.`, {
        cause,
      });
    }
  }
  const standing = await store.lookUp(source, state);
  return { job: { source, state, ...(error && { error }) }, standing };
}
