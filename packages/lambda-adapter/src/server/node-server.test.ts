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

/** Writes raw bytes and collects what comes back until the server closes the connection. */
function raw(url: string, write: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => write(socket));
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
    const response = await fetch(`${url}/caption`, {
      ...{ method: 'POST', body: new Uint8Array([1]) },
      headers: { 'content-type': 'image/png', accept: 'text/event-stream' },
    });
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
    const request = fetch(`${url}/caption`, {
      ...{ method: 'POST', body: new Uint8Array([1]), signal: abort.signal },
      headers: { 'content-type': 'image/png' },
    });
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

  it('an upload that is broken off frees its place', async () => {
    const { url, records } = await start({}, { maxWaiting: 1 });
    await raw(url, (socket) => {
      socket.write(`${head('Content-Length: 1000')}abc`);
      setTimeout(() => socket.destroy(), 50);
    });
    await expect.poll(() => records).toHaveLength(1);
    const response = await fetch(`${url}/caption`, {
      method: 'POST',
      body: new Uint8Array([1]),
      headers: { 'content-type': 'image/png' },
    });
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

  it('more bytes than announced are not taken for a photo, nor for a request', async () => {
    const { url, engine } = await start();
    const answer = await raw(url, (socket) =>
      socket.write(`${head('Content-Length: 3')}abcdefgh\r\n\r\n`),
    );
    expect(answer).toMatch(/HTTP\/1\.1 400 /);
    for (const { bytes } of engine.calls) expect(Buffer.from(bytes).toString()).toBe('abc');
  });

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
    ['no end', '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nabc'],
    ['another boundary', '--c\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc\r\n--c--\r\n'],
    ['a part without headers', '--b\r\n\r\nabc\r\n--b--\r\n'],
    ['no file', '--b--'],
    ['bytes', '\0\x01\x02'],
  ])('a form with %s: a 400', async (_, body) => {
    const { url, engine } = await start();
    const response = await fetch(`${url}/caption`, {
      ...{ method: 'POST', body },
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    });
    expect(response.status).toBe(400);
    expect(engine.calls).toHaveLength(0);
  });
});

describe('the end', () => {
  it('lets requests under way finish and takes no new ones', async () => {
    const { url, close, engine } = await start({ pace: 40 }, {}, { grace: 5_000 });
    const slow = fetch(`${url}/caption`, {
      method: 'POST',
      body: new Uint8Array([1]),
      headers: { 'content-type': 'image/png' },
    });
    await expect.poll(() => engine.calls.length).toBe(1);
    const closed = close();
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect((await slow).status).toBe(200);
    await closed;
  });

  it('does not wait for ever', async () => {
    const { url, close, engine } = await start(
      { pace: 1000, words: Array(100).fill('word') },
      {},
      { grace: 100 },
    );
    const slow = fetch(`${url}/caption`, {
      method: 'POST',
      body: new Uint8Array([1]),
      headers: { 'content-type': 'image/png' },
    });
    slow.catch(() => undefined);
    await expect.poll(() => engine.calls.length).toBe(1);
    await close();
    await expect(slow).rejects.toThrow();
  });
});
