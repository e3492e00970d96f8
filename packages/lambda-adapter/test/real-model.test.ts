import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCaptioner } from 'zipcaption';
import type { CaptionJson } from '../src/http/answer.js';
import { type App, createApp } from '../src/http/app.js';
import { engineFromEnvironment } from '../src/lambda/engine-from-environment.js';
import { createHandler, type Handler } from '../src/lambda/handler.js';
import type { HttpResult } from '../src/lambda/http-results.js';
import { eventWithBody, httpEventNames } from './events/index.js';
import { lambdaContext } from './lambda-context.js';

const model = new URL('../../../models/lite/', import.meta.url);
const photo = readFileSync(new URL('../../../samples/astronaut.jpg', import.meta.url));

describe('with the real model', () => {
  let app: App;
  let handler: Handler;
  let expected: string;
  beforeAll(async () => {
    app = createApp({
      engine: () => engineFromEnvironment({ ZIPCAPTION_MODEL: model.pathname }),
    });
    handler = createHandler(app);
    const captioner = await loadCaptioner({ model });
    expected = (await captioner.caption(photo, { numBeams: 3, numCaptions: 2 })).text;
    await captioner.dispose();
  });

  it.each(httpEventNames)('%s says what the library says', async (name) => {
    const event = eventWithBody(name, photo);
    const options = name === 'function-url' ? { rawQueryString: 'beams=3&numCaptions=2' } : {};
    const result = (await handler({ ...event, ...options }, lambdaContext())) as HttpResult;
    expect(result.statusCode).toBe(200);
    const body = JSON.parse(result.body) as CaptionJson;
    expect(body.caption).toBe(expected);
    expect(body.alternatives).toHaveLength(1);
  });

  it('streams a sentence whose pieces make up the whole', async () => {
    const request = new Request('https://captions.example/caption', {
      ...{ method: 'POST', body: photo },
      headers: { 'content-type': 'image/jpeg', accept: 'text/event-stream' },
    });
    const text = await (await app.fetch(request)).text();
    const events = [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(
      ([, event, data = '']) => ({
        event,
        data: JSON.parse(data) as { text: string; caption: string },
      }),
    );
    const pieces = events.filter(({ event }) => event === 'token').map(({ data }) => data.text);
    expect(pieces.length).toBeGreaterThan(2);
    expect(events.at(-1)?.event).toBe('result');
    expect(events.at(-1)?.data.caption).toBe(pieces.join(''));
  });

  it('gives a map for each word when asked for', async () => {
    const request = new Request('https://captions.example/caption?attention=true', {
      ...{ method: 'POST', body: photo },
      headers: { 'content-type': 'image/jpeg' },
    });
    const { caption, attention } = (await (await app.fetch(request)).json()) as CaptionJson;
    expect(attention?.map(({ word }) => word).join(' ')).toBe(caption);
    for (const { values, rows, columns } of attention ?? []) {
      expect(values).toHaveLength(rows * columns);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 2);
    }
  });

  it.each([
    ['no image', Buffer.from('hello'), 415],
    ['half a header', photo.subarray(0, 100), 422],
  ])('refuses %s', async (_, body, status) => {
    const request = new Request('https://captions.example/caption', {
      ...{ method: 'POST', body },
      headers: { 'content-type': 'image/jpeg' },
    });
    expect((await app.fetch(request)).status).toBe(status);
  });

  it('stops in the middle of the work when the time is up', async () => {
    const request = new Request('https://captions.example/caption?beams=16&maxLength=512', {
      ...{ method: 'POST', body: photo },
      headers: { 'content-type': 'image/jpeg' },
    });
    expect((await app.fetch(request, { timeLeft: 251 })).status).toBe(504);
  });
});
