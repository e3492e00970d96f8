import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import { createTracing } from './tracing.js';

afterEach(() => {
  trace.disable();
  propagation.disable();
});

it('makes a span of a request below the caller’s, with one for each stage in it', async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const observe = await createTracing();
  const app = createApp({ engine: async () => scriptedEngine(), observe });
  const [traceId, callerId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  await app.fetch(
    new Request('http://localhost/caption', {
      method: 'POST',
      body: 'a photo',
      headers: {
        'content-type': 'image/jpeg',
        traceparent: `00-${traceId}-${callerId}-01`,
        tracestate: 'vendor=value',
      },
    }),
  );
  const spans = exporter.getFinishedSpans();
  const request = spans.find(({ name }) => name === 'POST /caption');
  expect(request?.spanContext().traceId).toBe(traceId);
  expect(request?.parentSpanContext?.spanId).toBe(callerId);
  expect(request?.spanContext().traceState?.get('vendor')).toBe('value');
  expect(request?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/caption',
    'http.response.status_code': 200,
  });
  const stages = spans.filter((span) => span !== request);
  expect(stages.map(({ name }) => name)).toEqual([
    'queue',
    'decode',
    'preprocess',
    'encode',
    'search',
    'detokenize',
  ]);
  for (const { parentSpanContext } of stages) {
    expect(parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
  }
  // The scripted engine says that it took 3 ms.
  const [seconds, nanoseconds] = stages[3]?.duration ?? [0, 0];
  expect(seconds * 1e3 + nanoseconds / 1e6).toBeCloseTo(3, 1);
});

it('makes one span of the work on a feature vector', async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  const observe = await createTracing();
  const app = createApp({ engine: async () => scriptedEngine(), observe });
  await app.fetch(
    new Request('http://localhost/embed', {
      method: 'POST',
      body: 'a photo',
      headers: { 'content-type': 'image/jpeg' },
    }),
  );
  const names = exporter.getFinishedSpans().map(({ name }) => name);
  expect(names).toEqual(['queue', 'embed', 'POST /embed']);
});

it('names spans by the route: strangers cannot make up names', async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  const settings = { basePath: '/api' };
  const observe = await createTracing(settings.basePath);
  const app = createApp({ engine: async () => scriptedEngine(), settings, observe });
  for (const path of ['/api/livez/', `/api/${'x'.repeat(1_000)}`, '/livez']) {
    await app.fetch(new Request(`http://localhost${path}`));
  }
  await app.fetch(new Request('http://localhost/api', { method: 'BREW' }));
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name }) => name)).toEqual(['GET /livez', 'GET', 'GET', 'HTTP /']);
  for (const { attributes } of spans) {
    expect(String(attributes['url.path']).length).toBeLessThanOrEqual(200);
  }
  expect(spans[3]?.attributes).toMatchObject({ 'http.request.method': '_OTHER' });
});

it('does nothing where no SDK is registered', async () => {
  const observe = await createTracing();
  const record = { requestId: 'a', method: 'GET', path: '/', status: 200, duration: 1 };
  expect(() => observe(record)).not.toThrow();
});
