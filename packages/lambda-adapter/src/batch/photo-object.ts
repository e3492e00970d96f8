import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { awsError, loadS3 } from './aws-sdk.js';
import type { Job } from './job.js';
import type { PhotoFault, PhotoSource } from './photo-result.js';
import { SOURCE } from './s3-results.js';
import { TransientError } from './transient-error.js';

/** An object whose head has come and whose body has not been read. */
export interface OpenObject {
  readonly source: PhotoSource;
  /** Bytes, as S3 says. */
  readonly size: number;
  /** True if a batch of zipcaption wrote it: a result, not a photo. */
  readonly isResult: boolean;
  /** @throws TransientError `READ_FAILED` */
  read(signal: AbortSignal): Promise<Uint8Array>;
  /** To be called instead of `read`. */
  close(): void;
}

/** The object is not there, or not to be read: final until it changes. */
export interface MissingObject {
  readonly source: PhotoSource;
  readonly fault: PhotoFault;
}

export interface ObjectReader {
  open(job: Job, signal: AbortSignal): Promise<OpenObject | MissingObject>;
}

/** Reads photos from S3; the body is left unread until its size is known. */
export function createObjectReader(client: S3Client, requesterPays: boolean): ObjectReader {
  const { GetObjectCommand } = loadS3();
  return {
    async open(job, signal) {
      const { bucket, key, versionId } = job;
      let answer: GetObjectCommandOutput;
      try {
        answer = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            ...(versionId && { VersionId: versionId }),
            ...(requesterPays && { RequestPayer: 'requester' }),
          }),
          { abortSignal: signal },
        );
      } catch (error) {
        const fault = faultOf(error, job);
        if (fault) return { source: missing(job), fault };
        const { name, status } = awsError(error);
        throw new TransientError(
          name || 'READ_FAILED',
          `Cannot read s3://${bucket}/${key} (${name}, ${status}).${hint(status)}`,
          { cause: error },
        );
      }
      return opened(job, answer);
    },
  };
}

function opened(job: Job, answer: GetObjectCommandOutput): OpenObject {
  const body = answer.Body as unknown as Readable | undefined;
  const versionId = answer.VersionId && answer.VersionId !== 'null' ? answer.VersionId : null;
  const etag = answer.ETag?.replaceAll('"', '') ?? null;
  const size = answer.ContentLength;
  if (size === undefined) {
    close(body);
    throw new TransientError(
      'READ_FAILED',
      `The answer for s3://${job.bucket}/${job.key} does not say how many bytes it has (Content-Length).`,
    );
  }
  // The event may have been about another version than the one that is there now.
  const isOfEvent = job.versionId ? job.versionId === versionId : job.etag === etag;
  return {
    source: {
      bucket: job.bucket,
      key: job.key,
      versionId,
      etag,
      lastModified: answer.LastModified?.toISOString() ?? null,
      sequencer: isOfEvent ? (job.sequencer ?? null) : null,
    },
    size,
    isResult: answer.Metadata?.[SOURCE] !== undefined,
    async read(signal) {
      const bytes = new Uint8Array(size);
      let at = 0;
      const stop = () => body?.destroy(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      try {
        for await (const chunk of body ?? []) {
          bytes.set(chunk, at);
          at += chunk.length;
        }
      } catch (cause) {
        throw brokenOff(job, at, size, cause);
      } finally {
        signal.removeEventListener('abort', stop);
      }
      if (at !== size) throw brokenOff(job, at, size);
      return bytes;
    },
    close: () => close(body),
  };
}

function close(body: Readable | undefined): void {
  body?.on('error', () => undefined);
  body?.destroy();
}

function brokenOff({ bucket, key }: Job, at: number, size: number, cause?: unknown) {
  return new TransientError(
    'READ_FAILED',
    `Reading s3://${bucket}/${key} broke off after ${at} of ${size} bytes.`,
    { cause },
  );
}

function missing({ bucket, key, versionId, etag }: Job): PhotoSource {
  const told = { versionId: versionId ?? null, etag: etag ?? null };
  return { bucket, key, ...told, lastModified: null, sequencer: null };
}

function faultOf(error: unknown, { bucket, key }: Job): PhotoFault | undefined {
  const { name, status } = awsError(error);
  // A version that is a delete marker is answered 405.
  if (['NoSuchKey', 'NoSuchVersion', 'NotFound'].includes(name) || status === 405) {
    return {
      code: 'FILE_NOT_FOUND',
      message: `There is no object s3://${bucket}/${key} any more.`,
    };
  }
  if (name === 'InvalidObjectState') {
    const message = `s3://${bucket}/${key} is archived. Restore it, then send its job again.`;
    return { code: 'OBJECT_ARCHIVED', message };
  }
  return undefined;
}

function hint(status: number): string {
  return status === 403
    ? ' May the function’s role read it (s3:GetObject, s3:GetObjectVersion, kms:Decrypt) and list the bucket (s3:ListBucket, without which a missing object looks forbidden)?'
    : '';
}
