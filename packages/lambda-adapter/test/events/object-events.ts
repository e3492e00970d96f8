import batchOperationsV1 from './batch-operations-v1.json' with { type: 'json' };
import batchOperationsV2 from './batch-operations-v2.json' with { type: 'json' };
import s3EventBridge from './s3-eventbridge.json' with { type: 'json' };
import s3Put from './s3-put.json' with { type: 'json' };
import sns from './sns.json' with { type: 'json' };
import sqs from './sqs.json' with { type: 'json' };

/** Events about objects in S3 as AWS sends them; accounts, addresses and ids are examples. */
export { batchOperationsV1, batchOperationsV2, s3EventBridge, s3Put };

/** An event within the message of SNS, as a function subscribed to the topic gets it. */
export function inSns(event: unknown) {
  const envelope = structuredClone(sns);
  for (const { Sns } of envelope.Records) Sns.Message = JSON.stringify(event);
  return envelope;
}

/** The body that SNS sends to a queue without "raw message delivery". */
export function snsBody(event: unknown): string {
  return JSON.stringify(inSns(event).Records[0]?.Sns);
}

export interface QueuedMessage {
  readonly body: unknown;
  readonly group?: string;
  readonly receives?: number;
}

/** A batch of messages; those with a group are of a FIFO queue. Their ids are `m0`, `m1`, … */
export function sqsBatch(messages: readonly QueuedMessage[]) {
  const [record] = sqs.Records;
  return {
    Records: messages.map(({ body, group, receives = 1 }, index) => ({
      ...record,
      messageId: `m${index}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      eventSourceARN: `${record?.eventSourceARN}${group ? '.fifo' : ''}`,
      attributes: {
        ...record?.attributes,
        ApproximateReceiveCount: String(receives),
        ...(group && { MessageGroupId: group, SequenceNumber: String(index) }),
      },
    })),
  };
}
