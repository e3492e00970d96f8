import type { RequestRecord } from '../http/request-record.js';
import type { LambdaContext } from './context.js';
import { failureLine, type LogSettings, logLine } from './log-line.js';

export interface LogWriter {
  request(record: RequestRecord, lambda?: LambdaContext): void;
  failure(message: string, error: unknown): void;
}

/**
 * Writes log lines to standard output. Service, namespace and level come from the variables that
 * Powertools reads: `POWERTOOLS_SERVICE_NAME`, `POWERTOOLS_METRICS_NAMESPACE`, `POWERTOOLS_LOG_LEVEL`;
 * `ZIPCAPTION_METRICS=off` leaves the metrics out.
 *
 * @throws Error if `ZIPCAPTION_METRICS` is neither "on" nor "off"
 */
export function createWriter(
  env: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): LogWriter {
  const settings = logSettings(env);
  const least = levels.indexOf((env.POWERTOOLS_LOG_LEVEL ?? 'INFO').toUpperCase());
  const onLambda = env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  let cold = true;
  const traceId = () => /Root=([^;]+)/.exec(process.env._X_AMZN_TRACE_ID ?? '')?.[1];
  return {
    request(record, lambda) {
      const root = traceId();
      const line = logLine(record, settings, {
        now: new Date(),
        ...(onLambda && { coldStart: cold }),
        ...(lambda && { lambda }),
        ...(root && { traceId: root }),
      });
      cold = false;
      // A line that carries metrics is written at every level: they would be lost with it.
      if (settings.namespace || levelOf(record.status) >= least) write(line);
    },
    failure(message, error) {
      write(failureLine(message, error, settings, new Date()));
    },
  };
}

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT'];

function levelOf(status: number): number {
  return levels.indexOf(status >= 500 ? 'ERROR' : status >= 400 ? 'WARN' : 'INFO');
}

function logSettings(env: Readonly<Record<string, string | undefined>>): LogSettings {
  const service = env.POWERTOOLS_SERVICE_NAME ?? 'zipcaption';
  const metrics = env.ZIPCAPTION_METRICS?.trim() || 'on';
  if (metrics !== 'on' && metrics !== 'off') {
    throw new Error(`ZIPCAPTION_METRICS must be "on" or "off", not "${metrics}".`);
  }
  const off = metrics === 'off' || env.AWS_LAMBDA_FUNCTION_NAME === undefined;
  return off
    ? { service }
    : { service, namespace: env.POWERTOOLS_METRICS_NAMESPACE ?? 'zipcaption' };
}
