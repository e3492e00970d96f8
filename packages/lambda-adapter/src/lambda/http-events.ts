import { HttpError } from '../http/problem.js';
import { EventFields, type Fields, isObject } from './event-fields.js';

/*
 * The events by which Lambda hands over an HTTP request: API Gateway REST (payload 1.0), API Gateway
 * HTTP and Function URLs (payload 2.0), load balancers, with and without multi-value headers, and VPC
 * Lattice, versions 1 and 2.
 */

/** An event that carries an HTTP request, by its shape. */
export interface HttpEvent {
  readonly kind: 'rest' | 'http' | 'alb' | 'lattice-v1' | 'lattice-v2';
  readonly event: Fields;
}

const names: Readonly<Record<HttpEvent['kind'], string>> = {
  rest: 'API Gateway REST (payload 1.0)',
  http: 'Function URL or API Gateway HTTP (payload 2.0)',
  alb: 'Application Load Balancer',
  'lattice-v1': 'VPC Lattice (version 1)',
  'lattice-v2': 'VPC Lattice (version 2)',
};

/** Which HTTP event is it, if any? */
export function recogniseHttpEvent(event: unknown): HttpEvent | undefined {
  if (!isObject(event)) return undefined;
  const context = isObject(event.requestContext) ? event.requestContext : {};
  if (typeof event.rawPath === 'string' && isObject(context.http)) return { kind: 'http', event };
  if (typeof event.method === 'string') {
    if (typeof event.raw_path === 'string') return { kind: 'lattice-v1', event };
    if (typeof event.path === 'string') return { kind: 'lattice-v2', event };
  }
  if (typeof event.httpMethod !== 'string' || typeof event.path !== 'string') return undefined;
  return { kind: isObject(context.elb) ? 'alb' : 'rest', event };
}

export interface TranslatedRequest {
  readonly request: Request;
  /** What stands before the path for whoever looks from outside: the stage. */
  readonly mount: string;
}

/**
 * The event as a `Request`.
 *
 * @throws HttpError `BAD_REQUEST`, `METHOD_NOT_ALLOWED`
 */
export function toRequest({ kind, event }: HttpEvent): TranslatedRequest {
  const fields = new EventFields(names[kind], event);
  const context = fields.inner('requestContext');
  const domain = context.text('domainName');
  switch (kind) {
    case 'rest': {
      const path = fields.text('path') ?? '/';
      const outside = context.text('path') ?? path;
      const mount = outside.endsWith(path) ? outside.slice(0, -path.length) : '';
      const query = encodeQuery(
        fields.pairs('multiValueQueryStringParameters') ?? fields.pairs('queryStringParameters'),
      );
      return { request: build(fields, fields.text('httpMethod'), path, query, domain), mount };
    }
    case 'http': {
      const rawPath = fields.text('rawPath') ?? '/';
      const stage = context.text('stage') ?? '$default';
      const prefix = `/${stage}`;
      const staged =
        stage !== '$default' && (rawPath === prefix || rawPath.startsWith(`${prefix}/`));
      const path = staged ? rawPath.slice(prefix.length) || '/' : rawPath;
      const query = fields.text('rawQueryString') ?? '';
      const method = context.inner('http').text('method');
      return { request: build(fields, method, path, query, domain), mount: staged ? prefix : '' };
    }
    case 'alb': {
      const path = fields.text('path') ?? '/';
      // A load balancer, unlike API Gateway, leaves keys and values as they stood in the URL.
      const pairs =
        fields.pairs('multiValueQueryStringParameters') ?? fields.pairs('queryStringParameters');
      const query = (pairs ?? []).map(([key, value]) => `${key}=${value}`).join('&');
      return { request: build(fields, fields.text('httpMethod'), path, query), mount: '' };
    }
    case 'lattice-v1': {
      const [path = '/'] = (fields.text('raw_path') ?? '/').split('?', 1);
      const query = encodeQuery(fields.pairs('query_string_parameters'));
      return { request: build(fields, fields.text('method'), path, query), mount: '' };
    }
    case 'lattice-v2': {
      const path = fields.text('path') ?? '/';
      const query = encodeQuery(fields.pairs('queryStringParameters'));
      return { request: build(fields, fields.text('method'), path, query), mount: '' };
    }
  }
}

function encodeQuery(pairs: [string, string][] | undefined): string {
  return new URLSearchParams(pairs).toString();
}

function build(fields: EventFields, method = '', path = '/', query = '', domain?: string): Request {
  const headers = headersOf(fields);
  const url = baseUrl(domain ?? headers.get('host'), headers.get('x-forwarded-proto'));
  url.pathname = path;
  url.search = query;
  const body = bodyOf(fields, headers);
  // An HTTP token (RFC 9110 section 5.6.2); TRACE and CONNECT cannot be put into a Request.
  if (!/^[\w!#$%&'*+.^`|~-]{1,40}$/.test(method) || /^(trace|connect|track)$/i.test(method)) {
    throw new HttpError(
      'METHOD_NOT_ALLOWED',
      `The method ${method.slice(0, 40)} is not supported.`,
      {
        headers: { allow: 'GET, HEAD, POST, OPTIONS' },
      },
    );
  }
  const bodiless = /^(get|head)$/i.test(method);
  return new Request(url, {
    method,
    headers,
    ...(body && !bodiless && { body: body as BodyInit }),
  });
}

function baseUrl(host: string | null, protocol: string | null): URL {
  const origin = `${protocol === 'http' ? 'http' : 'https'}://${host}`;
  // Only a host and a port: neither a password nor a path.
  const plain = host !== null && /^[\w.:[\]-]{1,300}$/.test(host) && URL.canParse(origin);
  return new URL(plain ? origin : 'https://lambda.invalid');
}

function headersOf(fields: EventFields): Headers {
  const result = new Headers();
  const append = (name: string, value: string) => {
    try {
      result.append(name, value);
    } catch {
      // A header that HTTP does not allow can be none that we act on.
    }
  };
  for (const [name, value] of fields.pairs('multiValueHeaders') ?? fields.pairs('headers') ?? []) {
    append(name, value);
  }
  const cookies = fields.texts('cookies');
  if (cookies.length) {
    result.delete('cookie');
    append('cookie', cookies.join('; '));
  }
  // The length of the body as it went over the wire; here it has one of its own.
  result.delete('content-length');
  return result;
}

function bodyOf(fields: EventFields, headers: Headers): Uint8Array | undefined {
  const body = fields.text('body');
  const isBase64 = fields.flag('isBase64Encoded') || fields.flag('is_base64_encoded');
  if (!body) return undefined;
  if (isBase64) return Buffer.from(body, 'base64');
  const type = headers.get('content-type') ?? '';
  if (/^(image\/|application\/octet-stream|multipart\/)/i.test(type) && body.includes('\uFFFD')) {
    throw new HttpError(
      'BAD_REQUEST',
      'The photo reached the function as text, which destroyed it: API Gateway passes bytes on only for the types among its binary media types. Add */* there, or send the photo as JSON with base64.',
    );
  }
  return Buffer.from(body, 'utf8');
}
