import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { type Aws, REGION } from './aws.js';
import type { Queue } from './poller.js';

export async function makeBucket(aws: Aws, name: string, hasVersions = false): Promise<void> {
  const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
  await aws.s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }));
  if (!hasVersions) return;
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await aws.s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
}

export async function makeQueue(
  aws: Aws,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Queue> {
  const made = await aws.json('AmazonSQS.CreateQueue', { QueueName: name, Attributes: attributes });
  const url = String(made.QueueUrl);
  const asked = { QueueUrl: url, AttributeNames: ['QueueArn'] };
  const { Attributes } = (await aws.json('AmazonSQS.GetQueueAttributes', asked)) as {
    Attributes: Record<string, string>;
  };
  return { url, arn: Attributes.QueueArn ?? '' };
}

/** Messages that wait and those in somebody's hand. */
export async function queueDepth(aws: Aws, { url }: Queue): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
  const { Attributes } = (await aws.json('AmazonSQS.GetQueueAttributes', {
    QueueUrl: url,
    AttributeNames: names,
  })) as { Attributes: Record<string, string> };
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

export function notifyQueue(aws: Aws, bucket: string, queue: Queue): Promise<unknown> {
  return aws.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn: queue.arn, Events: ['s3:ObjectCreated:*'] }],
      },
    }),
  );
}

export function makeTable(aws: Aws, name: string): Promise<unknown> {
  return aws.json('DynamoDB_20120810.CreateTable', {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'photo', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'photo', KeyType: 'HASH' }],
  });
}

export async function tableItems(
  aws: Aws,
  name: string,
): Promise<Record<string, { S?: string }>[]> {
  const items: Record<string, { S?: string }>[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const page = (await aws.json('DynamoDB_20120810.Scan', {
      TableName: name,
      ...(ExclusiveStartKey !== undefined && { ExclusiveStartKey }),
    })) as { Items: Record<string, { S?: string }>[]; LastEvaluatedKey?: unknown };
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}
