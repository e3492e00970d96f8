import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { App } from '../http/app.js';
import { HttpError, type ProblemCode, problemResponse } from '../http/problem.js';
import { answerWith, requestFrom } from './node-http.js';

export interface ServerOptions {
  /** Default 8080; 0 takes any free one. */
  readonly port?: number;
  /** Default 127.0.0.1: nobody from outside. */
  readonly host?: string;
  /** Connections at once; more are closed unheard. Default 256. */
  readonly maxConnections?: number;
  /** Milliseconds within which a request's headers must have come. Default 10,000. */
  readonly headersTimeout?: number;
  /** Milliseconds within which a request must have come whole. Default 60,000. */
  readonly requestTimeout?: number;
  /** Milliseconds that requests under way may still take when the server is closed. Default 10,000. */
  readonly grace?: number;
}

/** A running server. */
export interface NodeServer {
  readonly url: string;
  /** Takes no more requests, lets those under way end, then resolves. */
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
  const { port = 8080, host = '127.0.0.1', grace = 10_000 } = options;
  const { headersTimeout = 10_000, requestTimeout = 60_000 } = options;
  let closing = false;
  const server = createServer(
    {
      headersTimeout: Math.min(headersTimeout, requestTimeout),
      requestTimeout,
      // How often Node looks for requests that are late.
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => void respond(app, request, response, () => closing),
  );
  server.maxConnections = options.maxConnections ?? 256;
  server.on('clientError', refuseMalformed);
  // "Expect: 100-continue" asks before it sends: a body that is too large need not be sent at all.
  server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length']) <= app.settings.maxBytes * 1.5) {
      response.writeContinue();
    }
    void respond(app, request, response, () => closing);
  });
  await listen(server, port, host);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close() {
      closing = true;
      return close(server, grace);
    },
  };
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

async function respond(
  app: App,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isClosing: () => boolean,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort(new Error('The client went away.'));
  });
  try {
    const request = requestFrom(incoming, gone.signal);
    const response = isClosing() ? shuttingDown() : await app.fetch(request);
    await answerWith(response, incoming, outgoing, isClosing());
  } catch (error) {
    // Only what no `Request` can hold comes here, such as a broken Host header.
    const refused = new HttpError('BAD_REQUEST', 'The request is malformed.', { cause: error });
    if (outgoing.headersSent) outgoing.destroy();
    else await answerWith(problemResponse(refused, ''), incoming, outgoing, true);
  }
}

function shuttingDown(): Response {
  const error = new HttpError('SHUTTING_DOWN', 'The server is shutting down.', {
    headers: { 'retry-after': '1' },
  });
  return problemResponse(error, '');
}

/** Answers what Node's parser refused, or what came too slowly: there is no request object for it. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, detail] = refusal(error.code);
  const body = JSON.stringify({
    type: 'about:blank',
    title: detail,
    status: Number(status.slice(0, 3)),
    detail,
    code,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function refusal(code: string | undefined): [status: string, code: ProblemCode, detail: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'REQUEST_TIMEOUT', 'The request did not arrive in time.'];
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', 'BAD_REQUEST', 'The headers are too large.'];
    default:
      return ['400 Bad Request', 'BAD_REQUEST', 'The request is not HTTP.'];
  }
}

function close(server: Server, grace: number): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), grace);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
