import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaptionError } from 'zipcaption';
import { type BatchRig, startBatchRig } from '../../test/batch-rig.js';
import {
  batchOperationsV1,
  batchOperationsV2,
  inSns,
  s3EventBridge,
  s3Put,
  sqsBatch,
} from '../../test/events/object-events.js';
import { scriptedEngine } from '../../test/scripted-engine.js';

let rig: BatchRig;
beforeEach(async () => {
  rig = await startBatchRig();
});
afterEach(() => rig.close());

/** Reading `key` fails as it does without permission. */
const forbid = (key: string) => {
  rig.s3.intercept = (request) =>
    request === `GET photos/${key}` ? { status: 403, code: 'AccessDenied' } : undefined;
};

describe('a notification to the function itself', () => {
  const key = '2026/summer trip+dogs/café 1.jpg';
  const { versionId = '' } = s3Put.Records[0]?.s3.object ?? {};

  it('is answered when its photo is stored', async () => {
    for (const event of [s3Put, s3EventBridge, inSns(s3Put), inSns(s3EventBridge)]) {
      rig.s3.objects.clear();
      rig.s3.put(`photos/${key}`, 'x', { versionId });
      expect(await rig.handle(event)).toEqual({ photos: 1 });
      expect(rig.result(key)).toMatchObject({ status: 'captioned', photo: { versionId } });
    }
  });

  it('throws only what a retry can mend', async () => {
    expect(await rig.handle(s3Put)).toEqual({ photos: 1 });
    expect(rig.result(key)).toMatchObject({ error: { code: 'FILE_NOT_FOUND' } });
    expect(await rig.handle(inSns('hello'))).toEqual({ photos: 0 });
    expect(await rig.handle({ Event: 's3:TestEvent', Service: 'Amazon S3' })).toEqual({
      photos: 0,
    });
    forbid(key);
    await expect(rig.handle(s3Put)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('S3 Batch Operations', () => {
  const key = 'summer trip+dogs/café.jpg';

  it('gets the caption of each task, in schema 1.0 and 2.0', async () => {
    rig.s3.put(`photos/${key}`, 'x');
    for (const event of [batchOperationsV1, batchOperationsV2]) {
      expect(await rig.handle(event)).toEqual({
        invocationSchemaVersion: event.invocationSchemaVersion,
        invocationId: event.invocationId,
        treatMissingKeysAs: 'TemporaryFailure',
        results: [
          { taskId: 'dGFza2lkZ29lc2hlcmUK', resultCode: 'Succeeded', resultString: 'a dog runs' },
        ],
      });
    }
    rig.s3.objects.delete(`results/captions/${key}.json`);
    await rig.handle(batchOperationsV2);
    expect(rig.engine.calls.at(-1)?.options.numBeams).toBe(5);
  });

  it('may name the bucket with its region and account', async () => {
    rig.s3.put(`photos/${key}`, 'x');
    const [task] = batchOperationsV1.tasks;
    const run = async (s3BucketArn: string) =>
      rig.handle({ ...batchOperationsV1, tasks: [{ ...task, s3BucketArn }] });
    for (const arn of ['arn:aws:s3:us-east-1:0123456788:photos', 'arn:aws-cn:s3:::photos']) {
      expect(await run(arn)).toMatchObject({ results: [{ resultCode: 'Succeeded' }] });
    }
    for (const arn of ['photos', 'arn:aws:s3:::', 'arn:aws:sqs:us-east-1:0123456788:photos']) {
      expect(await run(arn)).toMatchObject({ results: [{ resultCode: 'PermanentFailure' }] });
    }
  });

  it('tells apart what to try again', async () => {
    const [task] = batchOperationsV2.tasks;
    const run = async (more: object) => {
      const { results } = (await rig.handle({
        ...batchOperationsV2,
        tasks: [{ ...task, ...more }],
      })) as { results: { resultCode: string; resultString: string }[] };
      return `${results[0]?.resultCode} ${results[0]?.resultString}`;
    };
    expect(await run({ s3Key: 'gone.jpg' })).toMatch(/^PermanentFailure FILE_NOT_FOUND: /);
    expect(await run({ s3Key: '100%' })).toMatch(/^PermanentFailure INVALID_INPUT: /);
    expect(await run({ s3Bucket: null })).toMatch(/^PermanentFailure INVALID_INPUT: .*ARN/i);
    forbid('a.jpg');
    expect(await run({ s3Key: 'a.jpg' })).toMatch(/^TemporaryFailure AccessDenied: /);
    rig.engine = scriptedEngine({ failure: new CaptionError('MODEL_NOT_FOUND', 'None.') });
    rig.s3.put('photos/b.jpg', 'x');
    expect(await run({ s3Key: 'b.jpg' })).toMatch(/^TemporaryFailure/);
  });
});

describe('a state machine', () => {
  it('gets lines in the order of the items, errors as values', async () => {
    rig.engine = scriptedEngine({ tags: [{ text: 'dog', probability: 0.9 }] as never });
    for (const key of ['a b.jpg', 'c.jpg']) rig.s3.put(`photos/${key}`, 'x');
    rig.s3.put('photos/d.jpg', '');
    const lines = await rig.handle({
      BatchInput: { bucket: 'photos', options: { beams: 4 } },
      Items: [
        // As ListObjectsV2, an inventory, a table and our own jobs have them.
        {
          Key: 'a b.jpg',
          Etag: '"0123"',
          LastModified: 1773133951,
          Size: 1,
          StorageClass: 'STANDARD',
        },
        { Bucket: 'photos', Key: 'gone.jpg', Size: '1', IsLatest: 'true', IsDeleteMarker: 'false' },
        { Bucket: 'photos', Key: 'c.jpg', IsLatest: 'false', IsDeleteMarker: 'true' },
        { key: 'd.jpg' },
        { bucket: 'photos', key: 'c.jpg', options: { beams: 2 } },
      ],
    });
    const captioned = {
      status: 'captioned',
      caption: 'a dog runs',
      confidence: 0.8,
      tags: ['dog'],
    };
    expect(lines).toEqual([
      { bucket: 'photos', key: 'a b.jpg', ...captioned },
      {
        bucket: 'photos',
        key: 'gone.jpg',
        status: 'failed',
        error: { code: 'FILE_NOT_FOUND', message: expect.any(String) },
      },
      { bucket: 'photos', key: 'c.jpg', status: 'skipped' },
      {
        bucket: 'photos',
        key: 'd.jpg',
        status: 'failed',
        error: { code: 'UNSUPPORTED_FORMAT', message: expect.any(String) },
      },
      { bucket: 'photos', key: 'c.jpg', ...captioned },
    ]);
    expect(rig.engine.calls.map(({ options }) => options.numBeams).sort()).toEqual([2, 4]);
  });

  it('decodes the keys of an inventory', async () => {
    rig.s3.put('photos/a b+c.jpg', 'x');
    const lines = await rig.handle({
      BatchInput: { keyEncoding: 'url' },
      Items: [{ Bucket: 'photos', Key: 'a+b%2Bc.jpg' }],
    });
    expect(lines).toMatchObject([{ key: 'a b+c.jpg', status: 'captioned' }]);
  });

  it('gets the line of a single item, also the second time, and without a store', async () => {
    rig.s3.put('photos/a.jpg', 'x');
    const line = { bucket: 'photos', key: 'a.jpg', status: 'captioned', caption: 'a dog runs' };
    for (let time = 0; time < 2; time++) {
      expect(await rig.handle({ bucket: 'photos', key: 'a.jpg' })).toMatchObject(line);
    }
    expect(rig.engine.calls.length).toBe(1);
    rig.settings = { ...rig.settings, results: [] };
    expect(await rig.handle({ bucket: 'photos', key: 'a.jpg' })).toMatchObject(line);
    expect(rig.engine.calls.length).toBe(2);
  });

  it('hears of what failed for now after all else is done', async () => {
    for (const key of ['a.jpg', 'b.jpg', 'c.jpg']) rig.s3.put(`photos/${key}`, 'x');
    forbid('a.jpg');
    const batch = { BatchInput: { bucket: 'photos' }, Items: [{ key: 'a.jpg' }, { key: 'b.jpg' }] };
    await expect(rig.handle(batch)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(rig.result('b.jpg')).toMatchObject({ status: 'captioned' });
    rig.s3.intercept = () => undefined;
    expect(await rig.handle(batch)).toMatchObject([{ caption: 'a dog runs' }, {}]);
    expect(rig.engine.calls.length).toBe(2);
  });

  it('is told when its batches are too large, or no batches', async () => {
    const tag = { text: 'x'.repeat(1000), probability: 1 };
    rig.engine = scriptedEngine({ tags: [tag, tag, tag, tag, tag] as never });
    const Items = Array.from({ length: 60 }, (_, index) => ({ key: `${index}` }));
    for (const { key } of Items) rig.s3.put(`photos/${key}`, 'x');
    await expect(rig.handle({ BatchInput: { bucket: 'photos' }, Items })).rejects.toMatchObject({
      name: 'INVALID_INPUT',
      message: expect.stringContaining('MaxItemsPerBatch'),
    });
    for (const [batch, reason] of [
      [{ Items: [7] }, 'an item must be'],
      [{ Items: [{ key: 'a' }] }, '"bucket"'],
      [{ Items: [], BatchInput: 7 }, 'BatchInput'],
      [{ Items: [{ key: 'a' }], BatchInput: { Bucket: 'x' } }, 'unknown member "Bucket"'],
      [{ Items: [{ key: 'a' }], BatchInput: { keyEncoding: 'base64' } }, 'keyEncoding'],
    ] as const) {
      await expect(rig.handle(batch)).rejects.toThrow(reason);
    }
  });
});

describe('the handler', () => {
  it('answers pings, and refuses other events by their kind', async () => {
    expect(await rig.handle({ warm: true })).toEqual({ warm: true });
    await expect(rig.handle({ Records: [{ eventSource: 'aws:kinesis' }] })).rejects.toThrow(
      'a Kinesis stream',
    );
  });

  it('takes no messages whose captions would be lost', async () => {
    rig.settings = { ...rig.settings, results: [] };
    const event = sqsBatch([{ body: { bucket: 'photos', key: 'a.jpg' } }]);
    await expect(rig.handle(event)).rejects.toThrow('would be lost');
    await expect(rig.handle(s3Put)).rejects.toThrow('would be lost');
  });
});
