import type { CaptionErrorCode, CaptionResult } from 'zipcaption';
import { type CaptionJson, toJson } from '../http/answer.js';

/** Why a photo has no caption, for good. The core's codes, and one of S3's. */
export type PhotoErrorCode = CaptionErrorCode | 'OBJECT_ARCHIVED';

/** The object that a result is about, as it was when it was read. */
export interface PhotoSource {
  readonly bucket: string;
  readonly key: string;
  /** Null in buckets without versions. */
  readonly versionId: string | null;
  /** Without quotation marks; null if neither the event nor S3 told it. */
  readonly etag: string | null;
  /** ISO 8601; null for an object that was not there. */
  readonly lastModified: string | null;
  /** Of the event that asked for this version; orders versions of the same second. */
  readonly sequencer: string | null;
}

/** What is stored of a photo: its caption, or why it has none. The same photo gives the same bytes. */
export type PhotoResult = { readonly photo: PhotoSource } & (
  | ({ readonly status: 'captioned' } & Omit<CaptionJson, 'timings'>)
  | { readonly status: 'failed'; readonly error: PhotoFault }
);

export interface PhotoFault {
  readonly code: PhotoErrorCode;
  readonly message: string;
}

export function captioned(photo: PhotoSource, result: CaptionResult): PhotoResult {
  const { timings: _, ...rest } = toJson(result);
  return { photo, status: 'captioned', ...rest };
}

export function failed(photo: PhotoSource, error: PhotoFault): PhotoResult {
  return { photo, status: 'failed', error };
}
