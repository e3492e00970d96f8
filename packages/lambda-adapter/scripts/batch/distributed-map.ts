import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Answer } from './packaged-function.js';
import { each } from './photos.js';

/*
 * A Map state of the Amazon States Language in distributed mode, as far as templates/backfill.yaml uses
 * it: no interpreter that runs here knows ItemBatcher or S3 inventories. A field that it does not know
 * is an error, so that the template cannot outgrow it unnoticed.
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
 */

type Json = Readonly<Record<string, unknown>>;

export interface MapParts {
  readonly s3: S3Client;
  readonly invoke: (event: unknown) => Promise<Answer>;
  /** Called with the milliseconds between two attempts. Default: waits a thousandth of them. */
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** What became of the children of a run. */
export interface MapRun {
  readonly status: 'SUCCEEDED' | 'FAILED';
  /** Of a run that failed. */
  readonly error?: string;
  readonly children: readonly Child[];
  /** Where the manifest of the results lies. */
  readonly report: { readonly Bucket: string; readonly Key: string };
}

export interface Child {
  readonly input: unknown;
  readonly attempts: number;
  readonly output?: unknown;
  readonly error?: string;
}

/** Runs the state on its input. */
export async function runDistributedMap(
  state: Json,
  input: unknown,
  parts: MapParts,
): Promise<MapRun> {
  const known =
    'Type Comment Label ItemReader ItemBatcher ItemProcessor ResultWriter MaxConcurrencyPath ToleratedFailurePercentagePath End';
  const { ItemReader, ItemBatcher, ItemProcessor, ResultWriter } = only(state, known);
  const items = await readItems(ItemReader as Json, input, parts.s3);
  const batches = batchItems(items, ItemBatcher as Json, input);
  const children: Child[] = [];
  const atOnce = Number(atPath(String(state.MaxConcurrencyPath), input));
  await each(batches.length, atOnce, async (index) => {
    children[index] = await runChild(ItemProcessor as Json, batches[index], parts);
  });
  const tolerated = Number(atPath(String(state.ToleratedFailurePercentagePath), input));
  // Items count, not batches: https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateMapRun.html
  const failed = children
    .filter(({ error }) => error !== undefined)
    .reduce((sum, child) => sum + (child.input as { Items: unknown[] }).Items.length, 0);
  const isFailed = failed > (tolerated / 100) * items.length;
  const report = await writeResults(ResultWriter as Json, children, input, parts.s3);
  return {
    status: isFailed ? 'FAILED' : 'SUCCEEDED',
    ...(isFailed && { error: 'States.ExceedToleratedFailureThreshold' }),
    children,
    report,
  };
}

/** The objects of a listing, or the lines of an S3 inventory, in the form in which a child gets them. */
export async function readItems(reader: Json, input: unknown, s3: S3Client): Promise<Json[]> {
  const { Resource, Parameters, ReaderConfig } = only(reader, 'Resource Parameters ReaderConfig');
  const { Bucket, Key, Prefix } = template(Parameters, input) as Record<string, string>;
  if (String(Resource).endsWith(':states:::s3:listObjectsV2')) {
    return listed(s3, { Bucket, Prefix });
  }
  const { InputType } = only(ReaderConfig as Json, 'InputType');
  if (!String(Resource).endsWith(':states:::s3:getObject') || InputType !== 'MANIFEST') {
    throw new Error(`The reader ${JSON.stringify(reader)} is not known here.`);
  }
  const manifest = JSON.parse((await bytesOf(s3, Bucket, Key)).toString()) as Manifest;
  if (manifest.fileFormat !== 'CSV') throw new Error('An inventory must be in CSV.');
  const names = manifest.fileSchema.split(/,\s*/);
  const bucket = manifest.destinationBucket.replace(/^arn:[^:]+:s3:::/, '');
  const files = manifest.files.map(async ({ key }) => {
    const bytes = await bytesOf(s3, bucket, key);
    const text = (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    return csvRows(text).map((row) =>
      Object.fromEntries(names.map((name, at) => [name, row[at] ?? ''])),
    );
  });
  return (await Promise.all(files)).flat();
}

interface Manifest {
  readonly destinationBucket: string;
  readonly fileFormat: string;
  readonly fileSchema: string;
  readonly files: readonly { readonly key: string }[];
}

async function listed(
  s3: S3Client,
  asked: { Bucket: string | undefined; Prefix: string | undefined },
): Promise<Json[]> {
  const items: Json[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ ...asked, ...(ContinuationToken && { ContinuationToken }) }),
    );
    for (const { ETag, Key, LastModified, Size, StorageClass } of page.Contents ?? []) {
      const seconds = (LastModified?.getTime() ?? 0) / 1000;
      // Step Functions writes the names of fields with one capital letter.
      items.push({ Etag: ETag, Key, LastModified: seconds, Size, StorageClass });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  return items;
}

/** Rows of a CSV whose fields may be quoted, with `""` for a quotation mark. */
export function csvRows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain = '']) =>
        quoted === undefined ? plain : quoted.replaceAll('""', '"'),
      ),
    );
}

