import { STATUS_CODES } from 'node:http';
import { HttpError } from '../http/problem.js';

/*
 * The events by which Lambda hands over an HTTP request, and the results it wants back: API Gateway
 * REST (payload 1.0), API Gateway HTTP and Function URLs (payload 2.0), and load balancers, with and
 * without multi-value headers.
 */

type Values = Readonly<Record<string, string | undefined>>;
type MultiValues = Readonly<Record<string, readonly string[] | undefined>>;

interface Body {
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/** API Gateway REST, and API Gateway HTTP with payload format 1.0. */
export interface RestEvent extends Body {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers?: Values | null;
  readonly multiValueHeaders?: MultiValues | null;
  readonly queryStringParameters?: Values | null;
  readonly multiValueQueryStringParameters?: MultiValues | null;
  readonly requestContext?: { readonly path?: string; readonly domainName?: string };
}

/** API Gateway HTTP with payload format 2.0, and Function URLs. */
export interface HttpApiEvent extends Body {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Values;
  readonly cookies?: readonly string[];
  readonly requestContext: {
    readonly http: { readonly method: string };
    readonly stage?: string;
    readonly domainName?: string;
  };
}

/** Application Load Balancer. */
export interface AlbEvent extends Body {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers?: Values;
  readonly multiValueHeaders?: MultiValues;
  readonly queryStringParameters?: Values;
  readonly multiValueQueryStringParameters?: MultiValues;
  readonly requestContext: { readonly elb: object };
}

export type HttpEvent =
  | { readonly kind: 'rest'; readonly event: RestEvent }
  | { readonly kind: 'http'; readonly event: HttpApiEvent }
  | { readonly kind: 'alb'; readonly event: AlbEvent };

/** Which HTTP event is it, if any? */
export function recogniseHttpEvent(event: unknown): HttpEvent | undefined {
  if (!isObject(event)) return undefined;
  const context = isObject(event.requestContext) ? event.requestContext : {};
  if (typeof event.rawPath === 'string' && isObject(context.http)) {
    return { kind: 'http', event: event as unknown as HttpApiEvent };
  }
  if (typeof event.httpMethod !== 'string' || typeof event.path !== 'string') return undefined;
  return isObject(context.elb)
    ? { kind: 'alb', event: event as unknown as AlbEvent }
    : { kind: 'rest', event: event as unknown as RestEvent };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
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
export function toRequest(source: HttpEvent): TranslatedRequest {
  switch (source.kind) {
    case 'rest': {
      const { event } = source;
      const { path = event.path, domainName } = event.requestContext ?? {};
      const mount = path.endsWith(event.path) ? path.slice(0, -event.path.length) : '';
      const query = encodeQuery(event.multiValueQueryStringParameters, event.queryStringParameters);
      return { request: build(event.httpMethod, event.path, query, event, domainName), mount };
    }
    case 'http': {
      const { event } = source;
      const { http, stage = '$default', domainName } = event.requestContext;
      const prefix = `/${stage}`;
      const staged =
        stage !== '$default' &&
        (event.rawPath === prefix || event.rawPath.startsWith(`${prefix}/`));
      const path = staged ? event.rawPath.slice(prefix.length) || '/' : event.rawPath;
      const query = event.rawQueryString ?? '';
      const request = build(http.method, path, query, event, domainName);
      return { request, mount: staged ? prefix : '' };
    }
    case 'alb': {
      const { event } = source;
      // A load balancer, unlike API Gateway, leaves keys and values as they stood in the URL.
      const query = entries(event.multiValueQueryStringParameters, event.queryStringParameters)
        .map(([key, value]) => `${key}=${value}`)
        .join('&');
      return { request: build(event.httpMethod, event.path, query, event), mount: '' };
    }
  }
}

/** All values of all keys; a multi-value map holds everything that its plain sister does. */
function entries(
  multi: MultiValues | null | undefined,
  single: Values | null | undefined,
): [string, string][] {
  if (multi) {
    return Object.entries(multi).flatMap(([key, values]) =>
      (values ?? []).map((value): [string, string] => [key, value]),
    );
  }
  return Object.entries(single ?? {}).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [[key, value] as [string, string]],
  );
}

function encodeQuery(
  multi: MultiValues | null | undefined,
  single: Values | null | undefined,
): string {
  return new URLSearchParams(entries(multi, single)).toString();
}

interface Carrier extends Body {
  readonly headers?: Values | null;
  readonly multiValueHeaders?: MultiValues | null;
  readonly cookies?: readonly string[];
}

function build(
  method: string,
  path: string,
  query: string,
  carrier: Carrier,
  domain?: string,
): Request {
  const headers = headersOf(carrier);
  const url = baseUrl(domain ?? headers.get('host'), headers.get('x-forwarded-proto'));
  url.pathname = path;
  url.search = query;
  const body = bodyOf(carrier, headers);
  try {
    return new Request(url, {
      ...{ method, headers },
      ...(body && method !== 'GET' && method !== 'HEAD' && { body: body as BodyInit }),
    });
  } catch (cause) {
    // TRACE and CONNECT cannot be put into a Request.
    throw new HttpError('METHOD_NOT_ALLOWED', `The method ${method} is not taken.`, {
      cause,
      headers: { allow: 'GET, HEAD, POST, OPTIONS' },
    });
  }
}

function baseUrl(host: string | null, protocol: string | null): URL {
  const url = `${protocol === 'http' ? 'http' : 'https'}://${host}`;
  return host && URL.canParse(url) ? new URL(url) : new URL('https://lambda.invalid');
}

function headersOf({ headers, multiValueHeaders, cookies }: Carrier): Headers {
  const result = new Headers();
  for (const [name, value] of entries(multiValueHeaders, headers)) {
    try {
      result.append(name, value);
    } catch {
      // A header that HTTP does not allow can be none that we act on.
    }
  }
  if (cookies?.length) result.set('cookie', cookies.join('; '));
  // The length of the body as it went over the wire; here it has one of its own.
  result.delete('content-length');
  return result;
}

function bodyOf({ body, isBase64Encoded }: Body, headers: Headers): Uint8Array | undefined {
  if (!body) return undefined;
  if (isBase64Encoded) return Buffer.from(body, 'base64');
  const type = headers.get('content-type') ?? '';
  if (/^(image\/|application\/octet-stream|multipart\/)/i.test(type) && body.includes('\uFFFD')) {
    throw new HttpError(
      'BAD_REQUEST',
      'The photo reached the function as text, which destroyed it: API Gateway passes bytes on only for the types among its binary media types. Add */* there, or send the photo as JSON with base64.',
    );
  }
  return Buffer.from(body, 'utf8');
}

/** What Lambda wants back, by the kind of event. */
export interface HttpResult {
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly cookies?: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export async function toResult(response: Response, source: HttpEvent): Promise<HttpResult> {
  const { headers, cookies } = resultHeaders(response);
  const statusCode = response.status;
  const bytes = Buffer.from(await response.arrayBuffer());
  const isBase64Encoded = bytes.length > 0 && !isText(response.headers);
  const body = bytes.toString(isBase64Encoded ? 'base64' : 'utf8');
  const result = { statusCode, headers, body, isBase64Encoded };
  switch (source.kind) {
    case 'http':
      return cookies.length ? { ...result, cookies } : result;
    case 'rest':
      return cookies.length ? { ...result, multiValueHeaders: { 'set-cookie': cookies } } : result;
    case 'alb': {
      const statusDescription = `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim();
      // A load balancer with multi-value headers switched on reads no others, and the other way round.
      if (!source.event.multiValueHeaders) {
        const cookie = cookies[0] === undefined ? {} : { 'set-cookie': cookies[0] };
        return { ...result, statusDescription, headers: { ...headers, ...cookie } };
      }
      const multiValueHeaders = {
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
        ...(cookies.length && { 'set-cookie': cookies }),
      };
      return { statusCode, statusDescription, multiValueHeaders, body, isBase64Encoded };
    }
  }
}

/** Headers without those that concern the connection: it is not ours. */
export function resultHeaders(response: Response): {
  headers: Record<string, string>;
  cookies: string[];
} {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie' && name !== 'connection') headers[name] = value;
  }
  return { headers, cookies: response.headers.getSetCookie() };
}

function isText(headers: Headers): boolean {
  const encoding = headers.get('content-encoding') ?? 'identity';
  const type = headers.get('content-type') ?? '';
  return encoding === 'identity' && /^text\/|[/+](json|xml)\b|javascript/i.test(type);
}
