import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './connection.js';

/** Milliseconds in which a connection need not have done anything. */
const YOUNG = 1_000;

/**
 * Keeps the number of connections within bounds. When there is no room for a new one, the one that
 * sends the least goes: those that have their last answer and idle ones first, then those that send their
 * request slowly. A new one has a
 * second before it counts, unless it sends requests ahead of the answers. Requests that are worked on
 * are never broken off.
 *
 * @returns the open ones
 */
export function limitConnections(server: Server, most: number): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    Connection.of(socket);
    if (open.size >= most) (slowest(open) ?? socket).destroy();
    if (socket.destroyed) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return open;
}

function slowest(sockets: ReadonlySet<Socket>): Socket | undefined {
  const now = performance.now();
  let found: Socket | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const socket of sockets) {
    const connection = Connection.of(socket);
    const age = now - connection.since;
    const isNew = age < YOUNG && !connection.sendsAhead && !connection.isClosing;
    if (isNew || connection.isWorking || socket.destroyed) continue;
    const rate = connection.isClosing ? -1 : socket.bytesRead / age;
    if (rate < least) {
      least = rate;
      found = socket;
    }
  }
  return found;
}
