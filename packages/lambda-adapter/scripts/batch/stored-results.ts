import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { PhotoResult } from '../../src/batch/index.js';
import { repositoryRoot } from '../repository-root.js';
import type { Aws } from './aws.js';
import { tableItems } from './resources.js';

/** Runs a proof and says how it ended. */
export type Check = (what: string, prove: () => Promise<unknown>) => Promise<void>;

/** A photo of the repository. */
export const sample = (name: string) => readFileSync(join(repositoryRoot, 'samples', name));

export const put = (aws: Aws, bucket: string, key: string, body: Buffer | string) =>
  aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));

/** What the proof's functions stored in S3 for a photo. */
export async function stored(aws: Aws, bucket: string, key: string): Promise<PhotoResult> {
  const Key = `captions/${bucket}/${key}.json`;
  const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: 'results', Key }));
  return JSON.parse((await Body?.transformToString()) ?? '') as PhotoResult;
}

export function truth(value: unknown, what: string): asserts value {
  if (!value) throw new Error(what);
}

/** Fails unless S3 and DynamoDB have the same caption of a photo. */
export async function captioned(aws: Aws, bucket: string, key: string): Promise<void> {
  const result = await stored(aws, bucket, key);
  truth(result.status === 'captioned' && / /.test(result.caption), JSON.stringify(result));
  const items = await tableItems(aws, 'results');
  const item = items.find(({ photo }) => photo?.S === `s3://${bucket}/${key}`);
  truth(item?.caption?.S === result.caption, `The item is ${JSON.stringify(item)}`);
}
