import type * as api from '@opentelemetry/api';
import type { RequestRecord } from '../http/request-record.js';
import { knownMethod, routeOf } from './route-of.js';

/** The stages, in the order in which a photo passes them. */
const stages = [
  'queue',
  'decode',
  'preprocess',
  'encode',
  'search',
  'detokenize',
  'embed',
] as const;

const LONGEST_PATH = 200;

/**
 * Makes OpenTelemetry spans of finished requests: one for the request, as a child of the caller's
 * (`traceparent`), and in it one for each stage. Where `@opentelemetry/api` is not installed, nothing;
 * where no SDK is registered with it, nothing comes of them.
 *
 * @param basePath stands before every path
 */
export async function createTracing(basePath = ''): Promise<(record: RequestRecord) => void> {
  let otel: typeof api;
  try {
    otel = await import('@opentelemetry/api');
  } catch {
    return () => undefined;
  }
  const { SpanKind, SpanStatusCode, context, propagation, trace } = otel;
  const tracer = trace.getTracer('zipcaption');
  return (record) => {
    const { started = Date.now() - record.duration, method, path, status } = record;
    const { traceparent, tracestate } = record;
    const parent = traceparent
      ? propagation.extract(context.active(), { traceparent, tracestate })
      : context.active();
    const route = routeOf(path, basePath);
    // Of few values, as OpenTelemetry's conventions for HTTP ask.
    const name = [knownMethod(method) ?? 'HTTP', ...(route ? [route] : [])].join(' ');
    const attributes = {
      'http.request.method': knownMethod(method) ?? '_OTHER',
      ...(route && { 'http.route': route }),
      'url.path': path.slice(0, LONGEST_PATH),
      'http.response.status_code': status,
      'zipcaption.request_id': record.requestId,
    };
    const end = started + record.duration;
    const options = { kind: SpanKind.SERVER, startTime: started, attributes };
    const span = tracer.startSpan(name, options, parent);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    const inside = trace.setSpan(parent, span);
    // The stages end where the answer begins; how long the body took to come is what is left.
    const times = { ...record.timings, queue: record.queued ?? 0 } as Record<string, number>;
    let at = end - stages.reduce((sum, stage) => sum + (times[stage] ?? 0), 0);
    for (const stage of record.timings ? stages.filter((each) => each in times) : []) {
      const next = at + (times[stage] ?? 0);
      tracer.startSpan(stage, { startTime: at }, inside).end(next);
      at = next;
    }
    span.end(end);
  };
}
