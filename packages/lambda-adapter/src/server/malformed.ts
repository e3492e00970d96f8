import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { withAnswerHeaders } from '../http/answer-headers.js';
import { HttpError, problemResponse, toProblem } from '../http/problem.js';
import type { RequestRecord } from '../http/request-record.js';

/**
 * Answers on a bare socket: for what Node's parser refused there is no request object to answer to.
 *
 * @param error what the parser found, or a refusal of ours
 */
export function answerOnSocket(
  socket: Socket,
  error: NodeJS.ErrnoException | HttpError,
  observe: (record: RequestRecord) => void,
): void {
  const requestId = randomUUID();
  const refused = error instanceof HttpError ? error : refusalOf(error);
  const response = problemResponse(refused, requestId);
  const { status } = response;
  const body = JSON.stringify(toProblem(refused, requestId));
  const headers = withAnswerHeaders(response, requestId);
  headers.set('connection', 'close');
  headers.set('date', new Date().toUTCString());
  headers.set('content-length', String(Buffer.byteLength(body)));
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  const record = { requestId, method: '', path: '', started: Date.now(), duration: 0 };
  observe({ ...record, status, error: refused });
  if (!socket.writable) return;
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}

/** What Node's parser found, as an error of ours. */
export function refusalOf(error: NodeJS.ErrnoException): HttpError {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpError('REQUEST_TIMEOUT', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError(
        'HEADERS_TOO_LARGE',
        'The headers are too large: at most 16 KiB are read.',
      );
    case 'HPE_INVALID_EOF_STATE':
      return new HttpError('BAD_REQUEST', 'The request ended before it was complete.');
    default: {
      // One of the parser's own sentences, such as "Invalid character in Content-Length".
      const { reason } = error as { readonly reason?: unknown };
      const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
      return new HttpError('BAD_REQUEST', `The request is not valid HTTP/1.1${why}.`, {
        cause: error,
      });
    }
  }
}
