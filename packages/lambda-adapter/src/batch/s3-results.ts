import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { awsError, loadS3 } from './aws-sdk.js';
import type { PhotoResult, PhotoSource } from './photo-result.js';
import type { Kept, PhotoAddress, ResultStore } from './result-store.js';
import { TransientError } from './transient-error.js';

/** Metadata that marks our objects: photos never have it, results are never captioned. */
export const SOURCE = 'zipcaption-source';
const [VERSION, ETAG, MODIFIED, SEQUENCER, CODE] = [
  'zipcaption-version',
  'zipcaption-etag',
  'zipcaption-modified',
  'zipcaption-sequencer',
  'zipcaption-error',
] as const;

export interface S3ResultsOptions {
  /** `{bucket}` in it stands for the photo's bucket. */
  readonly bucket: string;
  readonly prefix: string;
  /** `json`: the whole result. `txt`: the caption alone, empty for a photo that has none. */
  readonly form: 'json' | 'txt';
  readonly kmsKey?: string | undefined;
  /** Pay for the calls where the bucket's owner asks for it. Other buckets ignore it. */
  readonly requesterPays?: boolean;
}

/** S3's limit for a key, in bytes of UTF-8. */
const LONGEST_KEY = 1024;

/** The name of a photo's result; beyond S3's limit the key is replaced by its SHA-256. */
export function resultKey(prefix: string, key: string, form: string): string {
  const name = `${prefix}${key}.${form}`;
  if (Buffer.byteLength(name) <= LONGEST_KEY) return name;
  return `${prefix}${createHash('sha256').update(key).digest('hex')}.${form}`;
}

/** One object for each photo: `PREFIX/KEY.json` or `PREFIX/KEY.txt`. */
export function createS3Results(client: S3Client, options: S3ResultsOptions): ResultStore {
  const { GetObjectCommand, PutObjectCommand } = loadS3();
  const { form, kmsKey, requesterPays } = options;
  const place = ({ bucket, key }: PhotoAddress) => ({
    Bucket: options.bucket.replaceAll('{bucket}', bucket),
    Key: resultKey(options.prefix.replaceAll('{bucket}', bucket), key, form),
    ...(requesterPays && { RequestPayer: 'requester' as const }),
  });
  const name = `s3://${options.bucket}/${options.prefix}`;
  return {
    name,
    async find(photo, abortSignal) {
      const at = place(photo);
      try {
        const answer = await client.send(new GetObjectCommand(at), { abortSignal });
        const text = (await answer.Body?.transformToString()) ?? '';
        return keptFrom(answer.Metadata ?? {}, answer.ETag ?? '', photo, at, {
          ...(form === 'json' && { text }),
        });
      } catch (error) {
        const { name } = awsError(error);
        if (name === 'NoSuchKey' || name === 'NotFound') return undefined;
        throw storeError('read', at, error);
      }
    },
    async put(result, over, abortSignal) {
      const at = place(result.photo);
      const body = Buffer.from(form === 'json' ? `${JSON.stringify(result)}\n` : captionOf(result));
      try {
        await client.send(
          new PutObjectCommand({
            ...at,
            ...(over ? { IfMatch: over.token } : { IfNoneMatch: '*' }),
            Body: body,
            ContentLength: body.length,
            ContentType: form === 'json' ? 'application/json' : 'text/plain; charset=utf-8',
            Metadata: metadata(result),
            ...(kmsKey && { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKey }),
          }),
          { abortSignal },
        );
        return true;
      } catch (error) {
        const { status } = awsError(error);
        // 412: something else is there. 409: somebody else is writing. 404: what was to be replaced is gone.
        if (status === 412 || status === 409 || (over && status === 404)) return false;
        throw storeError('write', at, error);
      }
    },
  };
}

function captionOf(result: PhotoResult): string {
  return result.status === 'captioned' ? `${result.caption}\n` : '';
}

/** Metadata travels in headers: ASCII only, so that keys are told by their SHA-256. */
function metadata(result: PhotoResult): Record<string, string> {
  const { versionId, etag, lastModified, sequencer } = result.photo;
  return {
    [SOURCE]: sourceId(result.photo),
    ...(versionId && { [VERSION]: versionId }),
    ...(etag && { [ETAG]: etag }),
    ...(lastModified && { [MODIFIED]: lastModified }),
    ...(sequencer && { [SEQUENCER]: sequencer }),
    ...(result.status === 'failed' && { [CODE]: result.error.code }),
  };
}

function sourceId({ bucket, key }: PhotoAddress): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex');
}

function keptFrom(
  tags: Readonly<Record<string, string>>,
  token: string,
  photo: PhotoAddress,
  at: { readonly Bucket: string; readonly Key: string },
  { text }: { readonly text?: string },
): Kept {
  if (tags[SOURCE] !== sourceId(photo)) {
    throw new TransientError(
      'RESULT_CONFLICT',
      `s3://${at.Bucket}/${at.Key} is there and is not a result of s3://${photo.bucket}/${photo.key}. Photos of several buckets need {bucket} in ZIPCAPTION_RESULTS, as in s3://results/{bucket}; otherwise choose another prefix.`,
    );
  }
  const result = text === undefined ? undefined : parsed(text);
  return {
    photo: {
      bucket: photo.bucket,
      key: photo.key,
      versionId: tags[VERSION] ?? null,
      etag: tags[ETAG] ?? null,
      lastModified: tags[MODIFIED] ?? null,
      sequencer: tags[SEQUENCER] ?? null,
    } satisfies PhotoSource,
    code: tags[CODE] ?? null,
    token,
    ...(result && { result }),
  };
}

function parsed(text: string): PhotoResult | undefined {
  try {
    return JSON.parse(text) as PhotoResult;
  } catch {
    return undefined;
  }
}

function storeError(
  verb: 'read' | 'write',
  at: { readonly Bucket: string; readonly Key: string },
  error: unknown,
): unknown {
  if (error instanceof TransientError) return error;
  const { name, status } = awsError(error);
  const hint =
    status === 403
      ? ' The function’s role needs s3:GetObject and s3:PutObject on results, s3:ListBucket on their bucket, and for a KMS key kms:Decrypt and kms:GenerateDataKey.'
      : '';
  return new TransientError(
    name || 'STORE_FAILED',
    `Cannot ${verb} s3://${at.Bucket}/${at.Key} (${name}, ${status}).${hint}`,
    { cause: error },
  );
}
