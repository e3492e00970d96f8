import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import { repositoryRoot } from '../repository-root.js';

const folder = join(repositoryRoot, 'packages/lambda-adapter/templates');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const tag = (name: string): ScalarTag => ({ tag: `!${name}`, resolve: (text) => text });
const load = (name: string) =>
  parse(read(name), {
    logLevel: 'silent',
    customTags: ['Ref', 'GetAtt', 'Sub', 'Condition'].map(tag),
  });
const actions = (name: string) =>
  new Set(
    [...read(name).matchAll(/(?:s3|sqs|logs|kms|dynamodb|lambda|states|sts|iam):[A-Z]\w+/g)]
      .map(([action]) => action)
      .filter((action) => !/^s3:Object/.test(action)),
  );

it.each(['batch.yaml', '../template.yaml'])(
  '%s names the zip itself: SAM uploads no path that a parameter has',
  (name) => {
    const resources = Object.values<{ Type: string; Properties: { CodeUri: string } }>(
      load(name).Resources,
    );
    const function_ = resources.find(({ Type }) => Type === 'AWS::Serverless::Function');
    const zip = join(dirname(join(folder, name)), function_?.Properties.CodeUri ?? '');
    expect(zip).toBe(join(repositoryRoot, 'dist/lambda/zipcaption-lambda.zip'));
  },
);

describe('templates/batch.yaml', () => {
  const { Mappings, Parameters, Resources } = load('batch.yaml');

  it('runs the batch handler, and takes its partial failures from the queue', () => {
    const { Handler, Events } = Resources.CaptionFunction.Properties;
    expect(Handler).toBe('batch.handler');
    expect(Events.Photos.Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });

  it('hides a message for six times the time limit', () => {
    const seconds = Mappings.Visibility.Seconds as Record<string, number>;
    expect(Object.keys(seconds)).toEqual(Parameters.Timeout.AllowedValues);
    for (const [timeout, visibility] of Object.entries(seconds)) {
      expect(visibility).toBe(6 * Number(timeout));
    }
  });

  it('gives the role no more than it needs', () => {
    expect(actions('batch.yaml')).toEqual(
      new Set([
        'sts:AssumeRole',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
        'sqs:SendMessage',
        'sqs:ReceiveMessage',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        's3:GetObject',
        's3:GetObjectVersion',
        's3:ListBucket',
        's3:PutObject',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'kms:Decrypt',
        'kms:GenerateDataKey',
      ]),
    );
  });

  it('lets the function decrypt photos, and encrypt results alone', () => {
    const { Policies } = Resources.CaptionRole.Properties;
    const text = JSON.stringify(Policies);
    const statement = (key: string) =>
      /"Action":([^}]*),"Resource":"KEY"/.exec(text.replaceAll(`"${key}"`, '"KEY"'))?.[1];
    expect(statement('PhotoKmsKeyArn')).toBe('"kms:Decrypt"');
    expect(statement('ResultKmsKeyArn')).toBe('["kms:Decrypt","kms:GenerateDataKey"]');
  });
});

describe('templates/backfill.yaml', () => {
  const { States } = load('backfill.yaml').Resources.Backfill.Properties.Definition;

  it('hands out batches from a listing or an inventory, and retries all but malformed ones', () => {
    for (const [name, reader] of [
      ['Listing', 'listObjectsV2'],
      ['Inventory', 'getObject'],
    ] as const) {
      const map = States[name];
      expect(map.ItemReader.Resource).toContain(reader);
      expect(map.ItemBatcher.BatchInput.bucket).toContain('PhotoBucket');
      expect(map.ItemBatcher.MaxInputBytesPerBatch).toBeLessThan(256 * 1024);
      expect(map.ResultWriter.WriterConfig).toEqual({
        OutputType: 'JSONL',
        Transformation: 'FLATTEN',
      });
      expect(map.ItemProcessor.ProcessorConfig.Mode).toBe('DISTRIBUTED');
      const { Retry } = map.ItemProcessor.States[`Caption${name}`];
      expect(Retry[0]).toEqual({
        ErrorEquals: ['INVALID_INPUT', 'INVALID_OPTION'],
        MaxAttempts: 0,
      });
      expect(Retry[1].ErrorEquals).toEqual(['States.ALL']);
    }
    expect(States.Inventory.ItemBatcher.BatchInput.keyEncoding).toBe('url');
  });

  it('gives the role no more than it needs', () => {
    expect(actions('backfill.yaml')).toEqual(
      new Set([
        'sts:AssumeRole',
        'lambda:InvokeFunction',
        's3:ListBucket',
        's3:PutObject',
        's3:GetObject',
        's3:ListMultipartUploadParts',
        's3:AbortMultipartUpload',
        'states:StartExecution',
        'states:RedriveExecution',
        'states:DescribeExecution',
        'states:StopExecution',
        'kms:Decrypt',
        'kms:GenerateDataKey',
      ]),
    );
  });
});