/** The inputs of the children: `{ BatchInput, Items }`, as many items in each as its two limits allow. */
export function batchItems(items: readonly unknown[], batcher: Json, input: unknown): unknown[] {
  const known = 'BatchInput MaxItemsPerBatch MaxItemsPerBatchPath MaxInputBytesPerBatch';
  const { BatchInput, MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch } = only(
    batcher,
    known,
  );
  const most = Number(MaxItemsPerBatch ?? atPath(String(MaxItemsPerBatchPath), input));
  const mostBytes = Number(MaxInputBytesPerBatch ?? 256 * 1024);
  const shared = BatchInput === undefined ? {} : { BatchInput: template(BatchInput, input) };
  const batches: { Items: unknown[] }[] = [];
  for (const item of items) {
    const last = batches.at(-1);
    const longer = last && { ...last, Items: [...last.Items, item] };
    const fits = longer && longer.Items.length <= most && byteLength(longer) <= mostBytes;
    if (fits) last.Items.push(item);
    else batches.push({ ...shared, Items: [item] });
  }
  return batches;
}

/** A child with one task, which invokes the function. */
async function runChild(processor: Json, input: unknown, parts: MapParts): Promise<Child> {
  const { States, StartAt } = only(processor, 'ProcessorConfig StartAt States');
  const task = (States as Record<string, Json>)[String(StartAt)];
  if (!task) throw new Error(`The child has no state ${StartAt}.`);
  const { Resource, Parameters, OutputPath, Retry } = only(
    task,
    'Type Comment Resource Parameters OutputPath Retry End',
  );
  if (!String(Resource).endsWith(':states:::lambda:invoke')) {
    throw new Error(`A task of ${Resource} is not known here.`);
  }
  const { Payload } = template(Parameters, input) as { Payload: unknown };
  const used = new Map<Retrier, number>();
  for (let attempts = 1; ; attempts++) {
    const { result, error } = await parts.invoke(Payload);
    if (!error) {
      return { input, attempts, output: atPath(String(OutputPath), { Payload: result }) };
    }
    const retrier = (Retry as readonly Retrier[]).find(({ ErrorEquals }) =>
      ErrorEquals.some((name) => name === error.errorType || name === 'States.ALL'),
    );
    const before = (retrier && used.get(retrier)) ?? 0;
    if (!retrier || before >= (retrier.MaxAttempts ?? 3)) {
      return { input, attempts, error: error.errorType };
    }
    used.set(retrier, before + 1);
    await (parts.wait ?? thousandth)(delay(retrier, before));
  }
}

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
}

/** Milliseconds before an attempt, the longest that `JitterStrategy` may choose. */
function delay(retrier: Retrier, before: number): number {
  const {
    IntervalSeconds = 1,
    BackoffRate = 2,
    MaxDelaySeconds = Number.POSITIVE_INFINITY,
  } = retrier;
  return 1000 * Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** before);
}

function thousandth(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds / 1000));
}

/** Outputs of the children as JSON Lines, arrays taken apart, and the manifest that names the files. */
async function writeResults(
  writer: Json,
  children: readonly Child[],
  input: unknown,
  s3: S3Client,
): Promise<MapRun['report']> {
  const { Resource, Parameters, WriterConfig } = only(writer, 'Resource Parameters WriterConfig');
  const { Transformation, OutputType } = only(WriterConfig as Json, 'Transformation OutputType');
  if (
    !String(Resource).endsWith(':states:::s3:putObject') ||
    Transformation !== 'FLATTEN' ||
    OutputType !== 'JSONL'
  ) {
    throw new Error(`The writer ${JSON.stringify(writer)} is not known here.`);
  }
  const { Bucket, Prefix } = template(Parameters, input) as { Bucket: string; Prefix: string };
  const folder = `${Prefix}/${randomUUID()}`;
  const put = (name: string, body: string) =>
    s3.send(new PutObjectCommand({ Bucket, Key: `${folder}/${name}`, Body: body }));
  const files: Record<string, { Key: string; Size: number }[]> = { PENDING: [] };
  for (const [kind, isIt] of [
    ['SUCCEEDED', ({ error }: Child) => error === undefined],
    ['FAILED', ({ error }: Child) => error !== undefined],
  ] as const) {
    const chosen = children.filter(isIt);
    files[kind] = [];
    if (chosen.length === 0) continue;
    // What failed is told with its input, whatever the transformation.
    const lines = chosen.flatMap((child) =>
      child.error === undefined
        ? child.output
        : { Error: child.error, Input: JSON.stringify(child.input), Status: kind },
    );
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await put(`${kind}_0.jsonl`, body);
    files[kind] = [{ Key: `${folder}/${kind}_0.jsonl`, Size: Buffer.byteLength(body) }];
  }
  await put('manifest.json', JSON.stringify({ DestinationBucket: Bucket, ResultFiles: files }));
  return { Bucket, Key: `${folder}/manifest.json` };
}

/** A payload template: fields whose names end in `.$` are paths into the input. */
export function template(value: unknown, input: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => template(each, input));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), atPath(String(each), input)]
        : [name, template(each, input)],
    ),
  );
}

/** `$`, or `$.field.field` */
function atPath(path: string, input: unknown): unknown {
  if (!/^\$(\.\w+)*$/.test(path)) throw new Error(`The path ${path} is not known here.`);
  let value = input;
  for (const name of path.split('.').slice(1)) value = (value as Json | undefined)?.[name];
  if (value === undefined) throw new Error(`The input has nothing at ${path}.`);
  return value;
}

/** @throws Error for a field that is not among the known ones */
function only(object: Json, known: string): Json {
  const names = known.split(' ');
  const unknown = Object.keys(object).find((name) => !names.includes(name));
  if (unknown) throw new Error(`The field ${unknown} is not known here.`);
  return object;
}

async function bytesOf(s3: S3Client, Bucket: string | undefined, Key: string | undefined) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

function byteLength(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
