import { isObject } from '../../lambda/event-fields.js';
import type { Outcome } from '../caption-object.js';
import { decodeKey, type Job, JobError, makeJob, malformed, readJob } from '../job.js';
import type { PhotoFault } from '../photo-result.js';
import type { Worker } from '../worker.js';

/** What a state machine gets of one photo: a line of the ResultWriter's file. */
export type PhotoLine = {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
} & (
  | {
      readonly status: 'captioned';
      readonly caption: string;
      readonly confidence: number;
      readonly tags?: readonly string[];
    }
  | {
      readonly status: 'failed';
      readonly error: { readonly code: PhotoFault['code']; readonly message: string };
    }
  | { readonly status: 'skipped' }
);

/** The items of a batch, as a Map state with an ItemBatcher sends them. */
interface ItemBatch {
  readonly Items: readonly unknown[];
  /** Holds for all items: `bucket`, `options`, and `keyEncoding: 'url'` for keys of an inventory. */
  readonly BatchInput?: unknown;
}

/** Tags of a line; the stored result has all of them. */
const TAGS = 5;

/** Step Functions takes 256 KiB of a task's result. */
const MOST_BYTES = 250_000;

export function isItemBatch(event: unknown): event is ItemBatch {
  return isObject(event) && Array.isArray(event.Items);
}

export function isItem(event: unknown): boolean {
  return isObject(event) && ('key' in event || 'Key' in event);
}

/** @throws TransientError, for the state machine to retry */
export async function answerItem(event: unknown, worker: Worker): Promise<PhotoLine> {
  const [line] = await answerItemBatch({ Items: [event] }, worker);
  if (!line) throw malformed('it is no item');
  return line;
}

/**
 * Lines in the order of the items. A photo that can never be captioned is a line with its error.
 *
 * @throws JobError if an item is none; TransientError after all other items are done and stored, so
 *   that the retry of the state machine has only the rest to do
 */
export async function answerItemBatch(
  { Items, BatchInput = {} }: ItemBatch,
  worker: Worker,
): Promise<readonly PhotoLine[]> {
  if (!isObject(BatchInput)) throw malformed('"BatchInput" must be an object');
  const items = Items.map((item) => ({ job: jobOf(item, BatchInput), isPhoto: isCurrent(item) }));
  const outcomes = await worker.all(items.filter(({ isPhoto }) => isPhoto).map(({ job }) => job));
  const left = outcomes.values();
  const lines = items.map(({ job, isPhoto }) => lineOf(job, isPhoto && left.next().value));
  const bytes = Buffer.byteLength(JSON.stringify(lines));
  if (bytes <= MOST_BYTES) return lines;
  throw new JobError({
    code: 'INVALID_INPUT',
    detail: `The results of ${lines.length} photos have ${bytes} bytes; Step Functions takes ${MOST_BYTES}. Make the batches smaller (MaxItemsPerBatch). The results are stored.`,
  });
}

const batchMembers = new Set(['bucket', 'options', 'keyEncoding']);

/** Reads an item: our own job, an entry of ListObjectsV2, or a line of an inventory or a table. */
function jobOf(item: unknown, batch: Readonly<Record<string, unknown>>): Job {
  const unknown = Object.keys(batch).find((name) => !batchMembers.has(name));
  if (unknown) throw malformed(`"BatchInput" has an unknown member "${unknown.slice(0, 60)}"`);
  const { keyEncoding = 'none' } = batch;
  if (keyEncoding !== 'none' && keyEncoding !== 'url') {
    throw malformed('"keyEncoding" must be "none" or "url"');
  }
  if (!isObject(item)) throw malformed('an item must be an object');
  const { bucket = batch.bucket, options = batch.options } = item;
  const decode = (key: unknown) => (keyEncoding === 'url' ? decodeKey(key) : key);
  if (!('Key' in item)) {
    const { key } = item;
    return readJob({ ...item, bucket, key: decode(key), options });
  }
  // `Etag` is how Step Functions writes it in a listing, `ETag` how an inventory does.
  return makeJob({
    bucket: item.Bucket ?? bucket,
    key: decode(item.Key),
    versionId: item.VersionId,
    etag: item.Etag ?? item.ETag,
    options: options ?? undefined,
  });
}

/** False for what an inventory lists besides photos: former versions and marks of deletion. */
function isCurrent(item: unknown): boolean {
  const { IsLatest, IsDeleteMarker } = item as Readonly<Record<string, unknown>>;
  return String(IsLatest ?? true) === 'true' && String(IsDeleteMarker ?? false) === 'false';
}

function lineOf({ bucket, key, versionId }: Job, outcome: Outcome | undefined | false): PhotoLine {
  const photo = { bucket, key, ...(versionId && { versionId }) };
  const result = outcome ? outcome.result : undefined;
  if (!result) return { ...photo, status: 'skipped' };
  if (result.status === 'failed') return { ...photo, status: 'failed', error: result.error };
  const { caption, confidence, tags } = result;
  return {
    ...photo,
    status: 'captioned',
    caption,
    confidence,
    ...(tags && { tags: tags.slice(0, TAGS).map(({ text }) => text) }),
  };
}
