import { STATUS_CODES } from 'node:http';
import type { HttpEvent } from './http-events.js';

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
    case 'alb':
    case 'lattice-v1':
    case 'lattice-v2': {
      const statusDescription = `${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim();
      // A load balancer with multi-value headers switched on reads no others, and the other way round.
      if (source.kind !== 'alb' || !source.event.multiValueHeaders) {
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
