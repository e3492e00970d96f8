import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { withAnswerHeaders } from '../http/answer-headers.js';
import { type App, requestIdOf } from '../http/app.js';
import { shortTurn } from '../http/event-loop.js';
import { methodNotSupported } from '../http/paths.js';
import { HttpError, problemResponse } from '../http/problem.js';
import type { RequestRecord } from '../http/request-record.js';
import { clientOf } from './client-address.js';
import { Connection } from './connection.js';
import { limitConnections } from './connection-limit.js';
import { closeInTwoSteps, type LingerLimits } from './lingering-close.js';
import { answerOnSocket, refusalOf } from './malformed.js';
import { answerWith, headersOf, requestFrom } from './node-http.js';

/** Headers of a request; as many as Apache takes by default. */
const MOST_HEADERS = 100;

export interface ServerOptions {
  /** Default 8080; 0 takes any free one. */
  readonly port?: number;
  /** Default 127.0.0.1: nobody from outside. */
  readonly host?: string;
  /** Connections at once; for more, those that send the least are closed. Default 256. */
  readonly maxConnections?: number;
  /** Milliseconds within which a request's headers must have come. Default 10,000. */
  readonly headersTimeout?: number;
  /** Milliseconds within which a request must have come whole. Default 60,000. */
  readonly requestTimeout?: number;
  /**
   * Milliseconds that a connection may be idle between two requests. Default 75,000: longer than proxies in
   * front keep theirs (60 s in nginx and AWS load balancers), so that none sends a request into a connection
   * that is being closed.
   */
  readonly keepAliveTimeout?: number;
  /** Milliseconds in which a client must read some of its answer. Default 10,000. */
  readonly writeTimeout?: number;
  /** How long a connection is read from after its last answer, so that the client can read that. */
  readonly linger?: LingerLimits;
  /** Milliseconds that requests under way may still take when the server is closed. Default 35,000. */
  readonly grace?: number;
  /**
   * Proxies in front that add to `X-Forwarded-For`; the client's address is taken from there. Default
   * 0: the address of the connection.
   */
  readonly trustedProxies?: number;
  /** Told about requests that never reached the app. */
  readonly observe?: (record: RequestRecord) => void;
}

/** A running server. */
export interface NodeServer {
  readonly url: string;
  /**
   * Answers what is under way and refuses what comes (503, `Connection: close`) until nothing is left,
   * then stops to listen and resolves.
   */
  close(): Promise<void>;
}

/**
 * The app as a plain Node HTTP server.
 *
 * @example
 * const server = await startServer(createApp({ engine: () => loadCaptioner() }), { port: 8080 });
 * process.once('SIGTERM', () => server.close());
 */
export async function startServer(app: App, options: ServerOptions = {}): Promise<NodeServer> {
  const { port = 8080, host = '127.0.0.1', grace = 35_000 } = options;
  const { headersTimeout = 10_000, requestTimeout = 60_000, writeTimeout = 10_000 } = options;
  const {
    observe = () => undefined,
    trustedProxies = 0,
    maxConnections = 256,
    keepAliveTimeout = 75_000,
    linger = {},
  } = options;
  const state = { closing: false, underWay: 0, onIdle: (): void => undefined };

  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse, asks100: boolean) => {
    if (Connection.of(incoming.socket).isFull) return;
    state.underWay++;
    try {
      const rules = { asks100, trustedProxies, writeTimeout };
      // Closing or not is decided when the request comes: what came before is under way.
      await answer(app, incoming, outgoing, { ...rules, closing: state.closing, observe });
    } catch (error) {
      // Nothing is known that leads here; one answer that cannot be sent must not end the process.
      incoming.socket.destroy();
      const { method = '', url = '' } = incoming;
      const path = url.split('?', 1)[0] ?? '';
      observe({ requestId: '', method, path, status: 500, duration: 0, error });
    } finally {
      state.underWay--;
      if (state.underWay === 0) state.onIdle();
    }
  };
  const server = createServer(
    {
      headersTimeout: Math.min(headersTimeout, requestTimeout),
      requestTimeout,
      // How often Node looks for requests that are late.
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
      keepAliveTimeout,
      maxHeaderSize: 16 * 1024,
      // Refused by `addressOf`, with the headers that every answer has.
      requireHostHeader: false,
    },
    (incoming, outgoing) => void respond(incoming, outgoing, false),
  );
  // A client may close its half once its request is sent; `Connection` finds out who has left.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxHeadersCount = MOST_HEADERS;
  server.on('connection', (socket) => closeInTwoSteps(socket, linger));
  const connections = limitConnections(server, maxConnections);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (Connection.of(socket).isClosing) return;
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else if (!Connection.of(socket).breakOff(refusalOf(error))) {
      answerOnSocket(socket, error, observe);
    }
  });
  // No other expectation has a meaning (RFC 9110 section 10.1.1); Node would answer 417 by itself.
  server.on('checkExpectation', (incoming, outgoing) => void respond(incoming, outgoing, false));
  // "Expect: 100-continue" asks before it sends: it is told to when the body is first read.
  server.on('checkContinue', (incoming, outgoing) => void respond(incoming, outgoing, true));
  server.on('connect', (_incoming: IncomingMessage, socket: Socket) => {
    const refusal = methodNotSupported('This server is not a proxy: CONNECT is not supported.');
    answerOnSocket(socket, refusal, observe);
  });
  await listen(server, port, host);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      state.closing = true;
      const late = new Promise<void>((resolve) => setTimeout(resolve, grace).unref());
      const idle = new Promise<void>((resolve) => {
        state.onIdle = resolve;
        if (state.underWay === 0) resolve();
      });
      await Promise.race([idle, late]);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) {
        if (!Connection.of(socket).isClosing) socket.destroy();
      }
      const { atEnd = 5_000 } = linger;
      const lastCall = new Promise<void>((resolve) => setTimeout(resolve, atEnd).unref());
      await Promise.race([closed, late, lastCall]);
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function isHealthCheck({ url = '' }: IncomingMessage): boolean {
  return /\/(livez|readyz)$/.test(url);
}

