import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { parse, type ScalarTag } from 'yaml';
import { repositoryRoot } from '../repository-root.js';
import { ACCOUNT, type Aws, REGION } from './aws.js';
import { type MapRun, runDistributedMap } from './distributed-map.js';
import type { FaultProxy } from './fault-proxy.js';
import type { PackagedFunction } from './packaged-function.js';
import { makeBucket } from './resources.js';
import { type Check, captioned, put, sample, stored, truth } from './stored-results.js';

interface BackfillRig {
  readonly aws: Aws;
  readonly proxy: FaultProxy;
  readonly function: PackagedFunction;
  readonly check: Check;
}

/**
 * The state machine of templates/backfill.yaml. moto's interpreter runs the states before the Map, which
 * choose a reader and fill in defaults; ours runs the Map, its task bound to the packaged function.
 */
export async function proveBackfill({ aws, proxy, function: function_, check }: BackfillRig) {
  const keys = Array.from({ length: 7 }, (_, index) => `2026/photo ${index}+é.jpg`);
  for (const bucket of ['archive', 'reports']) await makeBucket(aws, bucket);
  for (const key of keys) await put(aws, 'archive', key, sample('coffee.jpg'));
  await put(aws, 'archive', '2026/broken.jpg', 'no photo');
  await put(aws, 'archive', 'elsewhere.jpg', sample('coffee.jpg'));
  const { definition, maps } = backfillDefinition();
  const made = await aws.json('AWSStepFunctions.CreateStateMachine', {
    name: 'backfill',
    definition: JSON.stringify(definition),
    roleArn: `arn:aws:iam::${ACCOUNT}:role/backfill`,
  });
  const run = async (input: object) => {
    const started = await aws.json('AWSStepFunctions.StartExecution', {
      stateMachineArn: made.stateMachineArn,
      name: randomUUID(),
      input: JSON.stringify(input),
    });
    const output = await outputOf(aws, String(started.executionArn));
    const map = maps.get(output.map);
    truth(map, `The state machine chose ${output.map}.`);
    const invoke = (event: unknown) => function_.invoke(event, 60_000);
    return runDistributedMap(map, output.input, { s3: aws.s3, invoke });
  };
  const text = async (bucket: string, key: string) => {
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  };
  const reported = async ({ report }: MapRun, kind: 'SUCCEEDED' | 'FAILED') => {
    const { ResultFiles } = JSON.parse(await text(report.Bucket, report.Key));
    const files = await Promise.all(
      ResultFiles[kind].map(({ Key }: { Key: string }) => text(report.Bucket, Key)),
    );
    return files
      .join('')
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };

  await check(
    'Step Functions: a listing in batches, a line for each photo in the report',
    async () => {
      const ran = await run({ prefix: '2026/', options: { beams: 2 }, batchSize: 3 });
      truth(ran.status === 'SUCCEEDED', JSON.stringify(ran));
      const sizes = ran.children.map(({ output }) => (output as unknown[]).length);
      truth(sizes.join() === '3,3,2', `The batches have ${sizes} photos.`);
      for (const key of keys) await captioned(aws, 'archive', key);
      const lines = await reported(ran, 'SUCCEEDED');
      const told = lines.map(({ key, status }) => `${key} ${status}`).sort();
      const expected = [...keys.map((key) => `${key} captioned`), '2026/broken.jpg failed'].sort();
      truth(told.join() === expected.join(), `The report has ${told}.`);
      const other = await stored(aws, 'archive', 'elsewhere.jpg').catch(() => undefined);
      truth(other === undefined, 'A photo outside of the prefix was captioned.');
    },
  );

  await check('Step Functions: an inventory of a bucket with versions', async () => {
    await makeBucket(aws, 'inventoried', true);
    const older = await put(aws, 'inventoried', 'a b+é.jpg', sample('coffee.jpg'));
    const newer = await put(aws, 'inventoried', 'a b+é.jpg', sample('rocket.jpg'));
    const row = (key: string, version = '', isLatest = true, isMarker = false) =>
      ['inventoried', encodeURIComponent(key).replaceAll('%20', '+'), version, isLatest, isMarker]
        .map((field) => `"${field}"`)
        .join(',');
    const rows = [
      row('a b+é.jpg', newer.VersionId),
      row('a b+é.jpg', older.VersionId, false),
      row('deleted.jpg', 'x', true, true),
    ];
    await put(aws, 'reports', 'inventory/data/1.csv.gz', gzipSync(`${rows.join('\n')}\n`));
    const manifest = {
      sourceBucket: 'inventoried',
      destinationBucket: 'arn:aws:s3:::reports',
      version: '2016-11-30',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker',
      files: [{ key: 'inventory/data/1.csv.gz' }],
    };
    await put(aws, 'reports', 'inventory/manifest.json', JSON.stringify(manifest));
    const ran = await run({ manifest: 'inventory/manifest.json' });
    truth(ran.status === 'SUCCEEDED', JSON.stringify(ran));
    const lines = await reported(ran, 'SUCCEEDED');
    const told = lines.map(({ status }) => status).join();
    truth(told === 'captioned,skipped,skipped', `The report has ${told}.`);
    const { photo } = await stored(aws, 'inventoried', 'a b+é.jpg');
    truth(photo.versionId === newer.VersionId, `It is of ${photo.versionId}.`);
  });

  await check(
    'Step Functions: what fails is retried, then counted against what is tolerated',
    async () => {
      const input = { prefix: 'elsewhere', batchSize: 1 };
      proxy.fault = (call) => (call.startsWith('GET /archive/elsewhere') ? 'forbidden' : undefined);
      try {
        const failed = await run(input);
        truth(failed.status === 'FAILED', JSON.stringify(failed));
        truth(failed.children[0]?.attempts === 7, JSON.stringify(failed.children));
        const [line] = await reported(failed, 'FAILED');
        truth(line?.Error === 'AccessDenied', JSON.stringify(line));
        const tolerated = await run({ ...input, toleratedFailurePercentage: 100 });
        truth(tolerated.status === 'SUCCEEDED', JSON.stringify(tolerated));
        const malformed = await run({ ...input, options: { beams: 'many' } });
        truth(malformed.children[0]?.attempts === 1, JSON.stringify(malformed.children));
      } finally {
        proxy.fault = () => undefined;
      }
    },
  );
}

