import { describe, expect, it } from 'vitest';
import { CaptionError } from 'zipcaption';
import { type Script, scriptedEngine } from '../../test/scripted-engine.js';
import { type AppOptions, createApp } from './app.js';
import type { RequestRecord } from './request-record.js';
import type { Settings } from './settings.js';

const photo = new Uint8Array([0xff, 0xd8, 0xff, 1, 2, 3]);
const jpeg = { 'content-type': 'image/jpeg' };

function service(
  script: Script = {},
  settings: Partial<Settings> = {},
  more: Partial<AppOptions> = {},
) {
  const engine = scriptedEngine(script);
  const records: RequestRecord[] = [];
  const app = createApp({
    settings,
    engine: async () => engine,
    observe: (record) => records.push(record),
    ...more,
  });
  const post = (query = '', init: RequestInit = {}, client = '') => {
    const request = { method: 'POST', body: photo, headers: jpeg, ...init };
    return app.fetch(new Request(`http://localhost/embed${query}`, request), { client });
  };
  return { app, engine, records, post };
}

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;
const form = (...files: Uint8Array<ArrayBuffer>[]) => {
  const body = new FormData();
  for (const [n, bytes] of files.entries()) body.append('image', new File([bytes], `${n}.jpg`));
  return body;
};

describe('POST /embed', () => {
  it('answers with the vector and the model that it belongs to', async () => {
    const { post, engine, records } = service({ features: [1 / 3, -2e-10, 0] });
    const response = await post();
    expect(response.status).toBe(200);
    const answer = await json(response);
    expect(answer).toEqual({
      embedding: [expect.any(Number), expect.any(Number), 0],
      model: { name: 'scripted', version: '1.2.3' },
      requestId: response.headers.get('x-request-id'),
    });
    // As 32-bit numbers they are the library's own.
    expect(Float32Array.from(answer.embedding as number[])).toEqual(
      new Float32Array([1 / 3, -2e-10, 0]),
    );
    expect(engine.calls).toHaveLength(0);
    expect(records[0]).toMatchObject({ photos: 1, photoBytes: 6, queued: expect.any(Number) });
    expect(records[0]?.timings).toEqual({ embed: expect.any(Number) });
  });

  it('takes bytes, base64, a form and an allowed URL, with options beside them', async () => {
    const { post, engine } = service({}, {}, { fetchPhoto: async () => photo });
    const base64 = Buffer.from(photo).toString('base64');
    const text = (image: string) => ({
      body: JSON.stringify({ image, decode: 'exact', orientation: false }),
      headers: { 'content-type': 'application/json' },
    });
    const fields = form(photo);
    fields.set('decode', 'exact');
    fields.set('orientation', 'false');
    const requests: readonly (readonly [string, RequestInit])[] = [
      ['?decode=exact&orientation=false', {}],
      ['', text(base64)],
      ['', text(`data:image/jpeg;base64,${base64}`)],
      ['', text('https://photos.example/a.jpg')],
      ['', { body: fields, headers: {} }],
    ];
    const tags = [];
    for (const [query, init] of requests) {
      const response = await post(query, init);
      expect(response.status, `${query} ${String(init.body)}`).toBe(200);
      tags.push(response.headers.get('etag'));
    }
    expect(new Set(tags).size).toBe(1);
    expect(engine.embedCalls).toHaveLength(1);
    const [call] = engine.embedCalls;
    expect(Buffer.from(call?.bytes ?? [])).toEqual(Buffer.from(photo));
    expect(call?.options).toMatchObject({ decode: 'exact', orientation: false });
  });

  it('remembers vectors, apart from captions and from those of other options', async () => {
    const { app, post, engine } = service();
    const first = await post();
    const again = await post();
    expect(again.headers.get('cache-status')).toBe('zipcaption; hit');
    expect((await json(again)).embedding).toEqual((await json(first)).embedding);
    for (const query of ['?decode=exact', '?decode=fast', '?orientation=false']) await post(query);
    expect(engine.embedCalls).toHaveLength(4);
    const request = { method: 'POST', body: photo, headers: jpeg };
    const caption = await app.fetch(new Request('http://localhost/caption', request));
    expect(await json(caption)).toMatchObject({ caption: 'a dog runs' });
    const etag = first.headers.get('etag') ?? '';
    expect(caption.headers.get('etag')).not.toBe(etag);
    const known = await post('', { headers: { ...jpeg, 'if-none-match': etag } });
    expect([known.status, await known.text()]).toEqual([304, '']);
  });

  it('computes the vector of the same photo once for all who ask at the same time', async () => {
    const { post, engine } = service({ pace: 10 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => post()));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(engine.embedCalls).toHaveLength(1);
  });

  it('answers an empty body with 204 once the model is loaded', async () => {
    const { post, engine } = service();
    expect((await post('', { body: '' })).status).toBe(204);
    expect(engine.embedCalls).toHaveLength(0);
  });

  it.each([
    ['an option of captions', '?beams=3', {}, 'INVALID_OPTION', 'decode, orientation'],
    ['an orientation that is no flag', '?orientation=6', {}, 'INVALID_OPTION', 'true or false'],
    [
      'a caption’s option in JSON',
      '',
      { body: '{"image":"AAAA","beams":3}' },
      'INVALID_OPTION',
      'no option "beams"',
    ],
    ['JSON without an image', '', { body: '{}' }, 'INVALID_INPUT', 'decode, orientation'],
    ['two files', '', { body: form(photo, photo) }, 'INVALID_INPUT', 'at most 1'],
  ] as const)('refuses %s', async (_, query, init, code, says) => {
    const isJson = 'body' in init && typeof init.body === 'string';
    const headers = 'body' in init ? (isJson ? { 'content-type': 'application/json' } : {}) : jpeg;
    const { post, engine } = service();
    const response = await post(query, { ...init, headers });
    expect(response.status).toBe(400);
    const { code: found, detail } = await json(response);
    expect([found, detail]).toEqual([code, expect.stringContaining(says)]);
    expect(engine.embedCalls).toHaveLength(0);
  });

  it('takes the option "orientation" from nobody who wants a caption', async () => {
    const request = { method: 'POST', body: photo, headers: jpeg };
    const url = 'http://localhost/caption?orientation=false';
    expect((await service().app.fetch(new Request(url, request))).status).toBe(400);
  });

  it('says so with a 501 when the model has no features', async () => {
    const { post, engine } = service({ features: null });
    const response = await post();
    expect(response.status).toBe(501);
    expect(await json(response)).toMatchObject({
      status: 501,
      code: 'MODEL_UNSUPPORTED',
      detail: expect.stringContaining('"scripted"'),
    });
    expect(engine.embedCalls).toHaveLength(0);
  });

  it('tells nothing of a model that the service cannot load', async () => {
    const failing = async () => {
      throw new CaptionError('MODEL_UNSUPPORTED', '/var/task/model has the operator Foo.');
    };
    const { post } = service({}, {}, { engine: failing });
    const response = await post();
    expect(response.status).toBe(500);
    const { code, detail } = await json(response);
    expect(code).toBe('INTERNAL');
    expect(detail).not.toContain('Foo');
  });

  it('passes on what the library says of a photo', async () => {
    const { app, post } = service({ failure: new CaptionError('DECODE_FAILED', 'Broken.') });
    const response = await post();
    expect(response.status).toBe(422);
    expect(await json(response)).toMatchObject({ code: 'DECODE_FAILED', detail: 'Broken.' });
    expect(app.load.bodyBytes).toBe(0);
  });
});

