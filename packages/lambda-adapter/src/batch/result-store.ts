import type { PhotoResult, PhotoSource } from './photo-result.js';
import { TransientError } from './transient-error.js';

/** Where a photo's result lies: it belongs to a bucket and key, and is about one version. */
export type PhotoAddress = Pick<PhotoSource, 'bucket' | 'key'>;

/** A result that a store holds. */
export interface Kept {
  readonly photo: PhotoSource;
  /** Code of its error, if it is one. */
  readonly code: string | null;
  /** Names this state of the store: a write over it succeeds only while it lasts. */
  readonly token: string;
  /** The whole result, from stores that hold it. */
  readonly result?: PhotoResult;
}

/** Keeps one result for each photo. */
export interface ResultStore {
  readonly name: string;
  find(photo: PhotoAddress, signal: AbortSignal): Promise<Kept | undefined>;
  /**
   * Writes a result if nothing is there (`over` undefined) or if what is there is still `over`.
   *
   * @returns false if somebody else was faster
   */
  put(result: PhotoResult, over: Kept | undefined, signal: AbortSignal): Promise<boolean>;
}

/** `already`: the same version's result is there. `superseded`: a newer version's is. */
export type Keeping = 'stored' | 'already' | 'superseded';

/** Codes of results that hold only as long as the object stays as it is: asked again, it is read again. */
const provisional: ReadonlySet<string> = new Set([
  'FILE_NOT_FOUND',
  'OBJECT_ARCHIVED',
  'INVALID_OPTION',
]);

/** True if what is kept is the last word on this version of the photo. */
export function isSettled(kept: Kept | undefined, version: Partial<PhotoSource>): boolean {
  if (!kept || (kept.code !== null && provisional.has(kept.code))) return false;
  if (version.versionId) return kept.photo.versionId === version.versionId;
  return Boolean(version.etag) && kept.photo.etag === version.etag;
}

/** Two workers take turns at most this often over one photo; more means that the store is at fault. */
const ATTEMPTS = 6;

/**
 * Stores a result once: the first of two workers with the same photo wins, and an older version never
 * replaces a newer one's result.
 *
 * @param seen what the store held when the photo was begun
 * @throws TransientError `STORE_BUSY`
 */
export async function keepOnce(
  store: ResultStore,
  result: PhotoResult,
  seen: Kept | undefined,
  signal: AbortSignal,
): Promise<Keeping> {
  let kept = seen;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) kept = await store.find(result.photo, signal);
    const standing = kept && compare(result, kept);
    if (standing) return standing;
    if (await store.put(result, kept, signal)) return 'stored';
  }
  throw new TransientError(
    'STORE_BUSY',
    `The result of s3://${result.photo.bucket}/${result.photo.key} changed in ${store.name} at each of ${ATTEMPTS} attempts to write it.`,
  );
}

/** Undefined if the result replaces what is kept. */
function compare(result: PhotoResult, kept: Kept): Keeping | undefined {
  if (isSettled(kept, result.photo)) return 'already';
  const { photo } = result;
  // An object that is not there says nothing about the version that was captioned.
  const isRead = photo.lastModified !== null;
  if (!isRead) return kept.photo.etag === photo.etag ? 'already' : 'superseded';
  return isOlder(photo, kept.photo) ? 'superseded' : undefined;
}

function isOlder(photo: PhotoSource, kept: PhotoSource): boolean {
  if (photo.sequencer && kept.sequencer && photo.sequencer !== kept.sequencer) {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    const digits = Math.max(photo.sequencer.length, kept.sequencer.length);
    return photo.sequencer.padEnd(digits, '0') < kept.sequencer.padEnd(digits, '0');
  }
  return Boolean(photo.lastModified && kept.lastModified && photo.lastModified < kept.lastModified);
}
