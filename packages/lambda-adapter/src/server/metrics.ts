import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { CaptionError } from 'zipcaption';
import type { App } from '../http/app.js';
import { HttpError } from '../http/problem.js';
import type { RequestRecord } from '../http/request-record.js';
import { knownMethod, routeOf } from './route-of.js';

/** Seconds; the upper ones are near the time limit. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface Metrics {
  /** Counts a request that is over. */
  observe(record: RequestRecord): void;
  /** Reads the gauges of the app whenever metrics are asked for. */
  watch(app: App): void;
  /** `GET /metrics`. */
  answer(): Promise<Response>;
}

/** Figures for Prometheus. docs/http-api.md lists them. */
export function createMetrics(basePath: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'zipcaption_requests_total',
    help: 'Requests by route, method, status and, for failures, code.',
    labelNames: ['route', 'method', 'status', 'code'],
    registers,
  });
  const duration = new Histogram({
    name: 'zipcaption_request_duration_seconds',
    help: 'From the arrival of the headers to the answer.',
    labelNames: ['route'],
    buckets,
    registers,
  });
  const stages = new Histogram({
    name: 'zipcaption_stage_duration_seconds',
    help: 'Time of a stage of a request’s photos together.',
    labelNames: ['stage'],
    buckets,
    registers,
  });
  const queued = new Histogram({
    name: 'zipcaption_queue_wait_seconds',
    help: 'Time that photos waited for a worker.',
    buckets,
    registers,
  });
  const photos = new Counter({
    name: 'zipcaption_photos_total',
    help: 'Photos by where their caption or vector came from.',
    labelNames: ['from'],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  return {
    observe(record) {
      const route = routeOf(record.path, basePath) ?? 'other';
      const method = knownMethod(record.method) ?? 'other';
      requests.inc({ route, method, status: record.status, code: codeOf(record.error) });
      duration.observe({ route }, record.duration / 1000);
      for (const [stage, ms] of Object.entries(record.timings ?? {})) {
        stages.observe({ stage }, ms / 1000);
      }
      if (record.queued !== undefined) queued.observe(record.queued / 1000);
      if (record.photos === undefined || record.status >= 400) return;
      const known = record.cacheHits ?? 0;
      photos.inc({ from: 'memory' }, known);
      photos.inc({ from: 'work' }, record.photos - known);
    },
    watch(app) {
      gauge('zipcaption_queue_photos', 'Photos that wait for a worker.', () => app.load.waiting);
      gauge('zipcaption_working_photos', 'Photos that are worked on.', () => app.load.running);
      gauge('zipcaption_workers', 'Photos that can be worked on at once.', () => app.load.workers);
      gauge(
        'zipcaption_queue_wait_expected_seconds',
        'Time that a new photo would wait.',
        () => app.load.wait / 1000,
      );
      gauge(
        'zipcaption_workers_lost',
        'Workers that ended and were replaced since the start.',
        () => app.load.workersLost,
      );
      gauge('zipcaption_body_bytes', 'Bytes of bodies that are held.', () => app.load.bodyBytes);
    },
    async answer() {
      return new Response(await registry.metrics(), {
        headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' },
      });
    },
  };
}

function codeOf(error: unknown): string {
  if (error === undefined) return '';
  return error instanceof HttpError || error instanceof CaptionError ? error.code : 'INTERNAL';
}
