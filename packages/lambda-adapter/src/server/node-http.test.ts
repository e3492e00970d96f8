import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as checkPhase, setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { answerWith, requestFrom } from './node-http.js';

/** The port of a server for this test. */
async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

it('a body is read only as fast as it is wanted', async () => {
  const size = 64_000_000;
  let request: Request | undefined;
  let bytesRead = () => 0;
  const port = await listen((incoming) => {
    bytesRead = () => incoming.socket.bytesRead;
    const body = { onWanted: () => undefined, onBroken: () => undefined };
    const { signal } = new AbortController();
    request = requestFrom(incoming, new URL('http://x/'), signal, body);
  });
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
  socket.write(Buffer.alloc(size));
  await expect.poll(() => request, { timeout: 60_000 }).toBeDefined();
  const reader = request?.body?.getReader();
  let read = (await reader?.read())?.value?.length ?? 0;
  for (let before = -1; bytesRead() !== before; ) {
    before = bytesRead();
    await pause(200);
  }
  expect(bytesRead()).toBeLessThan(size / 4);
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    read += next.value.length;
  }
  expect(read).toBe(size);
});

it('the little that has come is handed on before more comes', async () => {
  let request: Request | undefined;
  const port = await listen((incoming) => {
    const body = { onWanted: () => undefined, onBroken: () => undefined };
    const { signal } = new AbortController();
    request = requestFrom(incoming, new URL('http://x/'), signal, body);
  });
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc');
  await expect.poll(() => request, { timeout: 60_000 }).toBeDefined();
  const { value } = (await request?.body?.getReader().read()) ?? {};
  expect(Buffer.from(value ?? []).toString()).toBe('abc');
});

/** Writes until the systems at both ends take nothing more, and Node still does. */
async function fillBuffers(socket: Socket): Promise<void> {
  do {
    while (socket.writableLength === 0) socket.write(Buffer.alloc(1024));
    await pause(200);
  } while (socket.writableLength === 0);
}

it('a client that reads nothing of an answer is cut off, however short that is', async () => {
  let closed = false;
  const port = await listen(async (incoming, outgoing) => {
    incoming.socket.once('close', () => {
      closed = true;
    });
    await fillBuffers(incoming.socket);
    const rules = { isLast: false, writeTimeout: 200 };
    await answerWith(new Response('short'), incoming, outgoing, rules);
  });
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => closed, { timeout: 60_000 }).toBe(true);
});

/** Places in the memory that the client's thread shares with the test. */
const [MAY_READ, READ] = [0, 1];

/** A client on a thread of its own: it reads while the thread of the server does nothing. */
const client = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, shared } } = require('node:worker_threads');
const state = new Int32Array(shared);
const socket = connect(port, '127.0.0.1').on('error', () => undefined);
socket.pause();
socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n', () => {
  Atomics.wait(state, ${MAY_READ}, 0);
  socket.on('data', ({ length }) => {
    Atomics.add(state, ${READ}, length);
    Atomics.notify(state, ${READ});
  });
  socket.on('close', () => parentPort.postMessage('closed'));
  socket.resume();
});
`;

it('a client that reads while the server’s process stands still is not cut off afterwards', async () => {
  const size = 32_000_000;
  const writeTimeout = 2_000;
  let outgoing: ServerResponse | undefined;
  const port = await listen((incoming, response) => {
    outgoing = response;
    void answerWith(new Response(new Uint8Array(size)), incoming, response, {
      isLast: true,
      writeTimeout,
    });
  });
  const shared = new SharedArrayBuffer(8);
  const state = new Int32Array(shared);
  const worker = new Worker(client, { eval: true, workerData: { port, shared } });
  onTestFinished(async () => {
    await worker.terminate();
  });
  const closed = new Promise((resolve) => worker.once('message', resolve));
  // Until the buffers of both systems are full. Timers are next in the event loop then, connections after them.
  do await checkPhase();
  while (!outgoing?.writableNeedDrain);
  const stalled = performance.now();
  Atomics.store(state, MAY_READ, 1);
  Atomics.notify(state, MAY_READ);
  const elapsed = () => performance.now() - stalled;
  let seen: number;
  // Until the time is up and everything that is in the buffers has been read.
  do {
    seen = Atomics.load(state, READ);
    Atomics.wait(state, READ, seen, 500);
  } while (
    elapsed() < 1.2 * writeTimeout ||
    (elapsed() < 60_000 && (seen === 0 || seen !== Atomics.load(state, READ)))
  );
  expect(outgoing.writableFinished).toBe(false);
  await closed;
  expect(Atomics.load(state, READ)).toBeGreaterThan(size);
});
