import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { parse, type ScalarTag } from 'yaml';
import type { PhotoResult } from '../../src/batch/index.js';
import { repositoryRoot } from '../repository-root.js';
import { ACCOUNT, type Aws, REGION } from './aws.js';
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

export interface ServicesRig {
  readonly aws: Aws;
  readonly proxy: FaultProxy;
  /** The unpacked zip. */
  readonly folder: string;
  readonly check: (what: string, prove: () => Promise<unknown>) => Promise<void>;
}

const sample = (name: string) => readFileSync(join(repositoryRoot, 'samples', name));

/** The ways from a bucket to a result, each with the services that are on it. */
export async function proveServices({ aws, proxy, folder, check }: ServicesRig): Promise<void> {
  const env = {
    ZIPCAPTION_RESULTS: 's3://results/captions/{bucket},dynamodb://results',
    ZIPCAPTION_RESULTS_TEXT: 'on',
  };
  const functions = [0, 1].map(() => packagedFunction(folder, proxy.port, env));
  const [first, second] = functions as [PackagedFunction, PackagedFunction];
  proxy.invoke = (event) => first.invoke(event, 60_000);
  await Promise.all([makeBucket(aws, 'results', true), makeTable(aws, 'results')]);
  await Promise.all(functions.map((each) => each.invoke({ warm: true }, 300_000)));
  try {
    await notifications(aws, first, check);
    await eventBridge(aws, first, check);
    await sns(aws, first, check);
    await versions(aws, first, check);
    await fifo(aws, first, check);
    await atOnce(aws, [first, second], check);
    await backfill(aws, check);
  } finally {
    for (const each of functions) each.stop();
  }
}

type Check = ServicesRig['check'];

const put = (aws: Aws, bucket: string, key: string, body: Buffer | string) =>
  aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));

async function stored(aws: Aws, bucket: string, key: string): Promise<PhotoResult> {
  const Key = `captions/${bucket}/${key}.json`;
  const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: 'results', Key }));
  return JSON.parse((await Body?.transformToString()) ?? '') as PhotoResult;
}

function truth(value: unknown, what: string): asserts value {
  if (!value) throw new Error(what);
}

async function captioned(aws: Aws, bucket: string, key: string): Promise<void> {
  const result = await stored(aws, bucket, key);
  truth(result.status === 'captioned' && / /.test(result.caption), JSON.stringify(result));
  const items = await tableItems(aws, 'results');
  const item = items.find(({ photo }) => photo?.S === `s3://${bucket}/${key}`);
  truth(item?.caption?.S === result.caption, `The item is ${JSON.stringify(item)}`);
}

async function drained(aws: Aws, queue: Queue, function_: PackagedFunction): Promise<void> {
  const poller = new Poller({ ...{ aws, queue, function: function_, timeout: 60_000 } });
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
    const poller = new Poller({ ...{ aws, queue, function: function_, timeout: 60_000 } });
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

/** The state machine of templates/backfill.yaml, run by moto, its task bound to the packaged function. */
async function backfill(aws: Aws, check: Check) {
  await check('Step Functions: the backfill of templates/backfill.yaml', async () => {
    for (const bucket of ['archive', 'reports']) await makeBucket(aws, bucket);
    const keys = Array.from({ length: 7 }, (_, index) => `2026/photo ${index}.jpg`);
    for (const key of keys) await put(aws, 'archive', key, sample('coffee.jpg'));
    await put(aws, 'archive', '2026/broken.jpg', 'no photo');
    await put(aws, 'archive', 'elsewhere.jpg', sample('coffee.jpg'));
    const made = await aws.json('AWSStepFunctions.CreateStateMachine', {
      name: 'backfill',
      definition: backfillDefinition(),
      roleArn: `arn:aws:iam::${ACCOUNT}:role/backfill`,
    });
    const started = await aws.json('AWSStepFunctions.StartExecution', {
      stateMachineArn: made.stateMachineArn,
      input: JSON.stringify({ prefix: '2026/', options: { beams: 2 } }),
    });
    const run = await ended(aws, String(started.executionArn));
    truth(run.status === 'SUCCEEDED', JSON.stringify(run).slice(0, 2000));
    truth(String(run.output).includes('ResultWriterDetails'), `It gives ${run.output}`);
    for (const key of keys) await captioned(aws, 'archive', key);
    const broken = await stored(aws, 'archive', '2026/broken.jpg');
    truth(broken.status === 'failed', 'The broken photo has no error.');
    const other = await stored(aws, 'archive', 'elsewhere.jpg').catch(() => undefined);
    truth(other === undefined, 'A photo outside of the prefix was captioned.');
  });
}

async function ended(aws: Aws, executionArn: string): Promise<Record<string, unknown>> {
  for (;;) {
    const run = await aws.json('AWSStepFunctions.DescribeExecution', { executionArn });
    if (run.status !== 'RUNNING') return run;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

interface MapState {
  ItemBatcher?: { BatchInput: object };
  ItemSelector?: object;
}

/**
 * The definition with its substitutions, as SAM writes it. moto's interpreter knows Distributed Maps over
 * a listing, with a ResultWriter that writes its manifest alone, but neither inventories nor an
 * ItemBatcher: each item becomes a batch of one, with the same input for the function.
 */
export function backfillDefinition(): string {
  const path = join(repositoryRoot, 'packages/lambda-adapter/templates/backfill.yaml');
  const tag = (name: string): ScalarTag => ({ tag: `!${name}`, resolve: (text) => text });
  const template = parse(readFileSync(path, 'utf8'), {
    logLevel: 'silent',
    customTags: ['Ref', 'GetAtt', 'Sub', 'Condition'].map(tag),
  }) as { Resources: { Backfill: { Properties: { Definition: { States: States } } } } };
  const definition = template.Resources.Backfill.Properties.Definition;
  const { Listing, Source } = definition.States;
  const { BatchInput } = Listing.ItemBatcher ?? {};
  if (!BatchInput) throw new Error('The template hands out no batches.');
  delete Listing.ItemBatcher;
  Listing.ItemSelector = { BatchInput, 'Items.$': 'States.Array($$.Map.Item.Value)' };
  delete definition.States.Inventory;
  for (const choice of Source.Choices) choice.Next = 'Listing';
  const values: Readonly<Record<string, string>> = {
    Partition: 'aws',
    PhotoBucket: 'archive',
    InventoryBucket: 'archive',
    ReportBucket: 'reports',
    ReportPrefix: 'runs',
    BatchSize: '3',
    MaximumConcurrency: '2',
    FunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:zipcaption`,
    ToleratedFailurePercentage: '0',
  };
  return JSON.stringify(definition).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The template has no substitution ${name}.`);
    return value;
  });
}

interface States {
  Listing: MapState;
  Inventory?: MapState;
  readonly Source: { readonly Choices: { Next: string }[] };
}
