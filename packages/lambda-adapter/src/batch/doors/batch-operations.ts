import { isObject } from '../../lambda/event-fields.js';
import type { Outcome } from '../caption-object.js';
import { decodeKey, JobError, jobOptions, makeJob, malformed } from '../job.js';
import type { Worker } from '../worker.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html */
export interface BatchOperationsAnswer {
  readonly invocationSchemaVersion: string;
  readonly treatMissingKeysAs: 'TemporaryFailure';
  readonly invocationId: unknown;
  readonly results: readonly BatchOperationsResult[];
}

export interface BatchOperationsResult {
  readonly taskId: unknown;
  readonly resultCode: 'Succeeded' | 'TemporaryFailure' | 'PermanentFailure';
  /** The caption, or the error's code and message. Stands in the report of the job. */
  readonly resultString: string;
}

export interface BatchOperationsEvent {
  readonly invocationSchemaVersion: string;
  readonly invocationId: unknown;
  readonly job?: unknown;
  readonly tasks: readonly unknown[];
}

export function isBatchOperations(event: unknown): event is BatchOperationsEvent {
  return (
    isObject(event) &&
    typeof event.invocationSchemaVersion === 'string' &&
    Array.isArray(event.tasks)
  );
}

/**
 * Tasks of S3 Batch Operations, of schema 1.0 (with a bucket's ARN) and 2.0 (with its name, and with
 * the job's user arguments, which are options of the caption here).
 */
export async function answerBatchOperations(
  { invocationSchemaVersion, invocationId, job, tasks }: BatchOperationsEvent,
  worker: Worker,
): Promise<BatchOperationsAnswer> {
  const options = isObject(job) ? (job.userArguments ?? undefined) : undefined;
  return {
    invocationSchemaVersion,
    invocationId,
    treatMissingKeysAs: 'TemporaryFailure',
    results: await Promise.all(tasks.map((task) => taskResult(task, options, worker))),
  };
}

async function taskResult(
  task: unknown,
  options: unknown,
  worker: Worker,
): Promise<BatchOperationsResult> {
  const { taskId } = isObject(task) ? task : { taskId: null };
  try {
    return { taskId, ...told(await worker.one(jobOf(task, options))) };
  } catch (error) {
    const resultCode = error instanceof JobError ? 'PermanentFailure' : 'TemporaryFailure';
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { taskId, resultCode, resultString: short(`${name}: ${message}`) };
  }
}

function jobOf(task: unknown, options: unknown) {
  if (!isObject(task)) throw malformed('its "tasks" must be objects');
  const { s3Bucket, s3BucketArn, s3Key, s3VersionId } = task;
  return {
    ...makeJob({
      bucket: s3Bucket ?? bucketOf(s3BucketArn),
      key: decodeKey(s3Key),
      versionId: s3VersionId,
    }),
    ...(options !== undefined && { options: jobOptions(options) }),
  };
}

/** `arn:aws:s3:::photos`; an example of Amazon's has region and account as well. */
function bucketOf(arn: unknown): string {
  const [, bucket] = /^arn:[^:]+:s3:[^:]*:[^:]*:([^:/]+)$/.exec(String(arn)) ?? [];
  if (!bucket) throw malformed('a task needs "s3Bucket" or the "s3BucketArn" of a bucket');
  return bucket;
}

function told({ done, result }: Outcome): Omit<BatchOperationsResult, 'taskId'> {
  if (!result) return { resultCode: 'Succeeded', resultString: done };
  if (result.status === 'captioned') {
    return { resultCode: 'Succeeded', resultString: short(result.caption) };
  }
  const { code, message } = result.error;
  return { resultCode: 'PermanentFailure', resultString: short(`${code}: ${message}`) };
}

/** A report has one line of a table for each task. */
function short(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
