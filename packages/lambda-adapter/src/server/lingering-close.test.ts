import { Agent, type IncomingMessage, request as startRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import type { Settings } from '../http/settings.js';
import { type NodeServer, type ServerOptions, startServer } from './node-server.js';

const servers: NodeServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(settings: Partial<Settings> = {}, options: ServerOptions = {}) {
  const app = createApp({ settings, engine: async () => scriptedEngine() });
  const server = await startServer(app, { port: 0, grace: 5_000, ...options });
  servers.push(server);
  return server;
}

interface Pace {
  /** Bytes sent in one go, and milliseconds between two. */
  readonly piece: number;
  readonly every: number;
}

const open = (url: string): Socket => connect(Number(new URL(url).port), '127.0.0.1');
/** One that goes on to send after the server has closed its half. */
const halfOpen = (url: string): Socket =>
  connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });

/** Sends bytes at a pace and reads only afterwards, as simple clients do. */
async function sendThenRead(url: string, bytes: Buffer, { piece, every }: Pace): Promise<string> {
  const socket = open(url);
  socket.pause().setEncoding('latin1');
  let [text, failure] = ['', ''];
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure = ` ${error.code}`;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (let at = 0; at < bytes.length && !failure; at += piece) {
    socket.write(bytes.subarray(at, at + piece));
    await pause(every);
  }
  socket.on('data', (data: string) => {
    text += data;
  });
  socket.resume();
  await closed;
  return statuses(text).join(' ') + failure;
}

const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);

function counts(results: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const each of results) found[each] = (found[each] ?? 0) + 1;
  return found;
}

const head = (lines: string, line = 'POST /caption') =>
  `${line} HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n`;
const image = 'Content-Type: image/jpeg';
const SIZE = 600_000;
const sized = `${image}\r\nContent-Length: ${SIZE}`;

/** Requests that are answered before all of them has been read. */
const early: readonly (readonly [
  what: string,
  status: string,
  start: string,
  Partial<Settings>,
])[] = [
  ['an announced length', '413', head(sized), { maxBytes: 1_000 }],
  [
    'chunks',
    '413',
    `${head(`${image}\r\nTransfer-Encoding: chunked`)}${SIZE.toString(16)}\r\n`,
    { maxBytes: 1_000 },
  ],
  ['no key', '401', head(sized), { apiKeys: ['a-key-of-many-letters'] }],
  ['no such path', '404', head(sized, 'POST /nowhere'), {}],
  ['a wrong method', '405', head(sized, 'POST /livez'), {}],
  ['a body that comes too slowly', '408', head(sized), { uploadTimeout: 150 }],
  ['a content encoding', '415', head(`${sized}\r\nContent-Encoding: gzip`), {}],
  ['a wrong option', '400', head(sized, 'POST /caption?beams=x'), {}],
  ['too many bodies', '503', head(sized), { maxBodyMemory: 300_000 }],
  [
    'another expectation',
    '401',
    head(`${sized}\r\nExpect: 100-continue`),
    { apiKeys: ['k'.repeat(16)] },
  ],
  ['no HTTP', '400', 'hello\r\n\r\n', {}],
  ['headers without end', '431', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}`, {}],
  ['a method that is not taken', '405', head('', 'CONNECT a:1'), {}],
  ['garbage after a whole request', '200', `${head(`${image}\r\nContent-Length: 3`)}abc`, {}],
];

describe('an answer that is given while the client still sends', () => {
  it.each(early)(
    '%s: the %s is read by each of many clients',
    async (_, status, beginning, settings) => {
      const { url } = await start(settings);
      const bytes = Buffer.concat([Buffer.from(beginning), Buffer.alloc(SIZE, 'x')]);
      const slow = { piece: 10_000, every: status === '408' ? 25 : 5 };
      // What comes within the time limit is no reason for a 408.
      const paces =
        status === '408'
          ? [slow]
          : [slow, { piece: 100_000, every: 40 }, { piece: SIZE, every: 300 }];
      const results = await Promise.all(
        Array.from({ length: 24 }, (__, n) =>
          sendThenRead(url, bytes, paces[n % paces.length] ?? slow),
        ),
      );
      expect(counts(results)).toEqual({ [status]: 24 });
    },
  );

  it('the answers to requests sent ahead are read, although more were sent than are answered', async () => {
    const { url } = await start();
    const asks = Buffer.from(head('', 'GET /livez').repeat(20_000));
    const results = await Promise.all(
      Array.from({ length: 8 }, () => sendThenRead(url, asks, { piece: 50_000, every: 20 })),
    );
    for (const result of results) expect(result).toMatch(/^200( 200)*$/);
  });

  it('clients that keep their connections alive read it, and their next requests are answered', async () => {
    const { url } = await start({ maxBytes: 1_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const results = await Promise.all(
      Array.from({ length: 160 }, (_, n) =>
        sendWithNode(url, agent, Buffer.alloc(n % 2 === 0 ? 2_000_000 : 3)),
      ),
    );
    agent.destroy();
    expect(counts(results)).toEqual({ 413: 80, 200: 80 });
  });
});

describe('what is read after the last answer', () => {
  it('is bounded in time', async () => {
    const { url } = await start({ maxBytes: 1_000 }, { linger: { idle: 100, total: 400 } });
    const socket = halfOpen(url);
    socket.on('error', () => undefined).resume();
    socket.write(head(`${image}\r\nContent-Length: 100000000`));
    const started = performance.now();
    const drip = setInterval(() => socket.write('x'), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect(performance.now() - started).toBeGreaterThan(300);
    expect(performance.now() - started).toBeLessThan(60_000);
  });

  it('is bounded in bytes', async () => {
    const { url } = await start({ maxBytes: 1_000 }, { linger: { bytes: 1_000_000 } });
    const socket = halfOpen(url);
    socket.on('error', () => undefined).resume();
    socket.write(head(`${image}\r\nContent-Length: 1000000000`));
    const piece = Buffer.alloc(1_000_000);
    let sent = 0;
    const more = (error?: Error | null): void => {
      if (error || sent >= 200_000_000) return;
      sent += piece.length;
      socket.write(piece, more);
    };
    more();
    await new Promise((resolve) => socket.once('close', resolve));
    // The systems at both ends take some megabytes that are read by nobody.
    expect(sent).toBeLessThan(50_000_000);
  });

  it('a client that closes its half ends the connection at once', async () => {
    const { url } = await start({}, { linger: { idle: 60_000, total: 60_000 } });
    const result = await sendThenRead(url, Buffer.from(head('Connection: close', 'GET /livez')), {
      piece: 1_000,
      every: 0,
    });
    expect(result).toBe('200');
  });

  it('the end of the server waits for it', async () => {
    const { url, close } = await start({ maxBytes: 1_000 });
    const bytes = Buffer.concat([Buffer.from(head(sized)), Buffer.alloc(SIZE)]);
    const sent = sendThenRead(url, bytes, { piece: 30_000, every: 20 });
    await pause(150);
    await close();
    expect(await sent).toBe('413');
  });
});

/** With Node's own client: the answer's status once it was read whole, or what went wrong. */
function sendWithNode(url: string, agent: Agent, body: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'image/jpeg', 'content-length': body.length };
    const sent = startRequest(
      `${url}/caption`,
      { method: 'POST', agent, headers },
      (response: IncomingMessage) => {
        response.once('error', (error) => resolve(error.message));
        response.resume().once('end', () => resolve(String(response.statusCode)));
      },
    );
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}
