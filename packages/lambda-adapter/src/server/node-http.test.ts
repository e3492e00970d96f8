import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as checkPhase } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { answerWith } from './node-http.js';

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
  const server = createServer((incoming, response) => {
    outgoing = response;
    void answerWith(new Response(new Uint8Array(size)), incoming, response, {
      isLast: true,
      writeTimeout,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const shared = new SharedArrayBuffer(8);
  const state = new Int32Array(shared);
  const worker = new Worker(client, { eval: true, workerData: { port, shared } });
  onTestFinished(async () => {
    await worker.terminate();
    server.closeAllConnections();
    server.close();
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