/** Resolves when the answer has been sent, or the connection is gone. */
function hasLeft(outgoing: ServerResponse, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.closed || socket.destroyed) {
      resolve();
      return;
    }
    const left = () => {
      outgoing.off('close', left);
      socket.off('close', left);
      resolve();
    };
    outgoing.once('close', left);
    socket.once('close', left);
  });
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface ExchangeRules {
  /** Did the client send `Expect: 100-continue`? */
  readonly asks100: boolean;
  readonly closing: boolean;
  readonly trustedProxies: number;
  readonly writeTimeout: number;
  readonly observe: (record: RequestRecord) => void;
}

async function answer(
  app: App,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  rules: ExchangeRules,
): Promise<void> {
  const { asks100, closing, writeTimeout, observe } = rules;
  const connection = Connection.of(incoming.socket);
  const turn = await connection.begin(incoming, outgoing);
  if (!turn) return;
  // A health check that comes alone need not wait for the hundreds that others send.
  if (connection.sendsAhead || !isHealthCheck(incoming)) await shortTurn();
  const refuse = (error: HttpError) => {
    const requestId = requestIdOf(headersOf(incoming));
    const response = problemResponse(error, requestId);
    const { method = '', url = '' } = incoming;
    const record = { requestId, method, path: url.split('?', 1)[0] ?? '', started: Date.now() };
    observe({ ...record, status: response.status, duration: 0, error });
    return new Response(response.body, {
      status: response.status,
      headers: withAnswerHeaders(response, requestId),
    });
  };
  const respond = async (): Promise<Response> => {
    try {
      const address = addressOf(incoming);
      const request = requestFrom(incoming, address, turn.gone, {
        onBroken: turn.onBroken,
        onWanted() {
          if (asks100) outgoing.writeContinue();
        },
      });
      const client = clientOf(incoming, rules.trustedProxies);
      return await app.fetch(request, { client, closing });
    } catch (error) {
      const isOurs = error instanceof HttpError;
      return refuse(
        isOurs
          ? error
          : new HttpError('BAD_REQUEST', 'The request is malformed.', { cause: error }),
      );
    }
  };
  const response = await respond();
  await answerWith(response, incoming, outgoing, {
    isLast: closing || turn.isLast(),
    writeTimeout,
  });
  await hasLeft(outgoing, incoming.socket);
}

/** @throws HttpError `BAD_REQUEST`, `METHOD_NOT_ALLOWED` */
function addressOf(incoming: IncomingMessage): URL {
  const { method = '', url = '/', rawHeaders, httpVersion } = incoming;
  // Of more than that Node has left some out.
  if (rawHeaders.length > 2 * MOST_HEADERS) {
    throw new HttpError('HEADERS_TOO_LARGE', `The request has more than ${MOST_HEADERS} headers.`);
  }
  const { headers } = incoming;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw new HttpError('BAD_REQUEST', 'The request is neither HTTP/1.1 nor HTTP/1.0.', {
      headers: { connection: 'close' },
    });
  }
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  // RFC 9112 section 3.2.
  if (hosts.length > 1) throw new HttpError('BAD_REQUEST', 'The request has two Host headers.');
  if (hosts.length === 0 && httpVersion === '1.1') {
    throw new HttpError('BAD_REQUEST', 'The request has no Host header.');
  }
  const host = headers.host ?? 'localhost';
  if (!/^[\w.:[\]-]*$/.test(host) || !URL.canParse(`http://${host || 'localhost'}`)) {
    throw new HttpError('BAD_REQUEST', 'The Host header is malformed.');
  }
  if (/^(trace|track)$/i.test(method)) {
    throw methodNotSupported(`The method ${method} is not supported.`);
  }
  // "OPTIONS *" asks about the server as a whole.
  const path = url === '*' && method === 'OPTIONS' ? '/' : url;
  const address = path.startsWith('/') ? `http://${host || 'localhost'}${path}` : path;
  if (!/^https?:/i.test(address) || !URL.canParse(address)) {
    throw new HttpError('BAD_REQUEST', 'The address in the request line is malformed.');
  }
  return new URL(address);
}
