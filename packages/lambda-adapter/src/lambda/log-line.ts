import { CaptionError } from 'zipcaption';
import { HttpError } from '../http/problem.js';
import type { RequestRecord } from '../http/request-record.js';
import type { LambdaContext } from './context.js';

const LONGEST_PATH = 200;

export interface LogSettings {
  /** Key `service` of each line, and the metrics' dimension. */
  readonly service: string;
  /** CloudWatch namespace of the metrics; none are written without one. */
  readonly namespace?: string;
}

export interface LogFacts {
  readonly now: Date;
  readonly lambda?: LambdaContext;
  readonly coldStart?: boolean;
  readonly traceId?: string;
}

/**
 * A request as one line of JSON. Keys are those of Powertools for AWS Lambda's Logger, so that
 * queries and dashboards made for it work; the same line carries the metrics in CloudWatch's
 * embedded metric format, which saves a second one. It holds no photo, file name or caption.
 */
export function logLine(record: RequestRecord, settings: LogSettings, facts: LogFacts): string {
  const { lambda, coldStart, now, traceId } = facts;
  const path = record.path.slice(0, LONGEST_PATH);
  const level = record.status >= 500 ? 'ERROR' : record.status >= 400 ? 'WARN' : 'INFO';
  return JSON.stringify({
    level,
    message: `${record.method} ${path} ${record.status}`,
    timestamp: now.toISOString(),
    service: settings.service,
    ...(coldStart !== undefined && { cold_start: coldStart }),
    ...(lambda && {
      function_arn: lambda.invokedFunctionArn,
      function_memory_size: lambda.memoryLimitInMB,
      function_name: lambda.functionName,
      function_request_id: lambda.awsRequestId,
    }),
    ...(traceId && { xray_trace_id: traceId }),
    request_id: record.requestId,
    method: record.method,
    path,
    status: record.status,
    duration_ms: round(record.duration),
    ...(record.photos !== undefined && {
      photos: record.photos,
      photo_bytes: record.photoBytes,
      cache_hits: record.cacheHits ?? 0,
    }),
    ...(record.format && { photo_format: record.format }),
    ...(record.timings && {
      stages_ms: Object.fromEntries(
        Object.entries(record.timings).map(([stage, ms]) => [stage, round(ms)]),
      ),
    }),
    ...(record.error !== undefined && { error: describe(record.error, record.status >= 500) }),
    ...(settings.namespace && metrics(record, settings.namespace, facts)),
  });
}

/** A failure outside of any request. */
export function failureLine(
  message: string,
  error: unknown,
  { service }: LogSettings,
  now: Date,
): string {
  const timestamp = now.toISOString();
  return JSON.stringify({
    level: 'ERROR',
    message,
    timestamp,
    service,
    error: describe(error, true),
  });
}

/** The error with Powertools' keys; a client's own mistake needs no stack. */
function describe(error: unknown, full: boolean): object {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = error instanceof HttpError || error instanceof CaptionError ? error.code : undefined;
  return {
    name: error.name,
    ...(code && { code }),
    message: error.message,
    ...(full && { stack: error.stack, ...(error.cause !== undefined && { cause: cause(error) }) }),
  };
}

function cause({ cause }: Error): object | string {
  return cause instanceof Error ? { name: cause.name, message: cause.message } : String(cause);
}

/**
 * Metrics in CloudWatch's embedded metric format:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * Each name is a metric that is paid for by the month, so they are few.
 */
function metrics(record: RequestRecord, namespace: string, { now, coldStart }: LogFacts): object {
  const values: [name: string, unit: string, value: number][] = [
    ['Requests', 'Count', 1],
    ['ClientErrors', 'Count', Number(record.status >= 400 && record.status < 500)],
    ['ServerErrors', 'Count', Number(record.status >= 500)],
    ['Duration', 'Milliseconds', round(record.duration)],
    ...(coldStart ? [['ColdStart', 'Count', 1] as [string, string, number]] : []),
    ...(record.photos ? [['Photos', 'Count', record.photos] as [string, string, number]] : []),
  ];
  return {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['service']],
          Metrics: values.map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    ...Object.fromEntries(values.map(([name, , value]) => [name, value])),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
