import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { ACCOUNT, type Aws, REGION } from './aws.js';
import { proveBackfill } from './backfill.js';
import type { FaultProxy } from './fault-proxy.js';
import { type PackagedFunction, packagedFunction } from './packaged-function.js';
import { Poller, type Queue } from './poller.js';
import {
  makeBucket,
  makeQueue,
  makeTable,
  notifyQueue,
  queueDepth,
  tableItems,
} from './resources.js';
import { type Check, captioned, put, sample, stored, truth } from './stored-results.js';

export interface ServicesRig {
  readonly aws: Aws;
  readonly proxy: FaultProxy;
  /** The unpacked zip. */
  readonly folder: string;
  readonly check: Check;
}

const KMS_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

/** The ways from a bucket to a result, each with the services that are on it. */
export async function proveServices({ aws, proxy, folder, check }: ServicesRig): Promise<void> {
  const env = {
    ZIPCAPTION_RESULTS: 's3://results/captions/{bucket},dynamodb://results',
    ZIPCAPTION_RESULTS_TEXT: 'on',
    ZIPCAPTION_RESULTS_KMS_KEY: KMS_KEY,
    ZIPCAPTION_REQUESTER_PAYS: 'on',
  };
  const functions = [0, 1].map(() => packagedFunction(folder, proxy.port, env));
  const [first, second] = functions as [PackagedFunction, PackagedFunction];
  await Promise.all([makeBucket(aws, 'results', true), makeTable(aws, 'results')]);
  await Promise.all(functions.map((each) => each.invoke({ warm: true }, 300_000)));
  try {
    await notifications(aws, first, check);
    await eventBridge(aws, first, check);
    await sns(aws, first, check);
    await versions(aws, first, check);
    await encryption(aws, first, check);
    await fifo(aws, first, check);
    await atOnce(aws, [first, second], check);
    await proveBackfill({ aws, proxy, function: first, check });
  } finally {
    for (const each of functions) each.stop();
  }
}

async function drained(aws: Aws, queue: Queue, function_: PackagedFunction): Promise<void> {
  const poller = new Poller({ aws, queue, function: function_, timeout: 60_000 });
  while (await poller.once());
  truth((await queueDepth(aws, queue)) === 0, 'Messages are left.');
}

async function notifications(aws: Aws, function_: PackagedFunction, check: Check) {
  await makeBucket(aws, 'notified');
  const queue = await makeQueue(aws, 'notified');
  await notifyQueue(aws, 'notified', queue);
  await check('S3 → SQS → results in S3 and DynamoDB, whatever the key', async () => {
    const keys = ['plain.jpg', 'a b+c.jpg', '2026/café 猫.jpg', 'dot.jpg.', '100%&=?#.jpg'];
    for (const key of keys) await put(aws, 'notified', key, sample('coffee.jpg'));
    await drained(aws, queue, function_);
    for (const key of keys) await captioned(aws, 'notified', key);
  });
  await check('a text beside the JSON', async () => {
    const Key = 'captions/notified/plain.jpg.txt';
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: 'results', Key }));
    const result = await stored(aws, 'notified', 'plain.jpg');
    truth(
      result.status === 'captioned' && (await Body?.transformToString()) === `${result.caption}\n`,
      'The text is another one.',
    );
  });
  await check('results in the bucket of the photos start nothing', async () => {
    const settings = { Bucket: 'results', NotificationConfiguration: {} };
    settings.NotificationConfiguration = {
      QueueConfigurations: [{ QueueArn: queue.arn, Events: ['s3:ObjectCreated:*'] }],
    };
    await aws.s3.send(new PutBucketNotificationConfigurationCommand(settings));
    await put(aws, 'notified', 'loop.jpg', sample('coffee.jpg'));
    await drained(aws, queue, function_);
    const items = await tableItems(aws, 'results');
    const own = items.filter(({ photo }) => photo?.S?.startsWith('s3://results/'));
    truth(own.length === 0, `${own.length} results have results.`);
    settings.NotificationConfiguration = {};
    await aws.s3.send(new PutBucketNotificationConfigurationCommand(settings));
  });
}

async function eventBridge(aws: Aws, function_: PackagedFunction, check: Check) {
  await check('S3 → EventBridge → SQS', async () => {
    await makeBucket(aws, 'bridged');
    const queue = await makeQueue(aws, 'bridged');
    await aws.json('AWSEvents.PutRule', {
      Name: 'photos',
      EventPattern: JSON.stringify({ source: ['aws.s3'], 'detail-type': ['Object Created'] }),
    });
    await aws.json('AWSEvents.PutTargets', {
      Rule: 'photos',
      Targets: [{ Id: 'queue', Arn: queue.arn }],
    });
    await aws.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'bridged',
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    await put(aws, 'bridged', 'a b+é.jpg', sample('coffee.jpg'));
    truth((await queueDepth(aws, queue)) > 0, 'No event came.');
    await drained(aws, queue, function_);
    await captioned(aws, 'bridged', 'a b+é.jpg');
  });
}