async function outputOf(aws: Aws, executionArn: string): Promise<{ map: string; input: object }> {
  for (;;) {
    const run = await aws.json('AWSStepFunctions.DescribeExecution', { executionArn });
    if (run.status === 'SUCCEEDED') return JSON.parse(String(run.output));
    truth(run.status === 'RUNNING', JSON.stringify(run).slice(0, 2000));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

type State = Readonly<Record<string, unknown>>;

/**
 * The definition with its substitutions, as SAM writes it. In place of its Map states it has states
 * that tell which Map is to be run, and its input.
 */
function backfillDefinition(): { definition: object; maps: ReadonlyMap<string, State> } {
  const path = join(repositoryRoot, 'packages/lambda-adapter/templates/backfill.yaml');
  const tag = (name: string): ScalarTag => ({ tag: `!${name}`, resolve: (text) => text });
  const { Resources } = parse(readFileSync(path, 'utf8'), {
    logLevel: 'silent',
    customTags: ['Ref', 'GetAtt', 'Sub', 'Condition'].map(tag),
  });
  const values: Readonly<Record<string, string>> = {
    Partition: 'aws',
    PhotoBucket: 'archive',
    InventoryBucket: 'reports',
    ReportBucket: 'reports',
    ReportPrefix: 'runs',
    BatchSize: '50',
    MaximumConcurrency: '2',
    FunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:zipcaption`,
    ToleratedFailurePercentage: '0',
  };
  const text = JSON.stringify(Resources.Backfill.Properties.Definition).replaceAll(
    /\$\{(\w+)\}/g,
    (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`The template has no substitution ${name}.`);
      return value;
    },
  );
  const definition = JSON.parse(text) as { States: Record<string, State> };
  const maps = new Map<string, State>();
  for (const [name, state] of Object.entries(definition.States)) {
    if (state.Type !== 'Map') continue;
    maps.set(name, state);
    const Parameters = { map: name, 'input.$': '$' };
    definition.States[name] = { Type: 'Pass', Parameters, End: true };
  }
  return { definition, maps };
}
