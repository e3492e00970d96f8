import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CaptionError } from 'zipcaption';
import { type Script, scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from './app.js';
import type { RequestRecord } from './request-record.js';
import type { Settings } from './settings.js';

const BASE = 'https://captions.example';
const photo = new Uint8Array([0xff, 0xd8, 0xff, 1, 2, 3]);

const photoInit = { method: 'POST', body: photo, headers: { 'content-type': 'image/jpeg' } };

function service(script?: Script, settings: Partial<Settings> = {}) {
  const engine = scriptedEngine(script);
  const records: RequestRecord[] = [];
  const app = createApp({
    settings,
    engine: async () => engine,
    observe: (record) => records.push(record),
  });
  const post = (path = '/caption', init: RequestInit = {}) =>
    app.fetch(
      new Request(BASE + path, {
        method: 'POST',
        body: photo,
        ...init,
        headers: { 'content-type': 'image/jpeg', ...init.headers },
      }),
    );
  const get = (path: string, init: RequestInit = {}) => app.fetch(new Request(BASE + path, init));
  return { app, engine, records, post, get };
}

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = await json(response);
  expect(body).toMatchObject({ status: response.status, requestId: expect.any(String) });
  expect(body.detail).toEqual(expect.any(String));
  return { status: response.status, code: body.code, detail: String(body.detail), body };
}

