import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCaptioner } from 'zipcaption';
import type { CaptionJson, EmbeddingJson } from '../src/http/answer.js';
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
      method: 'POST',
      body: photo,
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
      method: 'POST',
      body: photo,
      headers: { 'content-type': 'image/jpeg' },
    });
    const { caption, attention } = (await (await app.fetch(request)).json()) as CaptionJson;
    expect(attention?.map(({ word }) => word).join(' ')).toBe(caption);
    for (const { values, rows, columns } of attention ?? []) {
      expect(values).toHaveLength(rows * columns);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 2);
    }
  });

  it('gives the feature vector that the library gives', async () => {
    const captioner = await loadCaptioner({ model });
    const features = await captioner.embed(photo);
    const { name, version } = captioner.model;
    await captioner.dispose();
    const send = async (body: Buffer, query = '') => {
      const event = eventWithBody('function-url', body);
      const target = { rawPath: '/embed', rawQueryString: query };
      return (await handler({ ...event, ...target }, lambdaContext())) as HttpResult;
    };
    const result = await send(photo);
    expect(result.statusCode).toBe(200);
    const answer = JSON.parse(result.body) as EmbeddingJson;
    expect(answer.model).toEqual({ name, version });
    expect(answer.embedding).toHaveLength(1280);
    expect(Float32Array.from(answer.embedding)).toEqual(features);
    // Turned by its EXIF tag, the photo is another one, unless the tag is left alone.
    const turned = withOrientation(photo, 3);
    const vector = async (query: string) =>
      (JSON.parse((await send(turned, query)).body) as EmbeddingJson).embedding;
    expect(await vector('orientation=false')).toEqual(answer.embedding);
    expect(await vector('')).not.toEqual(answer.embedding);
    expect((await send(Buffer.from('hello'))).statusCode).toBe(415);
  });

  it.each([
    ['no image', Buffer.from('hello'), 415],
    ['half a header', photo.subarray(0, 100), 422],
  ])('refuses %s', async (_, body, status) => {
    const request = new Request('https://captions.example/caption', {
      method: 'POST',
      body,
      headers: { 'content-type': 'image/jpeg' },
    });
    expect((await app.fetch(request)).status).toBe(status);
  });

  it('stops in the middle of the work when the time is up', async () => {
    const request = new Request('https://captions.example/caption?beams=16&maxLength=512', {
      method: 'POST',
      body: photo,
      headers: { 'content-type': 'image/jpeg' },
    });
    expect((await app.fetch(request, { timeLeft: 251 })).status).toBe(504);
  });
});

/** A JPEG with an APP1 segment behind its SOI that holds an EXIF orientation only (TIFF 6.0, tag 0x0112). */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from('4d4d002a00000008000101120003000000010000000000000000', 'hex');
  tiff.writeUInt16BE(orientation, 18);
  const segment = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const header = Buffer.from([0xff, 0xe1, 0, segment.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), header, segment, jpeg.subarray(2)]);
}