describe('the limits of captions hold for vectors, too', () => {
  const other = (n: number) => ({ body: new Uint8Array([...photo, n]) });

  it('bytes and pixels', async () => {
    const { post, engine } = service({}, { maxBytes: 6, maxPixels: 77 });
    expect((await post('', other(1))).status).toBe(413);
    expect((await post()).status).toBe(200);
    expect(engine.embedCalls[0]?.options).toMatchObject({ maxBytes: 6, maxPixels: 77 });
  });

  it('keys', async () => {
    const key = 'correct-horse-battery';
    const { post } = service({}, { apiKeys: [key] });
    expect((await post()).status).toBe(401);
    expect((await post('', { headers: { ...jpeg, 'x-api-key': key } })).status).toBe(200);
  });

  it('a client’s rate, of captions and vectors together', async () => {
    const { app, post } = service({}, { rate: { requests: 2, seconds: 60 } });
    const request = { method: 'POST', body: photo, headers: jpeg };
    await app.fetch(new Request('http://localhost/caption', request), { client: 'a' });
    const [second, third] = [await post('', {}, 'a'), await post('', {}, 'a')];
    expect(second.status).toBe(200);
    expect(second.headers.get('ratelimit')).toContain('r=0');
    expect(third.status).toBe(429);
    expect(await json(third)).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('the queue, of captions and vectors together', async () => {
    let release: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    const { app, post } = service({ hold }, { maxWaiting: 2 });
    const request = { method: 'POST', body: photo, headers: jpeg };
    const caption = app.fetch(new Request('http://localhost/caption', request));
    await expect.poll(() => app.load.running).toBe(1);
    const sent = [post('', other(1)), post('', other(2))];
    expect((await Promise.race(sent)).status).toBe(429);
    release();
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect((await caption).status).toBe(200);
  });

  it('the time limit, which stops the work', async () => {
    const { app, engine } = service({ pace: 10_000 });
    const request = { method: 'POST', body: photo, headers: jpeg };
    const response = await app.fetch(new Request('http://localhost/embed', request), {
      timeLeft: 400,
    });
    expect(response.status).toBe(504);
    expect(await json(response)).toMatchObject({ code: 'TIME_TOO_SHORT' });
    expect(engine.embedCalls[0]?.options.signal?.aborted).toBe(true);
  });

  it('a client that leaves, which stops the work', async () => {
    const { app, post, engine, records } = service({ pace: 10_000 });
    const leaving = new AbortController();
    const answer = post('', { signal: leaving.signal });
    await expect.poll(() => engine.embedCalls).toHaveLength(1);
    leaving.abort();
    expect((await answer).status).toBe(499);
    expect(records[0]?.status).toBe(499);
    expect(engine.embedCalls[0]?.options.signal?.aborted).toBe(true);
    await expect.poll(() => app.load.running).toBe(0);
    expect(app.load.bodyBytes).toBe(0);
  });
});