describe('POST /caption', () => {
  it('answers with the caption and all that is known of it', async () => {
    const { post } = service();
    const response = await post();
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({
      caption: 'a dog runs',
      score: -0.512346,
      confidence: 0.8,
      alternatives: [],
      attention: null,
      tags: null,
      timings: { decode: 1, preprocess: 2, encode: 3, search: 4, detokenize: 0.12, total: 10.12 },
      model: { name: 'scripted', version: '1.2.3', runtime: 'custom' },
      image: { format: 'jpeg', width: 640, height: 480, orientation: 1 },
      warnings: [],
      requestId: response.headers.get('x-request-id'),
    });
    expect(response.headers.get('server-timing')).toContain('encode;dur=3');
  });

  it('hands the photo and the options of the query to the captioner', async () => {
    const { post, engine } = service();
    const answer = await json(
      await post('/caption?beams=4&maxLength=12&numCaptions=2&attention=true&prompt=detailed'),
    );
    const [call] = engine.calls;
    expect(Buffer.from(call?.bytes ?? [])).toEqual(Buffer.from(photo));
    expect(call?.options).toMatchObject({
      numBeams: 4,
      maxLength: 12,
      numCaptions: 2,
      attention: true,
      prompt: 'detailed',
    });
    expect(answer.alternatives).toHaveLength(1);
    expect(answer.attention).toEqual([{ word: 'dog', rows: 1, columns: 2, values: [0.25, 0.75] }]);
  });

  it('answers with the tags of models that give them, as many as were asked for', async () => {
    const tags = [
      { text: 'dog', probability: 0.9345678 },
      { text: 'grass', probability: 0.2 },
    ];
    const { post, engine } = service({ tags });
    expect((await json(await post('/caption?numTags=2'))).tags).toEqual([
      { text: 'dog', probability: 0.9346 },
      { text: 'grass', probability: 0.2 },
    ]);
    await post('/caption?numTags=0');
    await post('/caption');
    expect(engine.calls.map(({ options }) => options.numTags)).toEqual([2, 0, undefined]);
    expect(await problem(await post('/caption?numTags=101'))).toMatchObject({
      status: 400,
      code: 'INVALID_OPTION',
      detail: expect.stringContaining('from 0 to 100'),
    });
  });

  it('decodes in the way that is asked for, and keeps the captions of both ways apart', async () => {
    const { post, engine } = service();
    for (const query of ['?decode=exact', '?decode=fast', '', '?decode=exact']) {
      expect((await post(`/caption${query}`)).status).toBe(200);
    }
    expect(engine.calls.map(({ options }) => options.decode)).toEqual(['exact', 'fast', undefined]);
    expect(await problem(await post('/caption?decode=slow'))).toMatchObject({
      status: 400,
      code: 'INVALID_OPTION',
      detail: 'The option "decode" must be fast or exact, not "slow".',
    });
  });

  it('takes base64 and data: URLs as JSON, with options beside them', async () => {
    const { post, engine } = service();
    const base64 = Buffer.from(photo).toString('base64');
    const urlSafe = Buffer.from(photo).toString('base64url');
    const lines = base64.replace(/(.{3})/g, '$1\r\n');
    for (const image of [base64, urlSafe, lines, `data:image/jpeg;base64,${base64}`]) {
      const body = JSON.stringify({ image, beams: 2 });
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      expect((await post('/caption', { body, headers })).status, image).toBe(200);
    }
    expect(Buffer.from(engine.calls[0]?.bytes ?? [])).toEqual(Buffer.from(photo));
    expect(engine.calls[0]?.options.numBeams).toBe(2);
  });

  it('takes a form with a photo and options', async () => {
    const { app, engine } = service();
    const form = new FormData();
    form.set('image', new File([photo], 'dog.jpg', { type: 'image/jpeg' }));
    form.set('beams', '5');
    const response = await app.fetch(
      new Request(`${BASE}/caption`, { method: 'POST', body: form }),
    );
    expect(response.status).toBe(200);
    expect((await json(response)).caption).toBe('a dog runs');
    expect(engine.calls[0]?.options.numBeams).toBe(5);
  });

  it('a file field that was left empty is no photo', async () => {
    const form = new FormData();
    form.append('image', new File([photo], 'dog.jpg'));
    form.append('another', new File([], ''));
    const answer = await service().app.fetch(
      new Request(`${BASE}/caption`, { method: 'POST', body: form }),
    );
    expect(await json(answer)).toMatchObject({ caption: 'a dog runs' });
  });

  it('answers a form with several photos with a list, a bad photo among them as a problem', async () => {
    const good = scriptedEngine();
    const bad = scriptedEngine({ failure: new CaptionError('DECODE_FAILED', 'Broken.') });
    const app = createApp({
      engine: async () => ({
        ...good,
        caption: (input, options) =>
          ((input as Uint8Array)[0] === 0 ? bad : good).caption(input, options),
      }),
    });
    const form = new FormData();
    form.append('image', new File([photo], 'dog.jpg'));
    form.append('image', new File([new Uint8Array([0])], 'broken.jpg'));
    const response = await app.fetch(
      new Request(`${BASE}/caption`, { method: 'POST', body: form }),
    );
    expect(response.status).toBe(200);
    expect(await json(response)).toMatchObject({
      results: [
        { name: 'dog.jpg', caption: 'a dog runs' },
        { name: 'broken.jpg', error: { status: 422, code: 'DECODE_FAILED' } },
      ],
    });
  });

  it('answers a form whose photos all fail with problem details, the reason of each among them', async () => {
    const { app } = service({ failure: new CaptionError('DECODE_FAILED', 'Broken.') });
    const form = new FormData();
    for (const name of ['a.jpg', 'b.jpg']) form.append('image', new File([photo], name));
    const response = await app.fetch(
      new Request(`${BASE}/caption`, { method: 'POST', body: form }),
    );
    const { body } = await problem(response);
    expect(body).toMatchObject({
      status: 422,
      code: 'DECODE_FAILED',
      results: [{ name: 'a.jpg', error: { status: 422 } }, { name: 'b.jpg' }],
    });
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])(
    'is not found by what every object has: %s',
    async (name) => {
      const { get, post } = service();
      for (const path of ['/', '/health', '/caption']) {
        expect((await get(path, { method: name })).status, path).toBe(405);
      }
      expect((await get(`/${name}`)).status).toBe(404);
      const accepted = await post('/caption', { headers: { accept: name } });
      expect(await json(accepted)).toMatchObject({ caption: 'a dog runs' });
      expect((await post(`/caption?${name}=1`)).status).toBe(400);
    },
  );

  it('is at no other path: POST /health is refused', async () => {
    const response = await service().post('/health');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('answers the sentence alone to Accept: text/plain', async () => {
    const { post } = service();
    const response = await post('/caption', { headers: { accept: 'text/plain' } });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe('a dog runs\n');
  });

  it('is also at the bare address', async () => {
    expect((await service().post('/')).status).toBe(200);
  });

  it('answers an empty body with 204 once the model is loaded, without captioning', async () => {
    const { post, engine } = service();
    for (const type of [
      'image/jpeg',
      'application/json',
      'application/x-www-form-urlencoded',
      '',
    ]) {
      const response = await post('/caption', { body: '', headers: { 'content-type': type } });
      expect(response.status, type).toBe(204);
    }
    expect(engine.calls).toHaveLength(0);
  });
});

describe('Accept: text/event-stream', () => {
  const events = (text: string) =>
    text
      .trim()
      .split('\n\n')
      .map((block) => {
        const [event = '', data = ''] = block.split('\n');
        return [event.replace('event: ', ''), JSON.parse(data.replace('data: ', ''))] as const;
      });
  const headers = { accept: 'text/event-stream' };

  it('sends words as they come, then the whole answer', async () => {
    const { post, engine } = service({ pace: 20 });
    const response = await post('/caption', { headers });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value as Uint8Array);
    expect(events(first)).toEqual([['token', { text: 'a' }]]);
    let rest = '';
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      rest += new TextDecoder().decode(next.value);
    }
    expect(events(rest).slice(0, 2)).toEqual([
      ['token', { text: ' dog' }],
      ['token', { text: ' runs' }],
    ]);
    expect(events(rest).at(-1)).toMatchObject([
      'result',
      { caption: 'a dog runs', requestId: expect.any(String) },
    ]);
    expect(engine.calls[0]?.options.numBeams).toBe(1);
  });

  it('is remembered apart from the caption of a whole answer, which is searched otherwise', async () => {
    const { post, engine } = service();
    await (await post('/caption', { headers })).text();
    const whole = await post('/caption');
    expect(whole.headers.get('cache-status')).not.toContain('; hit');
    expect(engine.calls.map(({ options }) => options.numBeams)).toEqual([1, undefined]);
    const again = events(await (await post('/caption', { headers })).text());
    expect(again.at(-1)?.[0]).toBe('result');
    expect(engine.calls).toHaveLength(2);
  });

  it('gives a failure before the first word a status of its own', async () => {
    const { post, records } = service({
      failure: new CaptionError('UNSUPPORTED_FORMAT', 'No image.'),
    });
    expect(await problem(await post('/caption', { headers }))).toMatchObject({ status: 415 });
    expect(records.map(({ status }) => status)).toEqual([415]);
  });

  it('tells of a later failure with an error event', async () => {
    const { post, records } = service({
      lateFailure: new CaptionError('RUNTIME_FAILED', 'secret'),
    });
    const response = await post('/caption', { headers });
    const sent = events(await response.text());
    expect(sent.at(-1)).toMatchObject(['error', { code: 'INTERNAL', status: 500 }]);
    expect(JSON.stringify(sent)).not.toContain('secret');
    expect(records).toHaveLength(1);
  });

  it('ends with an error event when the time is up between two words', async () => {
    const { app } = service({ pace: 30, words: Array(2_000).fill('word') });
    const request = new Request(`${BASE}/caption`, {
      ...photoInit,
      headers: { ...photoInit.headers, ...headers },
    });
    const response = await app.fetch(request, { timeLeft: 700 });
    expect(await response.text()).toContain('TIME_TOO_SHORT');
  });

  it('stops the search when the reader goes away', async () => {
    const { post, engine, records } = service({ pace: 30, words: Array(200).fill('word') });
    const response = await post('/caption', { headers });
    await response.body?.cancel();
    await expect.poll(() => records).toHaveLength(1);
    expect(engine.calls[0]?.options.signal?.aborted).toBe(true);
  });

  it('refuses beams, which know their words only at the end', async () => {
    const { post } = service();
    expect(await problem(await post('/caption?beams=3', { headers }))).toMatchObject({
      status: 400,
      code: 'INVALID_OPTION',
    });
  });
});

