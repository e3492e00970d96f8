import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Script, scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import type { RequestRecord } from '../http/request-record.js';
import type { Settings } from '../http/settings.js';
import { type NodeServer, type ServerOptions, startServer } from './node-server.js';

const servers: NodeServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(
  script?: Script,
  settings: Partial<Settings> = {},
  options: ServerOptions = {},
) {
  const engine = scriptedEngine(script);
  const records: RequestRecord[] = [];
  const app = createApp({
    settings,
    engine: async () => engine,
    observe: (record) => records.push(record),
  });
  const server = await startServer(app, { port: 0, grace: 200, ...options });
  servers.push(server);
  return { ...server, engine, records };
}

/** Sends a photo of one byte, which the scripted engine takes for any. */
function sendPhoto(url: string, headers: Record<string, string> = {}, signal?: AbortSignal) {
  return fetch(`${url}/caption`, {
    method: 'POST',
    body: new Uint8Array([1]),
    headers: { 'content-type': 'image/png', ...headers },
    ...(signal && { signal }),
  });
}

/** For an engine that goes on when it is told to. */
function held(): { readonly hold: Promise<void>; release(): void } {
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { hold, release: () => release() };
}

const open = (url: string) => connect(Number(new URL(url).port), '127.0.0.1');

/** Writes raw bytes and collects what comes back until the server closes the connection. */
function raw(url: string, write: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = open(url).once('connect', () => write(socket));
    let text = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
    });
    socket
      .on('close', () => resolve(text))
      .on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
      });
  });
}

const head = (lines: string, path = '/caption') =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n${lines}\r\n\r\n`;

describe('the server', () => {
  it('answers as the app does, over one connection for many requests', async () => {
    const { url } = await start();
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${url}/caption`, {
        method: 'POST',
        body: new Uint8Array([i]),
        headers: { 'content-type': 'image/png' },
      });
      expect(await response.json()).toMatchObject({ caption: 'a dog runs' });
    }
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await (await fetch(`${url}/`)).text()).toContain('data-mount=""');
  });

  it('sends words as they come', async () => {
    const { url } = await start({ pace: 30 });
    const response = await sendPhoto(url, { accept: 'text/event-stream' });
    const chunks: string[] = [];
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(new TextDecoder().decode(chunk));
    }
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.join('')).toContain('event: result');
  });

  it('stops working for a client that went away', async () => {
    const { url, engine, records } = await start({ pace: 30, words: Array(500).fill('word') });
    const abort = new AbortController();
    const request = sendPhoto(url, {}, abort.signal);
    await expect.poll(() => engine.calls.length).toBe(1);
    abort.abort();
    await expect(request).rejects.toThrow();
    await expect.poll(() => records[0]?.status).toBe(499);
  });
});

