import { gzipSync } from 'node:zlib';
import {
  type GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { batchItems, csvRows, readItems, runDistributedMap } from './distributed-map.js';

/* Beside what Amazon's documentation of Distributed Map shows for the same input. */

/** Objects by key; a listing has two pages. */
function bucket(objects: Record<string, Buffer | string>): S3Client {
  const send = async (command: unknown) => {
    if (command instanceof PutObjectCommand) {
      objects[command.input.Key ?? ''] = String(command.input.Body);
      return {};
    }
    if (command instanceof ListObjectsV2Command) {
      const { Prefix = '', ContinuationToken } = command.input;
      const keys = Object.keys(objects).filter((key) => key.startsWith(Prefix));
      const Contents = (ContinuationToken ? keys.slice(1) : keys.slice(0, 1)).map((Key) => ({
        Key,
        ETag: '"02d"',
        LastModified: new Date(1669155330_000),
        Size: 12,
        StorageClass: 'STANDARD',
      }));
      return { Contents, ...(!ContinuationToken && { NextContinuationToken: 'more' }) };
    }
    const { Key } = (command as GetObjectCommand).input;
    return { Body: { transformToByteArray: async () => objects[Key ?? ''] } };
  };
  return { send } as never;
}

describe('ItemBatcher', () => {
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

  it('hands out batches with what they share', () => {
    // https://docs.aws.amazon.com/step-functions/latest/dg/tutorial-itembatcher-param-task.html
    const batcher = {
      MaxItemsPerBatch: 3,
      BatchInput: { 'MyMultiplicationFactor.$': '$.MyMultiplicationFactor' },
    };
    const BatchInput = { MyMultiplicationFactor: 7 };
    expect(batchItems(numbers, batcher, { MyMultiplicationFactor: 7, MyItems: numbers })).toEqual([
      { BatchInput, Items: [1, 2, 3] },
      { BatchInput, Items: [4, 5, 6] },
      { BatchInput, Items: [7, 8, 9] },
      { BatchInput, Items: [10] },
    ]);
  });

  it('makes them smaller than a number of bytes', () => {
    const batcher = { MaxItemsPerBatchPath: '$.most', MaxInputBytesPerBatch: 15 };
    expect(batchItems(numbers, batcher, { most: 9 })).toEqual(
      [[1, 2], [3, 4], [5, 6], [7, 8], [9], [10]].map((Items) => ({ Items })),
    );
  });
});

describe('ItemReader', () => {
  it('lists a bucket', async () => {
    const reader = {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Parameters: { Bucket: 'b', 'Prefix.$': '$.prefix' },
    };
    const s3 = bucket({ 'processedData/1': 'x', 'processedData/2': 'x', other: 'x' });
    expect(await readItems(reader, { prefix: 'processedData/' }, s3)).toEqual(
      ['processedData/1', 'processedData/2'].map((Key) => ({
        Key,
        Etag: '"02d"',
        LastModified: 1669155330,
        Size: 12,
        StorageClass: 'STANDARD',
      })),
    );
  });

  it('reads an inventory', async () => {
    // https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    const s3 = bucket({
      'manifest.json': JSON.stringify({
        sourceBucket: 'amzn-s3-demo-source-bucket',
        destinationBucket: 'arn:aws:s3:::amzn-s3-demo-inventory',
        fileFormat: 'CSV',
        fileSchema: 'Bucket, Key, Size, LastModifiedDate',
        files: [{ key: 'data/1.csv.gz', size: 7300 }],
      }),
      'data/1.csv.gz': gzipSync(
        '"amzn-s3-demo-source-bucket","csvDataset/","0","2022-11-16T00:27:19.000Z"\n"amzn-s3-demo-source-bucket","csvDataset/titles.csv","3399671","2022-11-16T00:29:32.000Z"\n',
      ),
    });
    const reader = {
      ReaderConfig: { InputType: 'MANIFEST' },
      Resource: 'arn:aws:states:::s3:getObject',
      Parameters: { Bucket: 'amzn-s3-demo-destination-bucket', 'Key.$': '$.manifest' },
    };
    const [, second] = await readItems(reader, { manifest: 'manifest.json' }, s3);
    expect(second).toEqual({
      LastModifiedDate: '2022-11-16T00:29:32.000Z',
      Bucket: 'amzn-s3-demo-source-bucket',
      Size: '3399671',
      Key: 'csvDataset/titles.csv',
    });
  });

  it('reads fields with quotation marks, commas and nothing in them', () => {
    expect(csvRows('"a""b","c,d",,"",5\n')).toEqual([['a"b', 'c,d', '', '', '5']]);
  });
});

describe('a run', () => {
  const state = {
    Type: 'Map',
    ItemReader: {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Parameters: { Bucket: 'b', Prefix: 'in/' },
    },
    ItemBatcher: { MaxItemsPerBatch: 1 },
    MaxConcurrencyPath: '$.concurrency',
    ToleratedFailurePercentagePath: '$.tolerated',
    ItemProcessor: {
      StartAt: 'Task',
      States: {
        Task: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { FunctionName: 'f', 'Payload.$': '$' },
          OutputPath: '$.Payload',
          Retry: [
            { ErrorEquals: ['MALFORMED'], MaxAttempts: 0 },
            {
              ErrorEquals: ['States.ALL'],
              IntervalSeconds: 5,
              BackoffRate: 2,
              MaxAttempts: 6,
              MaxDelaySeconds: 100,
            },
          ],
          End: true,
        },
      },
    },
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      Parameters: { Bucket: 'b', Prefix: 'out' },
      WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSONL' },
    },
    End: true,
  };
  async function run(tolerated: number, errorType: string) {
    const objects: Record<string, string> = { 'in/1': 'x', 'in/2': 'x' };
    const waits: number[] = [];
    const result = await runDistributedMap(
      state,
      { concurrency: 2, tolerated },
      {
        s3: bucket(objects),
        async invoke(event) {
          const [{ Key }] = (event as { Items: [{ Key: string }] }).Items;
          if (Key === 'in/2') return { error: { errorType, errorMessage: '' } };
          return { result: [{ key: Key }, { key: 'another' }] };
        },
        wait: async (milliseconds) => void waits.push(milliseconds),
      },
    );
    return { ...result, waits, objects };
  }

  it('retries as the state says, and tolerates so many failed items', async () => {
    const { status, children, waits, report, objects } = await run(50, 'Throttled');
    expect(status).toBe('SUCCEEDED');
    expect(children.map(({ attempts }) => attempts)).toEqual([1, 7]);
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 100_000]);
    const { ResultFiles } = JSON.parse(objects[report.Key] ?? '');
    expect(objects[ResultFiles.SUCCEEDED[0].Key]).toBe('{"key":"in/1"}\n{"key":"another"}\n');
    expect(objects[ResultFiles.FAILED[0].Key]).toContain('"Error":"Throttled"');
  });

  it('fails beyond, and does not retry what the state says not to', async () => {
    const { status, error, children } = await run(49, 'MALFORMED');
    expect([status, error]).toEqual(['FAILED', 'States.ExceedToleratedFailureThreshold']);
    expect(children[1]).toMatchObject({ attempts: 1, error: 'MALFORMED' });
  });

  it('refuses a field that it does not know', async () => {
    const unknown = { ...state, ItemSelector: {} };
    const parts = { s3: bucket({}), invoke: async () => ({}) };
    await expect(runDistributedMap(unknown, {}, parts)).rejects.toThrow('ItemSelector');
  });
});
