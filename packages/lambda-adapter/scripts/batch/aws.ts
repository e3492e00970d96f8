import { S3Client } from '@aws-sdk/client-s3';

/** The services of one endpoint, by their own protocols; nobody checks the signature there. */
export interface Aws {
  readonly s3: S3Client;
  /** A service with the JSON protocol: `json('AmazonSQS.SendMessage', {…})`. */
  json(target: string, body: object): Promise<Record<string, unknown>>;
  /** A service with the query protocol, SNS: the answer is XML. */
  query(service: string, parameters: Readonly<Record<string, string>>): Promise<string>;
}

export const REGION = 'eu-central-1';
export const ACCOUNT = '123456789012';

const services: ReadonlyMap<string, string> = new Map([
  ['AmazonSQS', 'sqs'],
  ['AWSEvents', 'events'],
  ['DynamoDB_20120810', 'dynamodb'],
  ['AWSStepFunctions', 'states'],
]);

export function connectAws(port: number): Aws {
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'example', secretAccessKey: 'example' };
  const authorization = (service: string) =>
    `AWS4-HMAC-SHA256 Credential=example/20260310/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const send = async (headers: Record<string, string>, body: string): Promise<string> => {
    const answer = await fetch(endpoint, { method: 'POST', headers, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${headers['x-amz-target'] ?? body}: ${text}`);
    return text;
  };
  return {
    s3: new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true }),
    async json(target, body) {
      const service = services.get(target.split('.')[0] ?? '') ?? '';
      const version = service === 'events' ? '1.1' : '1.0';
      const headers = {
        authorization: authorization(service),
        'x-amz-target': target,
        'content-type': `application/x-amz-json-${version}`,
      };
      return JSON.parse((await send(headers, JSON.stringify(body))) || '{}');
    },
    query(service, parameters) {
      const headers = {
        authorization: authorization(service),
        'content-type': 'application/x-www-form-urlencoded',
      };
      return send(headers, new URLSearchParams(parameters).toString());
    },
  };
}