describe('abuse', () => {
  it('an oversized body is refused by its announced length, before it is sent', async () => {
    const { url, engine } = await start({}, { maxBytes: 1000 });
    const answer = await raw(url, (socket) => socket.write(head('Content-Length: 100000000')));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
    expect(engine.calls).toHaveLength(0);
  });

  it('a client that is still sending reads the 413 all the same', async () => {
    const { url } = await start({}, { maxBytes: 1000 });
    const answer = await raw(url, (socket) => {
      socket.write(head('Transfer-Encoding: chunked'));
      const chunk = `${(65536).toString(16)}\r\n${'x'.repeat(65536)}\r\n`;
      for (let i = 0; i < 32; i++) socket.write(chunk);
      socket.write('0\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"limit":1000');
  });

  it('an oversized body is not asked for with Expect: 100-continue', async () => {
    const { url } = await start({}, { maxBytes: 1000 });
    const answer = await raw(url, (socket) =>
      socket.write(head('Content-Length: 5000\r\nExpect: 100-continue')),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    const accepted = await raw(url, (socket) => {
      socket.write(head('Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close'));
      socket.once('data', () => socket.write('abc'));
    });
    expect(accepted).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  });

  it('a body in chunks is read whatever their sizes; only thousands of tiny ones are refused', async () => {
    const { url, engine } = await start();
    const send = (sizes: readonly number[]) =>
      raw(url, (socket) => {
        const chunks = sizes.map((size) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`);
        socket.write(head('Transfer-Encoding: chunked\r\nConnection: close'));
        socket.write(`${chunks.join('')}0\r\n\r\n`);
      });
    const mixed = Array.from({ length: 900 }, (_, n) => (n % 50 === 0 ? 70_000 : 1 + (n % 90)));
    for (const sizes of [mixed, Array(1_000).fill(1), Array(5_000).fill(64)]) {
      expect(await send(sizes)).toMatch(/^HTTP\/1\.1 200 /);
      expect(engine.calls.at(-1)?.bytes).toHaveLength(sizes.reduce((sum, size) => sum + size, 0));
    }
    const tiny = await send(Array(100_000).fill(1));
    expect(tiny).toMatch(/^HTTP\/1\.1 400 /);
    expect(tiny).toContain('too many chunks');
  });

  it('an upload that is broken off frees its place', async () => {
    const { url, records } = await start({}, { maxWaiting: 1 });
    await raw(url, (socket) => {
      socket.write(`${head('Content-Length: 1000')}abc`);
      setTimeout(() => socket.destroy(), 50);
    });
    await expect.poll(() => records).toHaveLength(1);
    const response = await sendPhoto(url);
    expect(response.status).toBe(200);
  });

  it('an upload that comes too slowly is ended with a 408 or a 504', async () => {
    const { url } = await start({}, { timeout: 600 }, { requestTimeout: 300 });
    const slowHeaders = await raw(url, (socket) =>
      socket.write('POST /caption HTTP/1.1\r\nHost: x'),
    );
    expect(slowHeaders).toMatch(/^HTTP\/1\.1 408 /);
    expect(slowHeaders).toContain('application/problem+json');
    const slowBody = await raw(url, (socket) => socket.write(`${head('Content-Length: 1000')}abc`));
    expect(slowBody).toMatch(/^HTTP\/1\.1 (408|504) /);
  });

  it('fewer bytes than announced, then the end: a 400, or nobody there to read it', async () => {
    const { url, records } = await start();
    await raw(url, (socket) => socket.end(`${head('Content-Length: 1000')}abc`));
    await expect.poll(() => records.map(({ status }) => status)).toHaveLength(1);
    expect([400, 499]).toContain(records[0]?.status);
  });

  it.each(['abcdefgh\r\n\r\n', `abc${'garbage '.repeat(9000)}`])(
    'a whole photo is answered although what follows it is no HTTP, and nothing of that is read',
    async (bytes) => {
      const { url, engine } = await start();
      const answer = await raw(url, (socket) => {
        socket.write(`${head('Content-Length: 3')}${bytes}`);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toMatch(/connection: close/i);
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(engine.calls.map(({ bytes: photo }) => Buffer.from(photo).toString())).toEqual([
        'abc',
      ]);
    },
  );

  it.each([
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4'],
    ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked'],
    ['a negative length', 'Content-Length: -1'],
    ['a broken chunk', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nabc'],
  ])('%s: a 400', async (_, lines) => {
    const { url } = await start();
    expect(await raw(url, (socket) => socket.write(`${head(lines)}abc`))).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  it('what is not HTTP, or has headers without end, is refused', async () => {
    const { url } = await start();
    expect(await raw(url, (socket) => socket.write('\x16\x03\x01\x02\x00\r\n\r\n'))).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    const endless = await raw(url, (socket) => socket.write(head(`X-Long: ${'x'.repeat(40_000)}`)));
    expect(endless).toMatch(/^HTTP\/1\.1 431 /);
  });

  it.each([
    ['BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 'not valid HTTP/1.1: Invalid method'],
    [`${head('Content-Length: +3')}abc`, 'not valid HTTP/1.1: Invalid character in Content-Length'],
    [`${head('Content-Length: 10')}abc`, 'ended before it was complete'],
  ])('what is wrong with %j is told', async (text, reason) => {
    const { url } = await start();
    const answer = await raw(url, (socket) => socket.end(text));
    expect(statuses(answer)).toEqual([400]);
    expect(answer).toContain(reason);
  });

  it('a body in another transfer encoding than chunks is not taken for a photo', async () => {
    const { url, engine } = await start();
    const answer = await raw(url, (socket) =>
      socket.write(
        `${head('Transfer-Encoding: gzip, chunked\r\nConnection: close')}3\r\nabc\r\n0\r\n\r\n`,
      ),
    );
    expect(statuses(answer)).toEqual([415]);
    expect(engine.calls).toHaveLength(0);
  });

  it.each([
    ['no end', '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nabc'],
    ['another boundary', '--c\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc\r\n--c--\r\n'],
    ['a part without headers', '--b\r\n\r\nabc\r\n--b--\r\n'],
    ['no file', '--b--'],
    ['bytes', '\0\x01\x02'],
  ])('a form with %s: a 400', async (_, body) => {
    const { url, engine } = await start();
    const response = await fetch(`${url}/caption`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    });
    expect(response.status).toBe(400);
    expect(engine.calls).toHaveLength(0);
  });
});

/** The statuses of all answers in a transcript, in order. */
const statuses = (transcript: string) =>
  [...transcript.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe('requests that no app sees', () => {
  it.each([
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 204],
    ['a bad Host', 'GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
    [
      'a Host with a path',
      'GET /livez HTTP/1.1\r\nHost: a/b?c#d\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['two Hosts', 'GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    ['no Host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /livez\r\n\r\n', 400],
    ['HTTP/2.0 without its preface', 'GET /livez HTTP/2.0\r\nHost: x\r\n\r\n', 400],
    ['long headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    [
      'many headers',
      `GET / HTTP/1.1\r\nConnection: close\r\nHost: x\r\n${'x: y\r\n'.repeat(99)}\r\n`,
      431,
    ],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    [
      'another expectation',
      'GET /nowhere HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n',
      404,
    ],
    ['another scheme', 'GET ftp://x/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['slow headers', 'GET / HTTP/1.1\r\nHost: x\r\n', 408],
  ])('%s: answered, with the headers that every answer has', async (_, text, status) => {
    const refused: RequestRecord[] = [];
    const observe = (record: RequestRecord) => refused.push(record);
    const { url, records } = await start({}, {}, { requestTimeout: 300, observe });
    const answer = await raw(url, (socket) => socket.write(text));
    expect(statuses(answer)).toEqual([status]);
    // Told once: by the app, or where it never saw the request.
    expect([...records, ...refused].map((record) => record.status)).toEqual([status]);
    for (const name of ['x-request-id', 'x-content-type-options', 'content-security-policy']) {
      expect(answer.toLowerCase(), name).toContain(`\r\n${name}: `);
    }
    if (status !== 204) {
      expect(answer).toContain('application/problem+json');
      const [, body = ''] = answer.split('\r\n\r\n');
      expect(answer.toLowerCase()).toContain(`\r\ncontent-length: ${body.length}\r\n`);
      const id = /x-request-id: (\S+)/i.exec(answer)?.[1] ?? '-';
      expect(answer).toContain(`"requestId":"${id}"`);
    }
  });
});

it('an answer that cannot be sent ends its connection, is told, and harms no other one', async () => {
  const broken = new ReadableStream({
    pull: (controller) => controller.error(new Error('The body broke.')),
  });
  const app = createApp({ engine: async () => scriptedEngine() });
  const records: RequestRecord[] = [];
  const breaks = (request: Request) => new URL(request.url).pathname === '/broken';
  const server = await startServer(
    {
      ...app,
      fetch: async (request, context) =>
        breaks(request)
          ? new Response(broken, { headers: { 'content-type': 'text/event-stream' } })
          : app.fetch(request, context),
    },
    { port: 0, observe: (record) => records.push(record) },
  );
  servers.push(server);
  const answer = await raw(server.url, (socket) =>
    socket.write('GET /broken?name=secret HTTP/1.1\r\nHost: x\r\n\r\n'),
  );
  // The status has gone out; that the connection is cut tells the client that the rest is missing.
  expect(answer).not.toContain('0\r\n\r\n');
  expect(records).toMatchObject([
    { method: 'GET', path: '/broken', status: 500, error: { message: 'The body broke.' } },
  ]);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

describe('connections', () => {
  it('a chunked body with Expect: 100-continue is asked for', async () => {
    const { url } = await start();
    const answer = await raw(url, (socket) => {
      socket.write(head('Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close'));
      socket.once('data', () => socket.write('3\r\nabc\r\n0\r\n\r\n'));
    });
    expect(statuses(answer)).toEqual([100, 200]);
  });

  it('a body is not asked for when the headers tell that it is not wanted', async () => {
    const { url } = await start({}, { apiKeys: ['a-key-of-many-letters'] });
    const answer = await raw(url, (socket) =>
      socket.write(head('Content-Length: 3\r\nExpect: 100-continue')),
    );
    expect(statuses(answer)).toEqual([401]);
  });

  it('a client that closes its half after the request reads the answer', async () => {
    const { url } = await start({ pace: 100 });
    const answer = await raw(url, (socket) => socket.end(`${head('Content-Length: 3')}abc`));
    // Interim answers only ask whether anybody is there.
    expect(statuses(answer).filter((status) => status >= 200)).toEqual([200]);
    expect(answer).toContain('a dog runs');
  });

  it('clients that close their half after a long body read the answer', async () => {
    const { url, engine } = await start({}, { cacheBytes: 0 });
    // Many chunks from many clients: their last bytes wait to be parsed when the end has come already.
    const chunks = `64\r\n${'x'.repeat(100)}\r\n`.repeat(3_000);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        raw(url, (socket) => {
          socket.write(head('Transfer-Encoding: chunked', `/caption?maxLength=${n + 1}`));
          socket.end(`${chunks}0\r\n\r\n`);
        }),
      ),
    );
    for (const answer of answers) {
      expect(statuses(answer).filter((status) => status >= 200)).toEqual([200]);
    }
    expect(engine.calls.map(({ bytes }) => bytes.length)).toEqual(Array(16).fill(300_000));
  });

  it('a whole answer has a length, so that HTTP/1.0 clients may go on with the connection', async () => {
    const { url } = await start();
    const post = (version: string, more = '') =>
      `POST /caption HTTP/${version}\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n${more}\r\nabc`;
    const keep = 'Connection: keep-alive\r\n';
    const old = await raw(url, (socket) => socket.write(post('1.0', keep) + post('1.0')));
    expect(statuses(old)).toEqual([200, 200]);
    for (const answer of [
      old,
      await raw(url, (s) => s.write(post('1.1', 'Connection: close\r\n'))),
    ]) {
      const [, headers = '', body = ''] = /^(.*?)\r\n\r\n(.*)/s.exec(answer) ?? [];
      const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
      expect(JSON.parse(body.slice(0, length))).toMatchObject({ caption: 'a dog runs' });
      expect(headers).not.toMatch(/transfer-encoding/i);
    }
    const words = await raw(url, (socket) =>
      socket.write(post('1.1', 'Accept: text/event-stream\r\nConnection: close\r\n')),
    );
    expect(words).toMatch(/transfer-encoding: chunked/i);
  });

  it('a client that reads slowly but steadily gets all of a whole answer', async () => {
    const long = { words: ['x'.repeat(16_000_000)] };
    const { url } = await start(long, {}, { writeTimeout: 1_000 });
    const socket = open(url);
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(`${head('Content-Length: 3\r\nConnection: close')}abc`);
    let size = 0;
    socket.on('readable', () => undefined);
    // For longer than the write timeout in all; the buffers of both systems are full meanwhile.
    for (let ended = false; !ended; ) {
      await new Promise((later) => setTimeout(later, 10));
      size += (socket.read() as Buffer | null)?.length ?? 0;
      ended = socket.readableEnded || socket.destroyed;
    }
    expect(size).toBeGreaterThan(16_000_000);
  });

  it('a client behind a proxy of ours is known by the address that the proxy tells', async () => {
    const rate = { requests: 1, seconds: 3600 };
    const { url } = await start({}, { rate }, { trustedProxies: 1 });
    const answers: number[] = [];
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
      answers.push((await sendPhoto(url, { 'x-forwarded-for': address })).status);
    }
    expect(answers).toEqual([200, 200, 429]);
  });

  it('an idle connection is kept for as long as it is said', async () => {
    const { url } = await start({}, {}, { keepAliveTimeout: 7_000 });
    const response = await fetch(`${url}/livez`);
    expect(response.headers.get('keep-alive')).toBe('timeout=7');
    const { url: other } = await start();
    expect((await fetch(`${other}/livez`)).headers.get('keep-alive')).toBe('timeout=75');
  });

  it('clients that leave free the queue, whether their photo waits or is worked on', async () => {
    const { url, engine, records } = await start({ pace: 40, words: Array(50).fill('word') });
    const sockets = Array.from({ length: 20 }, (_, n) => {
      const socket = open(url);
      socket.on('error', () => undefined);
      socket.write(`${head('Content-Length: 3', `/caption?maxLength=${n + 1}`)}abc`);
      return socket;
    });
    await expect.poll(() => engine.calls.length).toBe(1);
    const [, ...waiting] = sockets;
    for (const socket of waiting) socket.destroy();
    await expect.poll(() => records.length, { timeout: 10_000 }).toBe(19);
    // None of them was begun.
    expect(engine.calls).toHaveLength(1);
    sockets[0]?.destroy();
    await expect.poll(() => records.length, { timeout: 10_000 }).toBe(20);
    expect(engine.calls[0]?.options.signal?.aborted).toBe(true);
    expect(records.every(({ status }) => status === 499)).toBe(true);
  });

  it('requests that are sent ahead are answered one after the other, in order', async () => {
    const { url, engine } = await start({ pace: 5 });
    const answer = await raw(url, (socket) => {
      const posts = [1, 2, 3].map(
        (n) => `${head('Content-Length: 1', `/caption?maxLength=${n}`)}a`,
      );
      socket.write(`${posts.join('')}GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    expect(statuses(answer)).toEqual([200, 200, 200, 200]);
    expect(engine.calls.map(({ options }) => options.maxLength)).toEqual([1, 2, 3]);
  });

  it('a request that is sent ahead is not begun before the answer to the one before it has left', async () => {
    const { hold, release } = held();
    const { url, engine, records } = await start({ hold });
    const answer = raw(url, (socket) => {
      const next = 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      socket.write(`${head('Content-Length: 1')}a${next}`);
    });
    await expect.poll(() => engine.calls.length).toBe(1);
    for (let n = 0; n < 3; n++) expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(records.map(({ path }) => path)).toEqual(Array(3).fill('/livez'));
    release();
    expect(statuses(await answer)).toEqual([200, 200]);
    expect(records.slice(3).map(({ path }) => path)).toEqual(['/caption', '/health']);
  });

  it('no more than some are read ahead; the connection is closed after them', async () => {
    const { url } = await start();
    const answer = await raw(url, (socket) => {
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500));
    });
    expect(statuses(answer)).toEqual(Array(4).fill(200));
  });

  it('a client that does not read its answer is cut off', async () => {
    const long = { words: ['x'.repeat(20_000_000)] };
    const { url, records } = await start(long, {}, { writeTimeout: 200 });
    const socket = open(url);
    socket.on('error', () => undefined);
    // Never read: the answer fills the buffers of both systems and then waits here.
    socket.pause();
    socket.write(`${head('Content-Length: 3')}abc`);
    await expect.poll(() => records).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    let size = 0;
    socket.on('data', (data) => {
      size += data.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(size).toBeLessThan(20_000_000);
  });

  it('a client that reads slowly gets all of a long answer, and no listeners pile up', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { url } = await start({ words: Array(60).fill('x'.repeat(300_000)), pace: 1 });
    const socket = open(url);
    const asks = 'Content-Length: 3\r\nAccept: text/event-stream\r\nConnection: close';
    socket.write(`${head(asks)}abc`);
    let size = 0;
    for await (const data of socket) {
      size += (data as Buffer).length;
      if (size % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    process.off('warning', note);
    expect(size).toBeGreaterThan(2 * 60 * 300_000);
    expect(warnings).toEqual([]);
  });

  it('slow uploads hold no place: a photo that comes whole is captioned meanwhile', async () => {
    const { url } = await start({}, { maxWaiting: 1 });
    const slow = Array.from({ length: 64 }, () => {
      const socket = open(url);
      socket.on('error', () => undefined);
      socket.write(`${head('Content-Length: 100000')}abc`);
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const response = await sendPhoto(url);
    expect(response.status).toBe(200);
    for (const socket of slow) socket.destroy();
  });

  it('an upload that is not whole in time is ended with a 408', async () => {
    const { url } = await start({}, { uploadTimeout: 200 });
    const answer = await raw(url, (socket) => socket.write(`${head('Content-Length: 100000')}abc`));
    expect(statuses(answer)).toEqual([408]);
    expect(answer).toContain('REQUEST_TIMEOUT');
  });

  it('when all connections are taken, the one that sends least makes room', async () => {
    const { url } = await start({}, {}, { maxConnections: 3 });
    const idle = Array.from({ length: 3 }, () => open(url));
    await Promise.all(idle.map((socket) => new Promise((open) => socket.once('connect', open))));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const closed = idle.map((socket) => new Promise((close) => socket.once('close', close)));
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    await Promise.race(closed);
    for (const socket of idle) socket.destroy();
  });

  it('a connection that is reset before its request is whole is nothing to be told', async () => {
    const refused: RequestRecord[] = [];
    const { url } = await start({}, {}, { observe: (record) => refused.push(record) });
    const socket = open(url);
    socket.on('error', () => undefined).write('POST /caption HT');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    socket.resetAndDestroy();
    await new Promise((resolve) => socket.once('close', resolve));
    for (let n = 0; n < 3; n++) expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(refused).toEqual([]);
  });
});

describe('the end', () => {
  it('lets requests under way finish and takes no new ones', async () => {
    const { hold, release } = held();
    const { url, close, engine } = await start({ hold }, {}, { grace: 60_000 });
    const slow = sendPhoto(url);
    await expect.poll(() => engine.calls.length).toBe(1);
    const closed = close();
    const late = await fetch(`${url}/caption`, { method: 'POST', body: 'x' });
    expect(late.status).toBe(503);
    expect(late.headers.get('connection')).toBe('close');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    release();
    expect((await slow).status).toBe(200);
    await closed;
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('answers what comes on a connection that was idle', async () => {
    const { hold, release } = held();
    const { url, close, engine } = await start({ hold }, {}, { grace: 60_000 });
    const idle = open(url);
    let text = '';
    idle.setEncoding('latin1').on('data', (data: string) => {
      text += data;
    });
    idle.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => statuses(text)).toEqual([200]);
    const slow = sendPhoto(url);
    await expect.poll(() => engine.calls.length).toBe(1);
    const closed = close();
    idle.write(`${head('Content-Length: 3')}abc`);
    await expect.poll(() => statuses(text)).toEqual([200, 503]);
    release();
    expect((await slow).status).toBe(200);
    await closed;
  });

  it('does not wait for clients that have their answer and do not close', async () => {
    const { url, close } = await start({}, {}, { grace: 60_000, linger: { atEnd: 100 } });
    const mute = connect({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    mute.on('error', () => undefined).resume();
    mute.write('hello\r\n\r\n');
    await new Promise((resolve) => mute.once('end', resolve));
    const started = performance.now();
    await close();
    expect(performance.now() - started).toBeLessThan(10_000);
    mute.destroy();
  });

  it('does not wait for ever', async () => {
    const { url, close, engine } = await start(
      { pace: 1000, words: Array(100).fill('word') },
      {},
      { grace: 100 },
    );
    const slow = sendPhoto(url);
    slow.catch(() => undefined);
    await expect.poll(() => engine.calls.length).toBe(1);
    await close();
    await expect(slow).rejects.toThrow();
  });
});
