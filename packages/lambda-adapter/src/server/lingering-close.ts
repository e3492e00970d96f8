import type { Socket } from 'node:net';
import { Connection } from './connection.js';

/** How long a connection is read from after its last answer. */
export interface LingerLimits {
  /** Milliseconds without a byte from the client. Default 15,000. */
  readonly idle?: number;
  /** Milliseconds in all. Default 120,000. */
  readonly total?: number;
  /** Bytes that are read and thrown away; then the client has to stop by itself. Default 64 MiB. */
  readonly bytes?: number;
  /** Milliseconds that are left for all of this when the server ends. Default 5,000. */
  readonly atEnd?: number;
}

/** Milliseconds in which a client that sends too much may still read its answer. */
const LAST_CALL = 2_000;

/**
 * Makes Node close the connection in two steps after its last answer (RFC 9112 section 9.6): the server's
 * half at once, the other one when the client has closed it, too. Node by itself closes both halves. If the
 * client still sends then, its system gets a reset, and the answer may be lost.
 */
export function closeInTwoSteps(socket: Socket, limits: LingerLimits): void {
  const connection = Connection.of(socket);
  // Node's HTTP server calls this after an answer with "Connection: close".
  socket.destroySoon = () => {
    if (connection.isClosing || socket.destroyed) return;
    connection.isClosing = true;
    linger(socket, limits);
  };
}

function linger(socket: Socket, { idle = 15_000, total = 120_000, bytes = 2 ** 26 }: LingerLimits) {
  const close = () => socket.destroy();
  let left = bytes;
  // After a stall of the whole process there may be bytes that wait to be read.
  const closeIfSilent = (before: number) => {
    if (left === before) close();
    else idleTimer.refresh();
  };
  const idleTimer = setTimeout(() => setImmediate(closeIfSilent, left), idle);
  const timers = [idleTimer, setTimeout(close, total)];
  for (const timer of timers) timer.unref();
  socket.once('close', () => timers.forEach(clearTimeout));
  Connection.of(socket).stopReading();
  socket.removeAllListeners('data');
  socket.on('data', ({ length }: Uint8Array) => {
    left -= length;
    // Libuv would read two megabytes of each connection before it looks at anything else.
    socket.pause();
    if (left > 0) {
      idleTimer.refresh();
      setImmediate(() => socket.resume());
      return;
    }
    // A client that reads while it sends has its answer. One that does not is stopped by its own system.
    timers.push(setTimeout(close, LAST_CALL).unref());
  });
  socket.resume();
  const closeWhenSent = () => {
    if (socket.writableFinished) close();
    else socket.once('finish', close);
  };
  if (socket.readableEnded) closeWhenSent();
  else socket.once('end', closeWhenSent);
  if (socket.writable) socket.end();
}