async function sns(aws: Aws, function_: PackagedFunction, check: Check) {
  await check('SNS → SQS, with the envelope', async () => {
    await makeBucket(aws, 'published');
    await put(aws, 'published', 'a b.jpg', sample('coffee.jpg'));
    const queue = await makeQueue(aws, 'published');
    const made = await aws.query('sns', { Action: 'CreateTopic', Name: 'photos' });
    const [, TopicArn = ''] = /<TopicArn>([^<]+)/.exec(made) ?? [];
    const subscription = { Protocol: 'sqs', Endpoint: queue.arn };
    await aws.query('sns', { Action: 'Subscribe', TopicArn, ...subscription });
    const object = { key: 'a+b.jpg' };
    const s3 = { bucket: { name: 'published' }, object };
    const Message = JSON.stringify({ Records: [{ eventName: 'ObjectCreated:Put', s3 }] });
    await aws.query('sns', { Action: 'Publish', TopicArn, Message });
    await drained(aws, queue, function_);
    await captioned(aws, 'published', 'a b.jpg');
  });
}

async function versions(aws: Aws, function_: PackagedFunction, check: Check) {
  await check(
    'a bucket with versions: the result is the newest one’s, a deleted one is gone',
    async () => {
      await makeBucket(aws, 'versioned', true);
      const older = await put(aws, 'versioned', 'a.jpg', sample('coffee.jpg'));
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const newer = await put(aws, 'versioned', 'a.jpg', sample('rocket.jpg'));
      const ask = (versionId?: string) =>
        function_.invoke(
          { bucket: 'versioned', key: 'a.jpg', ...(versionId && { versionId }) },
          60_000,
        );
      for (const versionId of [newer.VersionId, older.VersionId, undefined]) await ask(versionId);
      const { photo } = await stored(aws, 'versioned', 'a.jpg');
      truth(photo.versionId === newer.VersionId, `It is of ${photo.versionId}.`);
      await put(aws, 'versioned', 'b.jpg', sample('coffee.jpg'));
      await aws.s3.send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'b.jpg' }));
      const { result } = await function_.invoke({ bucket: 'versioned', key: 'b.jpg' }, 60_000);
      const { error } = result as { error?: { code: string } };
      truth(error?.code === 'FILE_NOT_FOUND', JSON.stringify(result));
    },
  );
}

async function encryption(aws: Aws, function_: PackagedFunction, check: Check) {
  await check('SSE-KMS: an encrypted photo, its result encrypted with the key', async () => {
    await makeBucket(aws, 'encrypted');
    const encrypted = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KMS_KEY } as const;
    const photo = { Bucket: 'encrypted', Key: 'a.jpg', Body: sample('coffee.jpg') };
    await aws.s3.send(new PutObjectCommand({ ...photo, ...encrypted }));
    await function_.invoke({ bucket: 'encrypted', key: 'a.jpg' }, 60_000);
    await captioned(aws, 'encrypted', 'a.jpg');
    for (const form of ['json', 'txt']) {
      const Key = `captions/encrypted/a.jpg.${form}`;
      const head = await aws.s3.send(new HeadObjectCommand({ Bucket: 'results', Key }));
      const told = `${head.ServerSideEncryption} ${head.SSEKMSKeyId}`;
      truth(told === `aws:kms ${KMS_KEY}`, `The ${form} is encrypted by ${told}.`);
    }
  });
}

async function fifo(aws: Aws, function_: PackagedFunction, check: Check) {
  await check('a FIFO queue: a failure holds up its group, no other', async () => {
    await makeBucket(aws, 'ordered');
    const queue = await makeQueue(aws, 'ordered.fifo', {
      FifoQueue: 'true',
      VisibilityTimeout: '300',
    });
    for (const key of ['a', 'b', 'c']) await put(aws, 'ordered', key, sample('coffee.jpg'));
    const send = (group: string, body: object | string, id: number) =>
      aws.json('AmazonSQS.SendMessage', {
        QueueUrl: queue.url,
        MessageGroupId: group,
        MessageDeduplicationId: String(id),
        MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
      });
    await send('1', { bucket: 'ordered', key: 'a' }, 1);
    await send('1', 'no job', 2);
    await send('1', { bucket: 'ordered', key: 'b' }, 3);
    await send('2', { bucket: 'ordered', key: 'c' }, 4);
    const poller = new Poller({ aws, queue, function: function_, timeout: 60_000 });
    while (await poller.once());
    await captioned(aws, 'ordered', 'a');
    await captioned(aws, 'ordered', 'c');
    const late = await stored(aws, 'ordered', 'b').catch(() => undefined);
    truth(late === undefined, 'The message behind the failed one was done.');
  });
}

async function atOnce(aws: Aws, functions: readonly PackagedFunction[], check: Check) {
  await check('two workers with the same photos at once: one result each', async () => {
    await makeBucket(aws, 'raced');
    const keys = Array.from({ length: 12 }, (_, index) => `${index}.jpg`);
    for (const key of keys) await put(aws, 'raced', key, sample('coffee.jpg'));
    const Items = keys.map((key) => ({ key }));
    const batch = { BatchInput: { bucket: 'raced' }, Items };
    const answers = await Promise.all(functions.map((each) => each.invoke(batch, 120_000)));
    for (const { error } of answers) truth(!error, JSON.stringify(error));
    const [one, two] = answers.map(({ result }) => JSON.stringify(result));
    truth(one === two, 'The two workers tell different lines.');
    const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
    const listed = await aws.s3.send(
      new ListObjectVersionsCommand({ Bucket: 'results', Prefix: 'captions/raced/' }),
    );
    truth(listed.Versions?.length === 24, `${listed.Versions?.length} writes of 24 objects.`);
  });
}
