/** Sources of `Records`, by `eventSource` (or `EventSource`, as SNS writes it). */
const sources: ReadonlyMap<string, string> = new Map([
  ['aws:sqs', 'an SQS message batch'],
  ['aws:s3', 'an S3 notification'],
  ['aws:sns', 'an SNS message'],
  ['aws:ses', 'an SES mail'],
  ['aws:dynamodb', 'a DynamoDB stream'],
  ['aws:kinesis', 'a Kinesis stream'],
  ['aws:codecommit', 'a CodeCommit trigger'],
]);

type Fields = Readonly<Record<string, unknown>>;

/** Kinds of event that are known by a member of theirs, the more telling ones first. */
const kinds: readonly (readonly [is: (event: Fields) => boolean, kind: string])[] = [
  [
    ({ requestContext: c }) => isObject(c) && 'connectionId' in c,
    'an API Gateway WebSocket message',
  ],
  [({ methodArn }) => methodArn !== undefined, 'an API Gateway authorizer request'],
  [({ type, routeArn }) => type !== undefined && routeArn !== undefined, 'an authorizer request'],
  [
    ({ invocationSchemaVersion }) => invocationSchemaVersion !== undefined,
    'an S3 Batch Operations task',
  ],
  [({ getObjectContext }) => getObjectContext !== undefined, 'an S3 Object Lambda request'],
  [({ triggerSource }) => triggerSource !== undefined, 'a Cognito trigger'],
  [({ ResponseURL }) => ResponseURL !== undefined, 'a CloudFormation custom resource'],
  [({ awslogs }) => awslogs !== undefined, 'a CloudWatch Logs batch'],
  [({ deliveryStreamArn }) => deliveryStreamArn !== undefined, 'a Firehose transformation'],
  [
    ({ eventSource }) => eventSource === 'aws:kafka' || eventSource === 'SelfManagedKafka',
    'a Kafka batch',
  ],
  [
    ({ eventSource }) => typeof eventSource === 'string' && eventSource.startsWith('aws:'),
    'a message batch',
  ],
  [(event) => 'detail-type' in event, 'an EventBridge event'],
  [
    ({ rawPath, httpMethod, raw_path: lattice }) =>
      rawPath !== undefined || httpMethod !== undefined || lattice !== undefined,
    'an HTTP event without a path and a method that are texts',
  ],
  [({ fieldName, info }) => fieldName !== undefined || info !== undefined, 'an AppSync request'],
];

/**
 * What an event seems to be that is not taken here, for the message that refuses it: `an SQS message
 * batch`. Looks at no more than a few members; never throws.
 */
export function describeEvent(event: unknown): string {
  if (event === null) return 'null';
  if (Array.isArray(event)) return 'an array';
  if (!isObject(event)) return `a ${typeof event}`;
  const { Records: records } = event;
  if (Array.isArray(records)) {
    const first: unknown = records[0];
    if (!isObject(first)) return 'a list of records';
    const source = first.eventSource ?? first.EventSource;
    if ('cf' in first) return 'a CloudFront (Lambda@Edge) event';
    return sources.get(String(typeof source === 'string' && source)) ?? 'a list of records';
  }
  return kinds.find(([is]) => is(event))?.[1] ?? 'an object without "image"';
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
