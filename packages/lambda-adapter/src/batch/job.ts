import { HttpError } from '../http/problem.js';
import { type RequestOptions, readOptions } from '../http/request-options.js';
import { InvocationError } from '../lambda/direct.js';
import { type Fields, isObject } from '../lambda/event-fields.js';

/** One photo to caption. */
export interface Job {
  readonly bucket: string;
  /** As S3 has it, not URL-encoded. */
  readonly key: string;
  /** Default: the current version. */
  readonly versionId?: string;
  /** What is known of the object before it is read, without quotation marks. */
  readonly etag?: string;
  /** Of an event: hexadecimal, larger for later changes of the same key. */
  readonly sequencer?: string;
  readonly options?: RequestOptions;
}

/** A job that no retry makes sense of. SQS moves its message to the dead-letter queue. */
export class JobError extends InvocationError {}

const members = new Set(['bucket', 'key', 'versionId', 'etag', 'options']);

/**
 * Reads a job of our own form: `{ bucket, key, versionId?, etag?, options? }`.
 *
 * @throws JobError `INVALID_INPUT`, `INVALID_OPTION`
 */
export function readJob(value: Fields): Job {
  const unknown = Object.keys(value).find((name) => !members.has(name));
  if (unknown !== undefined) {
    throw malformed(
      `it has an unknown member "${unknown.slice(0, 60)}"; known are ${[...members].join(', ')}`,
    );
  }
  const { bucket, key, versionId, etag, options } = value;
  return makeJob({ bucket, key, versionId, etag, options: options ?? undefined });
}

/** A job from what an event says of an object, checked. */
export function makeJob(object: {
  readonly bucket: unknown;
  readonly key: unknown;
  readonly versionId?: unknown;
  readonly etag?: unknown;
  readonly sequencer?: unknown;
  readonly options?: unknown;
}): Job {
  const { bucket, key, options } = object;
  if (typeof bucket !== 'string' || bucket === '') throw malformed('"bucket" must be a text');
  if (typeof key !== 'string' || key === '') throw malformed('"key" must be a text');
  const versionId = optionalText('versionId', object.versionId);
  const etag = optionalText('etag', object.etag)?.replaceAll('"', '');
  const sequencer = optionalText('sequencer', object.sequencer);
  return {
    bucket,
    key,
    ...(versionId && { versionId }),
    ...(etag && { etag }),
    ...(sequencer && { sequencer }),
    ...(options !== undefined && { options: jobOptions(options) }),
  };
}

/**
 * A key as S3 notifications, inventories and S3 Batch Operations write it: URL-encoded, a space as `+`.
 *
 * @throws JobError `INVALID_INPUT`
 */
export function decodeKey(encoded: unknown): string {
  if (typeof encoded !== 'string') throw malformed('"key" must be a text');
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw malformed(`its key "${encoded.slice(0, 100)}" is not URL-encoded`);
  }
}

export function malformed(what: string): JobError {
  return new JobError({
    code: 'INVALID_INPUT',
    detail: `The job is malformed: ${what}. Expected is { "bucket", "key", "versionId"?, "options"? }, an S3 notification, or an S3 event of EventBridge or SNS.`,
  });
}

export function jobOptions(options: unknown): RequestOptions {
  if (!isObject(options)) throw malformed('"options" must be an object');
  try {
    return readOptions(Object.entries(options));
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new JobError({ code: error.code, detail: error.message });
  }
}

function optionalText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw malformed(`"${name}" must be a text`);
  return value;
}
