import { expect, it } from 'vitest';
import { inSns, s3EventBridge, s3Put, snsBody } from '../../test/events/object-events.js';
import { decodeKey, readJob } from './job.js';
import { jobsOf } from './object-events.js';

const job = {
  bucket: 'photos',
  key: '2026/summer trip+dogs/café 1.jpg',
  versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  sequencer: '0055AED6DCD90281E5',
};

it('finds the same photo in every kind of event', () => {
  for (const event of [s3Put, s3EventBridge]) {
    expect(jobsOf(event)).toEqual([job]);
    expect(jobsOf(inSns(event))).toEqual([job]);
    expect(jobsOf(JSON.parse(snsBody(event)))).toEqual([job]);
    expect(jobsOf(JSON.parse(snsBody(inSns(event))))).toEqual([job]);
  }
  expect(jobsOf({ bucket: 'photos', key: 'a b+c.jpg', options: { beams: 5 } })).toEqual([
    { bucket: 'photos', key: 'a b+c.jpg', options: { beams: 5 } },
  ]);
});

it('decodes keys as notifications write them', () => {
  expect(decodeKey('a+b%2Bc%20d.jpg.')).toBe('a b+c d.jpg.');
  expect(decodeKey('%E7%8C%AB%2F..%2F%F0%9F%90%B6.png')).toBe('猫/../🐶.png');
  expect(() => decodeKey('100%.jpg')).toThrow('URL-encoded');
});

it('has nothing to do for events that are not about a new object', () => {
  const record = s3Put.Records[0];
  for (const eventName of ['ObjectRemoved:Delete', 'ObjectTagging:Put', 'ObjectRestore:Post']) {
    expect(jobsOf({ Records: [{ ...record, eventName }] })).toEqual([]);
  }
  expect(jobsOf({ Records: [{ ...record, eventName: 'ObjectRestore:Completed' }] })).toEqual([job]);
  // As MinIO and Ceph write them.
  for (const eventName of ['s3:ObjectCreated:Put', 's3:ObjectCreated:CompleteMultipartUpload']) {
    expect(jobsOf({ Records: [{ ...record, eventName }] })).toEqual([job]);
  }
  expect(jobsOf({ Records: [{ ...record, eventName: 's3:ObjectRemoved:Delete' }] })).toEqual([]);
  expect(jobsOf({ ...s3EventBridge, 'detail-type': 'Object Deleted' })).toEqual([]);
  const test = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'photos' };
  expect(jobsOf(test)).toEqual([]);
  expect(jobsOf(inSns(test))).toEqual([]);
});

it('refuses what is no job, by its reason', () => {
  let nested: unknown = s3Put;
  for (let depth = 0; depth < 9; depth++) nested = inSns(nested);
  for (const [event, reason] of [
    [null, 'no JSON object'],
    [[], 'no JSON object'],
    [nested, 'too deep'],
    [{ Type: 'Notification', Message: 'hello' }, 'no JSON'],
    [{ key: 'a.jpg' }, '"bucket"'],
    [{ bucket: 'photos', key: 7 }, '"key"'],
    [{ bucket: 'photos', key: 'a.jpg', versionId: 1 }, '"versionId"'],
    [{ bucket: 'photos', key: 'a.jpg', Options: {} }, '"Options"'],
    [{ bucket: 'photos', key: 'a.jpg', options: { beam: 1 } }, '"beam"'],
    [{ bucket: 'photos', key: 'a.jpg', options: [] }, '"options"'],
    [{ Records: [{}] }, 'neither of S3'],
    [{ ...s3EventBridge, source: 'aws.ec2' }, 'not of S3'],
  ] as const) {
    expect(() => jobsOf(event), JSON.stringify(event)?.slice(0, 80)).toThrow(reason);
  }
  expect(() => readJob({ bucket: 'b', key: 'k', options: { beams: 99 } })).toThrow(
    expect.objectContaining({ name: 'INVALID_OPTION' }),
  );
});
