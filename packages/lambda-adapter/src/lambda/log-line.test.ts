import { describe, expect, it } from 'vitest';
import { CaptionError } from 'zipcaption';
import { lambdaContext } from '../../test/lambda-context.js';
import type { RequestRecord } from '../http/request-record.js';
import { createWriter } from './write-log.js';

const record: RequestRecord = {
  requestId: 'r-1',
  method: 'POST',
  path: '/caption',
  status: 200,
  duration: 12.345,
  photos: 1,
  photoBytes: 1000,
  format: 'jpeg',
  timings: { encode: Math.PI },
};

function writer(env: Record<string, string> = { AWS_LAMBDA_FUNCTION_NAME: 'zipcaption' }) {
  const lines: string[] = [];
  const log = createWriter(env, (line) => lines.push(line));
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, parsed };
}

describe('the log', () => {
  it('has one line of JSON a request, with the keys of Powertools', () => {
    const { log, lines, parsed } = writer();
    log.request(record, lambdaContext());
    expect(lines[0]).not.toContain('\n');
    expect(parsed()[0]).toMatchObject({
      level: 'INFO',
      message: 'POST /caption 200',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'zipcaption',
      cold_start: true,
      function_arn: lambdaContext().invokedFunctionArn,
      function_memory_size: '1769',
      function_name: 'zipcaption',
      function_request_id: lambdaContext().awsRequestId,
      duration_ms: 12.35,
      stages_ms: { encode: 3.14 },
    });
  });

  it('marks only the first request as a cold start', () => {
    const { log, parsed } = writer();
    log.request(record);
    log.request(record);
    expect(parsed().map((line) => line.cold_start)).toEqual([true, false]);
  });

  it('carries metrics in the embedded metric format: each named one is a number beside it', () => {
    const { log, parsed } = writer();
    log.request({ ...record, status: 422 });
    const [line = {}] = parsed();
    const { Timestamp, CloudWatchMetrics } = line._aws as {
      Timestamp: number;
      CloudWatchMetrics: {
        Namespace: string;
        Dimensions: string[][];
        Metrics: { Name: string }[];
      }[];
    };
    expect(Number.isInteger(Timestamp)).toBe(true);
    const [directive] = CloudWatchMetrics;
    expect(directive?.Namespace).toBe('zipcaption');
    for (const [dimension = ''] of directive?.Dimensions ?? [])
      expect(line[dimension]).toEqual(expect.any(String));
    for (const { Name } of directive?.Metrics ?? []) expect(line[Name]).toEqual(expect.any(Number));
    expect(line).toMatchObject({
      Requests: 1,
      ClientErrors: 1,
      ServerErrors: 0,
      ColdStart: 1,
      Photos: 1,
    });
  });

  it('leaves metrics out where nobody reads them, or on request', () => {
    for (const env of [{}, { AWS_LAMBDA_FUNCTION_NAME: 'f', ZIPCAPTION_METRICS: 'off' }]) {
      const { log, parsed } = writer(env);
      log.request(record);
      expect(parsed()[0]).not.toHaveProperty('_aws');
    }
  });

  it('refuses a switch for metrics that is neither on nor off', () => {
    expect(() => writer({ ZIPCAPTION_METRICS: 'false' })).toThrow('"on" or "off"');
    expect(() => writer({ ZIPCAPTION_METRICS: '' })).not.toThrow();
  });

  it('writes no more of a path than one can read', () => {
    const { log, lines, parsed } = writer();
    log.request({ ...record, path: `/${'x'.repeat(1e6)}`, status: 404 });
    expect(lines[0]?.length).toBeLessThan(2_000);
    expect(parsed()[0]?.message).toMatch(/^POST \/x{199} 404$/);
  });

  it('gives the reason of a failure that the answer kept to itself', () => {
    const { log, parsed } = writer();
    const error = new CaptionError('MODEL_CORRUPT', 'model is broken', { cause: new Error('EIO') });
    log.request({ ...record, status: 500, error });
    expect(parsed()[0]).toMatchObject({
      level: 'ERROR',
      error: {
        name: 'CaptionError',
        code: 'MODEL_CORRUPT',
        message: 'model is broken',
        stack: expect.any(String),
        cause: { message: 'EIO' },
      },
    });
  });

  it('keeps quiet below the wanted level', () => {
    const { log, lines } = writer({ POWERTOOLS_LOG_LEVEL: 'warn' });
    log.request(record);
    expect(lines).toHaveLength(0);
    log.request({ ...record, status: 404 });
    expect(lines).toHaveLength(1);
  });
});
