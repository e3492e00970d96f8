import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { PhotoResult } from '../../src/batch/index.js';
import type { Aws } from './aws.js';
import { each, type Photo } from './photos.js';
import type { Queue } from './poller.js';
import { tableItems } from './resources.js';

/** Counts the results, the writes of each, and the dead letters, and says what is not as it must be. */
export async function judge(
  aws: Aws,
  photos: readonly Photo[],
  poison: number,
  dead: Queue,
  memory: readonly number[],
): Promise<{ lines: [string, string | number][]; wrong: string[] }> {
  const wrong: string[] = [];
  const versions = await resultVersions(aws);
  const items = await tableItems(aws, 'chaos');
  const byPhoto = new Map(items.map((item) => [item.photo?.S, item]));
  const counts: Record<string, number> = {};
  await each(photos.length, 8, async (index) => {
    const photo = photos[index];
    if (!photo) return;
    const name = `captions/${photo.key}.json`;
    const writes = versions.get(name) ?? 0;
    versions.delete(name);
    const item = byPhoto.get(`s3://chaos-photos/${photo.key}`);
    const most = photo.fate === 'forbidden' ? 0 : photo.fate === 'overwritten' ? 2 : 1;
    if (writes > most) wrong.push(`${name} was written ${writes} times.`);
    if (photo.fate === 'forbidden') {
      if (item) wrong.push(`${name} has an item, although it cannot be read.`);
      return;
    }
    if (writes === 0 || !item) return void wrong.push(`${name} has no result.`);
    const { Body } = await aws.s3.send(
      new GetObjectCommand({ Bucket: 'chaos-results', Key: name }),
    );
    const text = (await Body?.transformToString()) ?? '';
    if (item.result?.S !== text.trim()) wrong.push(`${name} and its item differ.`);
    const result = JSON.parse(text) as PhotoResult;
    const kind = result.status === 'captioned' ? 'captioned' : result.error.code;
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (!isAsExpected(photo, result)) wrong.push(`${name} (${photo.fate}) is ${text}`);
  });
  for (const name of versions.keys()) {
    if (!name.startsWith('captions/warm/')) wrong.push(`${name} is a result of nothing.`);
  }
  const letters = await deadLetters(aws, dead);
  const forbidden = letters.filter(
    (body) => body.includes('forbidden%2F') || body.includes('forbidden/'),
  );
  const others = letters.length - forbidden.length;
  const unread = photos.filter(({ fate }) => fate === 'forbidden').length;
  if (others !== poison)
    wrong.push(`${others} dead letters besides forbidden ones, not ${poison}.`);
  if (forbidden.length < unread)
    wrong.push(`${forbidden.length} forbidden dead letters of ${unread}.`);
  // Model, code and heap have settled by a third of the run.
  const third = Math.floor(memory.length / 3);
  const [early, late] = [memory.slice(third, 2 * third), memory.slice(-third)].map(median);
  const growth = (late ?? 0) - (early ?? 0);
  if (growth > 40e6) wrong.push(`The function grew by ${mb(growth)}.`);
  return {
    wrong,
    lines: [
      ...Object.entries(counts).map(([kind, count]): [string, number] => [
        `results ${kind}`,
        count,
      ]),
      ['results in all, of photos that can be read', `${photos.length - unread}`],
      ['items in DynamoDB', items.length - 20],
      ['dead letters: no jobs, unreadable photos', `${others}, ${forbidden.length}`],
      ['memory of the function, middle and end', `${mb(early ?? 0)}, ${mb(late ?? 0)}`],
    ],
  };
}

function isAsExpected({ fate, etag }: Photo, result: PhotoResult): boolean {
  const isCaptioned = result.status === 'captioned' && result.photo.etag === etag;
  if (fate === 'sound' || fate === 'overwritten') return isCaptioned;
  if (result.status !== 'failed') return false;
  if (fate === 'deleted') return result.error.code === 'FILE_NOT_FOUND';
  return ['UNSUPPORTED_FORMAT', 'DECODE_FAILED'].includes(result.error.code);
}

async function resultVersions(aws: Aws): Promise<Map<string, number>> {
  const versions = new Map<string, number>();
  let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (;;) {
    const page = await aws.s3.send(
      new ListObjectVersionsCommand({ Bucket: 'chaos-results', ...markers }),
    );
    for (const { Key = '' } of page.Versions ?? []) versions.set(Key, (versions.get(Key) ?? 0) + 1);
    if (!page.IsTruncated || !page.NextKeyMarker) return versions;
    markers = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextVersionIdMarker && { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
}

async function deadLetters(aws: Aws, { url }: Queue): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = (await aws.json('AmazonSQS.ReceiveMessage', {
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 3600,
    })) as { Messages?: { Body: string }[] };
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body }) => Body));
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