describe('failures', () => {
  it.each([
    ['an unknown option', '/caption?beam=3', {}, 400, 'INVALID_OPTION', 'beams'],
    ['a prompt without words', '/caption?prompt=%20', {}, 400, 'INVALID_OPTION', 'detailed'],
    ['an option out of range', '/caption?beams=0', {}, 400, 'INVALID_OPTION', '1 to 16'],
    [
      'an option that is no number',
      '/caption?maxLength=1e3',
      {},
      400,
      'INVALID_OPTION',
      'whole number',
    ],
    ['an option given twice', '/caption?beams=1&beams=2', {}, 400, 'INVALID_OPTION', 'twice'],
    [
      'more captions than beams',
      '/caption?beams=1&numCaptions=2',
      {},
      400,
      'INVALID_OPTION',
      'at most',
    ],
    [
      'broken JSON',
      '/caption',
      { type: 'application/json', body: '{' },
      400,
      'BAD_REQUEST',
      'JSON',
    ],
    [
      'JSON without an image',
      '/caption',
      { type: 'application/json', body: '{}' },
      400,
      'INVALID_INPUT',
      'image',
    ],
    [
      'an image that is no text',
      '/caption',
      { type: 'application/json', body: '{"image":7}' },
      400,
      'INVALID_INPUT',
      'text',
    ],
    [
      'an unknown JSON member',
      '/caption',
      { type: 'application/json', body: '{"image":"AAAA","size":1}' },
      400,
      'INVALID_OPTION',
      'size',
    ],
    [
      'broken base64',
      '/caption',
      { type: 'application/json', body: '{"image":"AA*A"}' },
      400,
      'INVALID_INPUT',
      'base64',
    ],
    [
      'a data: URL without base64',
      '/caption',
      { type: 'application/json', body: '{"image":"data:,x"}' },
      400,
      'INVALID_INPUT',
      'data:',
    ],
    [
      'a URL while none are fetched',
      '/caption',
      { type: 'application/json', body: '{"image":"https://a.example/x"}' },
      403,
      'URL_NOT_ALLOWED',
      'does not fetch',
    ],
    [
      'a URL without end',
      '/caption',
      { type: 'application/json', body: `{"image":"https://a.example/${'x'.repeat(9_000)}"}` },
      400,
      'INVALID_INPUT',
      'at most 8192',
    ],
    [
      'a malformed form',
      '/caption',
      { type: 'multipart/form-data; boundary=x', body: '--x\r\nno' },
      400,
      'BAD_REQUEST',
      'malformed',
    ],
    [
      'a form whose image is a text',
      '/caption',
      {
        type: 'multipart/form-data; boundary=x',
        body: '--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nAAAA\r\n--x--',
      },
      400,
      'INVALID_INPUT',
      '-F image=@dog.jpg',
    ],
    [
      'a form without boundary',
      '/caption',
      { type: 'multipart/form-data', body: 'x' },
      400,
      'BAD_REQUEST',
      'boundary',
    ],
    [
      'another content type',
      '/caption',
      { type: 'text/html', body: '<p>' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'text/html',
    ],
    ['a compressed body', '/caption', { encoding: 'gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE', 'gzip'],
    ['an unknown path', '/captions', {}, 404, 'NOT_FOUND', '/caption'],
  ] as const)('%s', async (_, path, request, status, code, says) => {
    const {
      type = 'image/jpeg',
      body = photo,
      encoding,
    } = request as { type?: string; body?: BodyInit; encoding?: string };
    const headers = { 'content-type': type, ...(encoding && { 'content-encoding': encoding }) };
    const answer = await problem(await service().post(path, { body, headers }));
    expect(answer).toMatchObject({ status, code });
    expect(answer.detail).toContain(says);
  });

  it.each([
    ['UNSUPPORTED_FORMAT', 415],
    ['IMAGE_TOO_LARGE', 413],
    ['DECODE_FAILED', 422],
    ['INVALID_OPTION', 400],
  ] as const)('%s of the core is a %i', async (code, status) => {
    const { post } = service({ failure: new CaptionError(code, 'What was wrong.') });
    expect(await problem(await post())).toMatchObject({ status, code, detail: 'What was wrong.' });
  });

  it.each([
    new CaptionError('MODEL_CORRUPT', '/var/task/model is broken'),
    new CaptionError('RUNTIME_FAILED', '/var/task failed'),
    new TypeError('/var/task/index.mjs has a bug'),
  ])('a fault of the service is a 500 that tells nothing of its inside: %s', async (failure) => {
    const { post, records } = service({ failure });
    const answer = await problem(await post());
    expect(answer).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(JSON.stringify(answer)).not.toContain('/var/task');
    expect(records[0]?.error).toBe(failure);
  });

  it('a 405 names the methods that are there', async () => {
    const { get } = service();
    const response = await get('/caption', { method: 'DELETE' });
    expect(await problem(response)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await get('/caption')).status).toBe(405);
    expect((await get('/openapi.json', { method: 'PUT' })).headers.get('allow')).toBe(
      'GET, HEAD, OPTIONS',
    );
  });

  it('a 413 names the limit, and on Lambda where it comes from', async () => {
    const { post } = service({}, { maxBytes: 5, onLambda: true });
    const answer = await problem(await post());
    expect(answer).toMatchObject({ status: 413, code: 'IMAGE_TOO_LARGE', body: { limit: 5 } });
    expect(answer.detail).toContain('5 bytes');
    expect(answer.detail).toMatch(/6 MB of payload.*4\.5 MiB of photo/);
  });

  it('counts a body of unknown length while it comes, and stops reading at the limit', async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    const { app } = service({}, { maxBytes: 5000 });
    const request = new Request(`${BASE}/caption`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': 'image/png' },
    } as RequestInit);
    expect(await problem(await app.fetch(request))).toMatchObject({ status: 413 });
    expect(pulled).toBeLessThan(10);
  });

  it('a 504 comes before the time is up, and the work stops', async () => {
    const { app, engine } = service({ pace: 50, words: Array(1000).fill('word') });
    const request = new Request(`${BASE}/caption`, {
      method: 'POST',
      body: photo,
      headers: { 'content-type': 'image/png' },
    });
    const response = await app.fetch(request, { timeLeft: 400 });
    expect(await problem(response)).toMatchObject({ status: 504, code: 'TIME_TOO_SHORT' });
    expect(engine.calls[0]?.options.signal?.aborted).toBe(true);
  });

  it('does not even begin with no time left', async () => {
    const { app, engine } = service();
    const request = new Request(`${BASE}/caption`, {
      method: 'POST',
      body: photo,
      headers: { 'content-type': 'image/png' },
    });
    expect((await app.fetch(request, { timeLeft: 20 })).status).toBe(504);
    expect(engine.calls).toHaveLength(0);
  });

  it('a 429 asks to come again when too many wait', async () => {
    const { post } = service({ pace: 20 }, { maxWaiting: 2 });
    const responses = await Promise.all([1, 2, 3].map((n) => post(`/caption?maxLength=${n}`)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429]);
    // Two are there, with a second reckoned for each before anything was measured.
    expect(responses[2]?.headers.get('retry-after')).toBe('2');
    expect((await post()).status).toBe(200);
  });

  it('a client that leaves while it sends its photo is told apart from a fault', async () => {
    const { post, records } = service();
    const leave = new AbortController();
    const init: RequestInit & { duplex: 'half' } = {
      body: new ReadableStream(),
      duplex: 'half',
      signal: leave.signal,
    };
    const answer = post('/caption', init);
    leave.abort();
    expect((await answer).status).toBe(499);
    expect(records).toMatchObject([{ status: 499 }]);
  });

  it('a wrong option is refused before the photo has come', async () => {
    const init: RequestInit & { duplex: 'half' } = { body: new ReadableStream(), duplex: 'half' };
    const answer = await service().post('/caption?beams=x', init);
    expect(await problem(answer)).toMatchObject({ status: 400, code: 'INVALID_OPTION' });
  });

  it('the bytes of a photo are counted without their wrapping, those of several together', async () => {
    const { post } = service({}, { maxBytes: 1_000 });
    const size = (bytes: number) => new Uint8Array(bytes).fill(1);
    const form = (...sizes: readonly number[]) => {
      const data = new FormData();
      for (const each of sizes) data.append('image', new File([size(each)], `${each}.jpg`));
      return new Response(data);
    };
    const sendForm = async (...sizes: readonly number[]) => {
      const sent = form(...sizes);
      const headers = { 'content-type': sent.headers.get('content-type') ?? '' };
      return (await post('/caption', { body: await sent.arrayBuffer(), headers })).status;
    };
    const sendJson = async (bytes: number) => {
      const body = JSON.stringify({ image: Buffer.from(size(bytes)).toString('base64') });
      const headers = { 'content-type': 'application/json' };
      return (await post('/caption', { body, headers })).status;
    };
    expect([await sendForm(1_000), await sendForm(600, 400)]).toEqual([200, 200]);
    expect([await sendForm(1_001), await sendForm(600, 401)]).toEqual([413, 413]);
    expect([await sendJson(1_000), await sendJson(1_001)]).toEqual([200, 413]);
  });

  it('a large body of another type is refused for its type, not for its size', async () => {
    const headers = { 'content-type': 'text/html' };
    const answer = await service().post('/caption', { body: 'x'.repeat(100_000), headers });
    expect(await problem(answer)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it('tries to load the model again after a failure', async () => {
    let tries = 0;
    const app = createApp({
      engine: async () => {
        if (++tries === 1) throw new CaptionError('NETWORK_FAILED', 'No network.');
        return scriptedEngine();
      },
    });
    expect((await app.fetch(new Request(`${BASE}/health`))).status).toBe(500);
    expect((await app.fetch(new Request(`${BASE}/health`))).status).toBe(200);
  });
});

describe('many photos at once', () => {
  const different = (n: number) => ({ ...photoInit, body: new Uint8Array([...photo, n, n >> 8]) });

  it('no more are taken than the time limit can serve at the measured speed; those are all answered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const engine = scriptedEngine({ pace: 100 });
    const app = createApp({ settings: { timeout: 10_000 }, engine: async () => engine });
    const warm = app.warmUp();
    await vi.advanceTimersByTimeAsync(2_000);
    await warm;
    const sent = Array.from({ length: 200 }, (_, n) =>
      app.fetch(new Request(`${BASE}/caption`, different(n))),
    );
    // All come before the clock moves on.
    for (let round = 0; round < 500; round++) await new Promise((next) => setImmediate(next));
    await vi.advanceTimersByTimeAsync(20_000);
    const answers = await Promise.all(sent);
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    // A photo takes 300 ms.
    expect(count(200)).toBeGreaterThan(15);
    expect(count(200)).toBeLessThan(33);
    expect(count(200) + count(429)).toBe(200);
    for (const answer of answers.filter(({ status }) => status === 429)) {
      const seconds = Number(answer.headers.get('retry-after'));
      expect(seconds).toBeGreaterThanOrEqual(5);
      expect(seconds).toBeLessThanOrEqual(10);
    }
  });

  it('the same photo is captioned once', async () => {
    const { app, engine } = service({ pace: 10 });
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => app.fetch(new Request(`${BASE}/caption`, photoInit))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(32).fill(200));
    expect(engine.calls).toHaveLength(1);
    const from = answers.map(({ headers }) => headers.get('cache-status'));
    expect(from.filter((each) => each === 'zipcaption; fwd=miss; collapsed')).toHaveLength(31);
  });

  it('a client that sends many does not keep another one waiting', async () => {
    const { app, engine } = service({ pace: 30 });
    const flood = Array.from({ length: 10 }, (_, n) =>
      app.fetch(new Request(`${BASE}/caption`, different(n)), { client: 'flood' }),
    );
    await expect.poll(() => engine.calls.length).toBeGreaterThan(0);
    const before = engine.calls.length;
    await app.fetch(new Request(`${BASE}/caption`, different(99)), { client: 'honest' });
    expect(engine.calls.length - before).toBeLessThanOrEqual(3);
    await Promise.all(flood);
  });

  it('a client has its rate, told in headers', async () => {
    const { app } = service({}, { rate: { requests: 2, seconds: 60 } });
    const ask = (client: string) =>
      app.fetch(new Request(`${BASE}/caption`, photoInit), { client });
    const answers = [await ask('a'), await ask('a'), await ask('a'), await ask('b')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
    expect(answers[0]?.headers.get('ratelimit')).toBe('"default";r=1;t=30');
    expect(answers[2]?.headers.get('retry-after')).toBe('30');
    const wrong = await app.fetch(new Request(`${BASE}/caption?x=1`, photoInit), { client: 'c' });
    expect([wrong.status, wrong.headers.get('ratelimit')]).toEqual([400, '"default";r=1;t=30']);
    const limited = answers[2] ?? new Response();
    expect(await problem(limited)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  });

  it('the holder of a key has a rate of its own, whatever address it comes from', async () => {
    const keys = ['the-first-key-of-two', 'the-second-key-of-two'];
    const { app } = service({}, { apiKeys: keys, rate: { requests: 1, seconds: 60 } });
    const ask = async (key: string, client: string) => {
      const headers = { ...photoInit.headers, 'x-api-key': key };
      const request = new Request(`${BASE}/caption`, { ...photoInit, headers });
      return (await app.fetch(request, { client })).status;
    };
    const [one = '', two = ''] = keys;
    expect([await ask(one, 'a'), await ask(two, 'a'), await ask(one, 'b')]).toEqual([
      200, 200, 429,
    ]);
  });

  it('bodies are held only as long as they are needed', async () => {
    const { app, post } = service({ failure: new CaptionError('DECODE_FAILED', 'Broken.') });
    await Promise.all([post(), post('/caption?x=1'), post('/caption', { body: '' })]);
    expect(app.load.bodyBytes).toBe(0);
  });
});

it.each(['utf8', 'latin1'] as const)(
  'says so when a photo was taken for %s text on its way',
  async (encoding) => {
    const jpeg = Buffer.from('ffd8ffe000104a46494600010100', 'hex');
    const body = Buffer.from(jpeg.toString(encoding), 'utf8');
    const answer = await problem(await service().post('/caption', { body }));
    expect(answer).toMatchObject({ status: 415, code: 'UNSUPPORTED_FORMAT' });
    expect(answer.detail).toContain('--data-binary');
  },
);

describe('repeated photos', () => {
  it('are answered from memory, with the same ETag', async () => {
    const { post, engine, records } = service();
    const [first, second] = [await post(), await post()];
    expect(first.headers.get('cache-status')).toContain('fwd=miss');
    expect(second.headers.get('cache-status')).toBe('zipcaption; hit');
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    const [a, b] = [await json(first), await json(second)];
    expect(b).toEqual({ ...a, requestId: b.requestId });
    expect(b.requestId).not.toBe(a.requestId);
    expect(engine.calls).toHaveLength(1);
    expect(records[1]).toMatchObject({ cacheHits: 1 });
  });

  it('are another matter with other options, another photo or another representation', async () => {
    const { post, engine } = service();
    const other = new Uint8Array([...photo, 4]);
    const tags = [
      await post(),
      await post('/caption?beams=2'),
      await post('/caption', { body: other }),
      await post('/caption', { headers: { accept: 'text/plain' } }),
    ].map(({ headers }) => headers.get('etag'));
    expect(new Set(tags).size).toBe(4);
    expect(engine.calls).toHaveLength(3);
  });

  it('need not be sent again to a client that has the answer', async () => {
    const { post, engine } = service();
    const etag = (await post()).headers.get('etag') ?? '';
    const response = await post('/caption', { headers: { 'if-none-match': `"x", ${etag}` } });
    expect(response.status).toBe(304);
    expect(response.headers.get('etag')).toBe(etag);
    expect(await response.text()).toBe('');
    expect(engine.calls).toHaveLength(1);
  });
});

describe('access', () => {
  const key = 'correct-horse-battery';

  it('is by the keys that hold now', async () => {
    let keys = [key];
    const app = createApp({ apiKeys: () => keys, engine: async () => scriptedEngine() });
    const ask = async (given: string) => {
      const headers = { ...photoInit.headers, 'x-api-key': given };
      return (await app.fetch(new Request(`${BASE}/caption`, { ...photoInit, headers }))).status;
    };
    expect([await ask(key), await ask('another-key-of-mine')]).toEqual([200, 401]);
    keys = ['another-key-of-mine'];
    expect([await ask(key), await ask('another-key-of-mine')]).toEqual([401, 200]);
  });

  it('is open unless keys are set', async () => {
    expect((await service().post()).status).toBe(200);
  });

  it('needs one of the keys for captions, in either header', async () => {
    const { post, get } = service({}, { apiKeys: ['another-key-of-mine', key] });
    const response = await post();
    expect(await problem(response)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect((await post('/caption', { headers: { authorization: `Bearer ${key}x` } })).status).toBe(
      401,
    );
    expect((await post('/', { headers: { 'x-api-key': 'x' } })).status).toBe(401);
    expect((await post('/caption', { headers: { authorization: `bearer ${key}` } })).status).toBe(
      200,
    );
    expect((await post('/caption', { headers: { 'x-api-key': key } })).status).toBe(200);
    expect((await get('/health')).status).toBe(200);
  });

  it('lets pages of other origins in only when told to', async () => {
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
    const closed = await service().get('/caption', { method: 'OPTIONS', headers });
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    expect(closed.headers.get('access-control-allow-methods')).toBeNull();
    expect(closed.headers.get('vary')).toBeNull();

    const { get, post } = service({}, { corsOrigins: ['https://page.example'] });
    const preflight = await get('/caption', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://page.example');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('X-Api-Key');
    const answer = await post('/caption', { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page.example');
    expect(answer.headers.get('vary')).toMatch(/Accept.*Origin/);
    const failure = await post('/caption?x=1', { headers });
    expect(failure.headers.get('access-control-allow-origin')).toBe('https://page.example');
    const stranger = await post('/caption', { headers: { origin: 'https://evil.example' } });
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    const any = await service({}, { corsOrigins: ['*'] }).post('/caption', { headers });
    expect(any.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('comes with the headers that keep browsers from doing more than they should', async () => {
    for (const path of ['/health', '/nowhere', '/']) {
      const { headers } = await service().get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });
});

describe('the other paths', () => {
  it('GET /health tells that the model is loaded', async () => {
    const response = await service().get('/health');
    expect(await json(response)).toEqual({
      status: 'ok',
      model: { name: 'scripted', version: '1.2.3' },
    });
  });

  it('GET /livez answers without the model, GET /readyz once it is loaded and has room', async () => {
    let load: (engine: ReturnType<typeof scriptedEngine>) => void = () => undefined;
    const app = createApp({
      settings: { maxWaiting: 1 },
      engine: () => new Promise((resolve) => (load = resolve)),
    });
    const status = async (path: string) => (await app.fetch(new Request(BASE + path))).status;
    expect([await status('/livez'), await status('/readyz')]).toEqual([200, 503]);
    let finish: () => void = () => undefined;
    load(scriptedEngine({ hold: new Promise((resolve) => (finish = resolve)) }));
    await expect.poll(() => status('/readyz')).toBe(200);
    const work = app.fetch(new Request(`${BASE}/caption`, photoInit));
    await expect.poll(() => app.load.running).toBe(1);
    const full = await app.fetch(new Request(`${BASE}/readyz`));
    expect(await problem(full)).toMatchObject({ status: 503, code: 'NOT_READY' });
    expect(await status('/livez')).toBe(200);
    finish();
    await work;
    expect(await status('/readyz')).toBe(200);
  });

  it('GET /metrics is there only where there are metrics, and for holders of a key only', async () => {
    expect((await service().get('/metrics')).status).toBe(404);
    const app = createApp({
      settings: { apiKeys: ['a-key-for-the-test'] },
      engine: async () => scriptedEngine(),
      metrics: async () => new Response('up 1'),
    });
    expect((await app.fetch(new Request(`${BASE}/metrics`))).status).toBe(401);
    const headers = { 'x-api-key': 'a-key-for-the-test' };
    const answer = await app.fetch(new Request(`${BASE}/metrics`, { headers }));
    expect(await answer.text()).toBe('up 1');
  });

  it('HEAD is GET without a body', async () => {
    const response = await service().get('/health', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('GET / is a page whose policy allows its own script and style and no other', async () => {
    const response = await service().get('/');
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    for (const tag of ['script', 'style']) {
      const text = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(html)?.[1] ?? '';
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
      expect(policy).toContain(`${tag}-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
    }
    expect(html).not.toMatch(/\son\w+=|style=/);
  });

  it.each([{}, { apiKeys: ['a-key-for-the-test'] }])(
    'GET /openapi.json is valid OpenAPI 3.1 (%j)',
    async (settings) => {
      const document = await json(await service({}, settings).get('/openapi.json'));
      expect(document.openapi).toBe('3.1.0');
      // A shared cache must not hand on the Host header that somebody sent.
      expect(JSON.stringify(document)).not.toContain('captions.example');
      expect(document.servers).toEqual([{ url: '/' }]);
      const { valid, errors } = await new Validator().validate(document);
      expect(errors).toBeUndefined();
      expect(valid).toBe(true);
    },
  );

  it('GET /openapi.json names the path below which it was asked for', async () => {
    const { app } = service();
    for (const mount of ['/live', '/test', '/live']) {
      const answer = await app.fetch(new Request(`${BASE}/openapi.json`), { mount });
      expect((await json(answer)).servers).toEqual([{ url: mount }]);
    }
  });

  it('lives below a base path when there is one', async () => {
    const { get } = service({}, { basePath: '/api' });
    expect((await get('/api/health')).status).toBe(200);
    expect((await get('/api')).status).toBe(200);
    expect((await get('/health')).status).toBe(404);
    expect((await get('/apiary/health')).status).toBe(404);
  });

  it('takes a harmless request id over, and makes one otherwise', async () => {
    const { get } = service();
    const id = async (given: string) =>
      (await get('/health', { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await id('abc-123')).toBe('abc-123');
    expect(await id('{"inject": 1}')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await id('x'.repeat(128))).toHaveLength(128);
    expect(await id('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('a path of 200,000 slashes is read in no time', async () => {
  const { get } = service();
  const before = process.cpuUsage().user;
  expect((await get(`${'/'.repeat(200_000)}x`)).status).toBe(404);
  expect((await get(`/livez${'/'.repeat(200_000)}`)).status).toBe(200);
  // In quadratic time it would be half a minute.
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(5);
});
