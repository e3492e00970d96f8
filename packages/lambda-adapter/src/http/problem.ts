import { CaptionError, type CaptionErrorCode } from 'zipcaption';

/**
 * Codes of failures that only the HTTP side knows; the rest are the core's.
 *
 * | code | status | meaning |
 * |---|---|---|
 * | `BAD_REQUEST` | 400 | the body is not what its content type says |
 * | `UNAUTHORIZED` | 401 | no API key, or none that is known |
 * | `URL_NOT_ALLOWED` | 403 | the photo's URL leads to a host that is not on the allow-list |
 * | `NOT_FOUND` | 404 | no such path |
 * | `METHOD_NOT_ALLOWED` | 405 | the path is there, for other methods (`Allow`) |
 * | `REQUEST_TIMEOUT` | 408 | the request did not arrive in time |
 * | `UNSUPPORTED_MEDIA_TYPE` | 415 | a content type or content encoding that is not read here |
 * | `FETCH_FAILED` | 422 | the photo's URL is allowed but gave no photo |
 * | `HEADERS_TOO_LARGE` | 431 | the headers are too long or too many |
 * | `BUSY` | 429 | more photos wait than can be captioned in time (`Retry-After`) |
 * | `RATE_LIMITED` | 429 | this client sends more than its share (`Retry-After`, `RateLimit`) |
 * | `CLIENT_CLOSED` | 499 | the client went away |
 * | `INTERNAL` | 500 | a fault of the service; the log has the reason under the request's id |
 * | `OVERLOADED` | 503 | the bodies that are held take all memory that they may (`Retry-After`) |
 * | `NOT_READY` | 503 | the model is not loaded, or the queue is full |
 * | `SHUTTING_DOWN` | 503 | the server is about to end |
 * | `TIME_TOO_SHORT` | 504 | the time left did not suffice |
 */
export type HttpErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'URL_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_TIMEOUT'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'FETCH_FAILED'
  | 'HEADERS_TOO_LARGE'
  | 'BUSY'
  | 'RATE_LIMITED'
  | 'CLIENT_CLOSED'
  | 'INTERNAL'
  | 'OVERLOADED'
  | 'NOT_READY'
  | 'SHUTTING_DOWN'
  | 'TIME_TOO_SHORT';

export type ProblemCode = HttpErrorCode | CaptionErrorCode;

/** Problem details as of RFC 9457, with the code and the request's id as extension members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly requestId: string;
  /** With status 413: the limit that was passed, in bytes or pixels as the detail says. */
  readonly limit?: number;
}

/** A failure with a status of its own, raised on the HTTP side. */
export class HttpError extends Error {
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly limit: number | undefined;

  constructor(
    code: ProblemCode,
    message: string,
    more: { cause?: unknown; headers?: Record<string, string>; limit?: number } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'HttpError';
    this.code = code;
    this.headers = more.headers ?? {};
    this.limit = more.limit;
  }
}

interface Kind {
  readonly status: number;
  readonly title: string;
}

const internal: Kind = { status: 500, title: 'The service failed' };

const kinds: Readonly<Record<ProblemCode, Kind>> = {
  BAD_REQUEST: { status: 400, title: 'The request is malformed' },
  INVALID_OPTION: { status: 400, title: 'An option is not valid' },
  INVALID_INPUT: { status: 400, title: 'The photo is missing or of the wrong type' },
  UNAUTHORIZED: { status: 401, title: 'An API key is needed' },
  URL_NOT_ALLOWED: { status: 403, title: 'Photos may not be fetched from there' },
  NOT_FOUND: { status: 404, title: 'There is no such path' },
  FILE_NOT_FOUND: { status: 404, title: 'There is no such photo' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path does not support this method' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time' },
  IMAGE_TOO_LARGE: { status: 413, title: 'The photo is too large' },
  UNSUPPORTED_FORMAT: { status: 415, title: 'The image format is not supported' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not supported' },
  DECODE_FAILED: { status: 422, title: 'The photo cannot be decoded' },
  FETCH_FAILED: { status: 422, title: 'The photo cannot be fetched' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  BUSY: { status: 429, title: 'Too many requests' },
  RATE_LIMITED: { status: 429, title: 'Too many requests from this client' },
  CLIENT_CLOSED: { status: 499, title: 'The client disconnected' },
  INTERNAL: internal,
  MODEL_NOT_FOUND: internal,
  MODEL_INVALID: internal,
  MODEL_CORRUPT: internal,
  MODEL_UNSUPPORTED: { status: 501, title: 'The model cannot do this' },
  RUNTIME_UNAVAILABLE: internal,
  RUNTIME_FAILED: internal,
  PARSER_NOT_FOUND: internal,
  FILE_CHANGED: internal,
  WRITE_FAILED: internal,
  NETWORK_FAILED: internal,
  ABORTED: internal,
  DISPOSED: internal,
  OVERLOADED: { status: 503, title: 'The service has no memory left' },
  NOT_READY: { status: 503, title: 'The service is not ready' },
  SHUTTING_DOWN: { status: 503, title: 'The server is shutting down' },
  TIME_TOO_SHORT: { status: 504, title: 'The time limit was exceeded' },
};

/** MODEL_UNSUPPORTED of the core is the service's own fault: it was given a model that it cannot load. */
function kindOf(error: unknown): Kind {
  if (error instanceof HttpError) return kinds[error.code];
  if (!(error instanceof CaptionError) || error.code === 'MODEL_UNSUPPORTED') return internal;
  return kinds[error.code];
}

export function statusOf(code: ProblemCode): number {
  return kinds[code].status;
}

/**
 * A failure as problem details. What is the service's own fault is told without its reason, which
 * may name paths and versions: that belongs in the log.
 */
export function toProblem(error: unknown, requestId: string): Problem {
  const kind = kindOf(error);
  const { status, title } = kind;
  const told = kind !== internal && (error instanceof HttpError || error instanceof CaptionError);
  return {
    // RFC 9457 section 4.2.1: "about:blank" when the status says it all; the code says the rest.
    type: 'about:blank',
    title,
    status,
    detail: told
      ? error.message
      : `Something went wrong on our side. The log has the reason under the request id ${requestId}.`,
    code: told ? error.code : 'INTERNAL',
    requestId,
    ...(error instanceof HttpError && error.limit !== undefined && { limit: error.limit }),
  };
}

export function problemResponse(error: unknown, requestId: string): Response {
  const problem = toProblem(error, requestId);
  return new Response(`${JSON.stringify(problem)}\n`, {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(error instanceof HttpError && error.headers),
    },
  });
}
