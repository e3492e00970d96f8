import { refuseUnknown } from '../http/refuse-unknown.js';
import { pixelsFor } from '../http/settings.js';

/** A place for results. */
export type ResultPlace =
  | {
      readonly kind: 's3';
      /** `{bucket}` stands for the photo's bucket. */
      readonly bucket: string;
      /** Ends with `/`; may hold `{bucket}`. */
      readonly prefix: string;
    }
  | { readonly kind: 'dynamodb'; readonly table: string };

export interface BatchSettings {
  /** Empty: results are only returned, which Step Functions alone can use. */
  readonly results: readonly ResultPlace[];
  /** In S3, a `.txt` with the caption beside each `.json`. */
  readonly text: boolean;
  /** Key that results in S3 are encrypted with; undefined: as the bucket does by default. */
  readonly kmsKey: string | undefined;
  /** Pay for the calls to buckets whose owners ask for it. */
  readonly requesterPays: boolean;
  /** Photos in hand at once, 1–16: while one is captioned, others are read and written. */
  readonly concurrency: number;
  readonly maxBytes: number;
  readonly maxPixels: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const names = [
  'RESULTS',
  'RESULTS_TEXT',
  'RESULTS_KMS_KEY',
  'REQUESTER_PAYS',
  'BATCH_CONCURRENCY',
  'MAX_BYTES',
  'MAX_PIXELS',
];

const MAX_BYTES = 32 * 2 ** 20;

/**
 * Settings of the batch handler from environment variables, checked. docs/batch.md lists them.
 *
 * @throws Error naming the variable and what it may be
 */
export function readBatchSettings(env: Environment): BatchSettings {
  refuseUnknown(env, names);
  return {
    results: places(env.ZIPCAPTION_RESULTS),
    text: flag(env, 'ZIPCAPTION_RESULTS_TEXT'),
    kmsKey: env.ZIPCAPTION_RESULTS_KMS_KEY?.trim() || undefined,
    requesterPays: flag(env, 'ZIPCAPTION_REQUESTER_PAYS'),
    concurrency: number(env, 'ZIPCAPTION_BATCH_CONCURRENCY', 2, 16),
    maxBytes: number(env, 'ZIPCAPTION_MAX_BYTES', MAX_BYTES, 2 ** 30),
    maxPixels: number(
      env,
      'ZIPCAPTION_MAX_PIXELS',
      pixelsFor(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
      2 ** 31 - 1,
    ),
  };
}

function places(text: string | undefined): ResultPlace[] {
  const given = (text ?? '').split(/[\s,]+/).filter(Boolean);
  if (given.length === 0) {
    throw new Error(
      'ZIPCAPTION_RESULTS says where results are stored: s3://BUCKET/PREFIX, dynamodb://TABLE, or both with a comma between; "none" for Step Functions, which collects them itself.',
    );
  }
  if (given.length === 1 && given[0] === 'none') return [];
  return given.map(place);
}

function place(address: string): ResultPlace {
  const [, table] = /^dynamodb:\/\/([\w.-]{3,255})$/.exec(address) ?? [];
  if (table) return { kind: 'dynamodb', table };
  const [, bucket, path = ''] =
    /^s3:\/\/(\{bucket\}|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? [];
  if (!bucket) {
    throw new Error(
      `ZIPCAPTION_RESULTS must hold addresses such as s3://my-results/captions or dynamodb://captions; "${address}" is none.`,
    );
  }
  const prefix = path.replace(/\/+$/, '');
  if (prefix === '') {
    throw new Error(
      `ZIPCAPTION_RESULTS needs a prefix, as in ${address.replace(/\/+$/, '')}/captions: without one results could lie beside photos that have their names.`,
    );
  }
  return { kind: 's3', bucket, prefix: `${prefix}/` };
}

function flag(env: Environment, name: string): boolean {
  const text = env[name]?.trim() || 'off';
  if (text === 'on' || text === 'off') return text === 'on';
  throw new Error(`${name} must be "on" or "off", not "${text}".`);
}

function number(env: Environment, name: string, fallback: number, most: number): number {
  const text = env[name]?.trim();
  if (!text) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${name} must be a whole number from 1 to ${most}, not "${text}".`);
}
