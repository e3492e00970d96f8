import { networkOf } from '../http/network-of.js';
import { methodNotSupported } from '../http/paths.js';
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
  // An authorizer is asked with a copy of the request, and must answer with a policy.
  if (!isObject(event) || 'methodArn' in event || 'routeArn' in event) return undefined;
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
  /** Who asks: an address; empty if the event does not tell. */
  readonly client: string;
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
      const given = fields.text('path') ?? '/';
      // An HTTP API that is told to send payloads of version 1.0 leaves the stage in the path.
      const { path, mount } =
        fields.text('version') === '1.0'
          ? withoutStage(given, context.text('stage'))
          : { path: given, mount: mountOf(given, context.text('path') ?? given) };
      const query = encodeQuery(
        fields.eitherPairs('multiValueQueryStringParameters', 'queryStringParameters'),
      );
      const request = build(fields, fields.text('httpMethod'), path, query, domain);
      return { request, mount, client: clientAt(context.inner('identity').text('sourceIp')) };
    }
    case 'http': {
      const { path, mount } = withoutStage(fields.text('rawPath') ?? '/', context.text('stage'));
      const query = fields.text('rawQueryString') ?? '';
      const http = context.inner('http');
      const request = build(fields, http.text('method'), path, query, domain);
      return { request, mount, client: clientAt(http.text('sourceIp')) };
    }
    case 'alb': {
      const path = fields.text('path') ?? '/';
      // A load balancer, unlike API Gateway, leaves keys and values as they stood in the URL.
      const pairs = fields.eitherPairs('multiValueQueryStringParameters', 'queryStringParameters');
      const query = pairs.map(([key, value]) => `${key}=${value}`).join('&');
      return forwarded(build(fields, fields.text('httpMethod'), path, query));
    }
    case 'lattice-v1': {
      const [path = '/'] = (fields.text('raw_path') ?? '/').split('?', 1);
      const query = encodeQuery(fields.pairs('query_string_parameters'));
      return forwarded(build(fields, fields.text('method'), path, query));
    }
    case 'lattice-v2': {
      const path = fields.text('path') ?? '/';
      const query = encodeQuery(fields.pairs('queryStringParameters'));
      return forwarded(build(fields, fields.text('method'), path, query));
    }
  }
}

/** API Gateway REST: the path without the stage is given, and the path as it was asked for. */
function mountOf(path: string, outside: string): string {
  const withoutEnd = (text: string) => text.replace(/\/$/, '');
  const [inside, all] = [withoutEnd(path), withoutEnd(outside)];
  return all.endsWith(inside) ? all.slice(0, all.length - inside.length) : '';
}

/** API Gateway HTTP: the path begins with the stage, unless that is the default one. */
function withoutStage(path: string, stage = '$default'): { path: string; mount: string } {
  const mount = `/${stage}`;
  const isStaged = stage !== '$default' && (path === mount || path.startsWith(`${mount}/`));
  return isStaged ? { path: path.slice(mount.length) || '/', mount } : { path, mount: '' };
}

/** The load balancer itself wrote the last address into the header. */
function forwarded(request: Request): TranslatedRequest {
  const address = request.headers.get('x-forwarded-for')?.split(',').at(-1);
  return { request, mount: '', client: clientAt(address) };
}

function clientAt(address: string | undefined): string {
  return networkOf(address) ?? '';
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
    throw methodNotSupported(`The method ${method.slice(0, 40)} is not supported.`);
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
  for (const [name, value] of fields.eitherPairs('multiValueHeaders', 'headers')) {
    append(name, value);
  }
  // The length of the body as it went over the wire; here it has one of its own.
  result.delete('content-length');
  return result;
}

function bodyOf(fields: EventFields, headers: Headers): Uint8Array | undefined {
  const body = fields.text('body');
  const isBase64 = fields.flag('isBase64Encoded') || fields.flag('is_base64_encoded');
  if (!body) return undefined;
  if (isBase64) return bytesOf(body);
  const type = headers.get('content-type') ?? '';
  if (/^(image\/|application\/octet-stream|multipart\/)/i.test(type) && body.includes('\uFFFD')) {
    throw new HttpError(
      'BAD_REQUEST',
      'The photo reached the function as text, which destroyed it: API Gateway passes bytes on only for the types among its binary media types. Add */* there, or send the photo as JSON with base64.',
    );
  }
  return Buffer.from(body, 'utf8');
}

/** `Buffer` skips what is not base64, and a body of nothing else would be taken for an empty one. */
function bytesOf(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = (text: string) => {
    const digits = text.length - (/=*$/.exec(text.slice(-2))?.[0].length ?? 0);
    return digits % 4 !== 1 && bytes.length === Math.floor((digits * 3) / 4);
  };
  if (isWhole(base64) || isWhole(base64.replace(/\s+/g, ''))) return bytes;
  throw new HttpError(
    'BAD_REQUEST',
    'The event says that its "body" is base64, but it holds something else.',
  );
}
