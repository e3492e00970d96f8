import { expect, it } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import { createMetrics } from './metrics.js';

const BASE = 'http://localhost/api';

/** Series by name and labels (Prometheus text format). */
function series(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}

it('counts requests, photos and stages, and reads the queue', async () => {
  const metrics = createMetrics('/api');
  const app = createApp({
    settings: { basePath: '/api' },
    workers: 2,
    engine: async () => ({ ...scriptedEngine(), workersLost: 3 }),
    observe: metrics.observe,
    metrics: metrics.answer,
  });
  metrics.watch(app);
  const post = (path: string, text = 'a photo') =>
    app.fetch(
      new Request(BASE + path, {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'image/jpeg' },
      }),
    );
  for (const path of ['/caption', '/caption', '/caption?x=1', '/elsewhere/of/a/stranger']) {
    await (await post(path)).text();
  }
  await app.fetch(new Request(BASE, { method: 'BREW' }));
  const answer = await app.fetch(new Request(`${BASE}/metrics`));
  expect(answer.headers.get('content-type')).toContain('version=0.0.4');
  const found = series(await answer.text());
  const requests = (labels: string) => found.get(`zipcaption_requests_total{${labels}}`);
  expect(requests('route="/caption",method="POST",status="200",code=""')).toBe(2);
  expect(requests('route="/caption",method="POST",status="400",code="INVALID_OPTION"')).toBe(1);
  expect(requests('route="other",method="POST",status="404",code="NOT_FOUND"')).toBe(1);
  expect(requests('route="/",method="other",status="405",code="METHOD_NOT_ALLOWED"')).toBe(1);
  expect(found.get('zipcaption_photos_total{from="work"}')).toBe(1);
  expect(found.get('zipcaption_photos_total{from="memory"}')).toBe(1);
  // The scripted engine says that this stage took 3 ms.
  expect(found.get('zipcaption_stage_duration_seconds_sum{stage="encode"}')).toBeCloseTo(0.003, 6);
  expect(found.get('zipcaption_queue_wait_seconds_count')).toBe(1);
  expect(found.get('zipcaption_workers')).toBe(2);
  expect(found.get('zipcaption_workers_lost')).toBe(3);
  expect(found.get('zipcaption_body_bytes')).toBe(0);
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
});
