import { type Fields, isObject } from '../lambda/event-fields.js';
import { decodeKey, type Job, makeJob, malformed, readJob } from './job.js';

/** How deep envelopes may be nested: an S3 event in SNS in SQS is two. */
const DEEPEST = 4;

/**
 * The photos that an event or a message's body is about: an S3 notification, an S3 event of
 * EventBridge, either of them in an SNS envelope, or a job of our own. Empty for events that are not
 * about a new object, such as the one with which S3 tests a destination.
 *
 * @throws JobError `INVALID_INPUT`, `INVALID_OPTION`
 */
export function jobsOf(event: unknown, depth = 0): readonly Job[] {
  if (!isObject(event)) throw malformed('it is no JSON object');
  if (depth > DEEPEST) throw malformed('its envelopes are nested too deep');
  if (event.Event === 's3:TestEvent') return [];
  if (Array.isArray(event.Records)) {
    return event.Records.flatMap((record: unknown) => jobsOfRecord(record, depth));
  }
  // SNS without "raw message delivery", in SQS.
  if (event.Type === 'Notification' && typeof event.Message === 'string') {
    return jobsOf(parseJson(event.Message), depth + 1);
  }
  if ('detail-type' in event) return jobOfEventBridge(event);
  return [readJob(event)];
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('it is no JSON');
  }
}

function jobsOfRecord(record: unknown, depth: number): readonly Job[] {
  if (!isObject(record)) throw malformed('its "Records" must be objects');
  const { Sns: sns } = record;
  if (isObject(sns) && typeof sns.Message === 'string') {
    return jobsOf(parseJson(sns.Message), depth + 1);
  }
  const { s3, eventName = '' } = record;
  if (!isObject(s3)) throw malformed('its records are neither of S3 nor of SNS');
  // Stores that are compatible with S3 (MinIO, Ceph) write the type with its prefix.
  if (!/^(s3:)?(ObjectCreated:|ObjectRestore:Completed)/.test(String(eventName))) return [];
  const { bucket, object } = s3;
  if (!isObject(bucket) || !isObject(object)) throw malformed('"s3" needs "bucket" and "object"');
  return [
    makeJob({
      bucket: bucket.name,
      key: decodeKey(object.key),
      versionId: object.versionId,
      etag: object.eTag,
      sequencer: object.sequencer,
    }),
  ];
}

/** EventBridge writes keys as they are, S3 notifications URL-encoded. */
function jobOfEventBridge({ source, detail, 'detail-type': type }: Fields): readonly Job[] {
  if (source !== 'aws.s3' || !isObject(detail)) {
    throw malformed('it is an event of EventBridge, but not of S3');
  }
  if (type !== 'Object Created' && type !== 'Object Restore Completed') return [];
  const { bucket, object } = detail;
  if (!isObject(bucket) || !isObject(object))
    throw malformed('"detail" needs "bucket" and "object"');
  return [
    makeJob({
      bucket: bucket.name,
      key: object.key,
      versionId: object['version-id'],
      etag: object.etag,
      sequencer: object.sequencer,
    }),
  ];
}
