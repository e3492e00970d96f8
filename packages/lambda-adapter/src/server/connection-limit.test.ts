import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from '../http/app.js';
import { startServer } from './node-server.js';

/** Longer than a connection counts as new. */
const GROWN = 1_100;

async function start(maxConnections: number) {
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => (release = resolve));
  const engine = scriptedEngine({ hold });
  const app = createApp({ engine: async () => engine });
  const server = await startServer(app, { port: 0, maxConnections, linger: { atEnd: 100 } });
  onTestFinished(() => {
    release();
    return server.close();
  });
  return { app, port: Number(new URL(server.url).port), release: () => release() };
}

/** A client that keeps its half open, and what it has been told. */
function client(port: number, text: string): { readonly socket: Socket; heard: string } {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const found = { socket, heard: '' };
  socket.on('error', () => undefined).setEncoding('latin1');
  socket.on('data', (data: string) => {
    found.heard += data;
  });
  onTestFinished(() => void socket.destroy());
  socket.write(text);
  return found;
}

const post = (query: string) =>
  `POST /caption${query} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\nabc`;
const last = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const isClosed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

it('requests that are worked on are never broken off; a newcomer is turned away', async () => {
  const { app, port, release } = await start(2);
  const working = ['?maxLength=1', '?maxLength=2'].map((query) => client(port, post(query)));
  await expect.poll(() => app.load.running + app.load.waiting).toBe(2);
  await pause(GROWN);
  const late = client(port, last);
  late.socket.once('end', () => late.socket.end());
  await isClosed(late.socket);
  expect(late.heard).toBe('');
  release();
  for (const each of working) await expect.poll(() => each.heard).toContain('HTTP/1.1 200 OK');
});

it('connections that have their last answer go first', async () => {
  const { port } = await start(2);
  const slow = client(port, 'GET /livez HTTP/1.1\r\n');
  // It has sent more than the other one.
  const done = client(port, last.replace('Host: x', `Host: x\r\nX-Long: ${'x'.repeat(10_000)}`));
  await expect.poll(() => done.heard).toContain('HTTP/1.1 200 OK');
  await pause(GROWN);
  const next = client(port, last);
  await expect.poll(() => next.heard).toContain('HTTP/1.1 200 OK');
  slow.socket.write('Host: x\r\n\r\n');
  await expect.poll(() => slow.heard).toContain('HTTP/1.1 200 OK');
});

it('those that are closed leave their places', async () => {
  const { port } = await start(2);
  for (let n = 0; n < 6; n++) {
    const each = client(port, last);
    each.socket.once('end', () => each.socket.end());
    await isClosed(each.socket);
    expect(each.heard).toContain('HTTP/1.1 200 OK');
  }
});
