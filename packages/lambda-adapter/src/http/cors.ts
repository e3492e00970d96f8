import type { Settings } from './settings.js';

const EXPOSED =
  'ETag, Cache-Status, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, X-Request-Id';
const ALLOWED =
  'Accept, Authorization, Content-Type, If-None-Match, Traceparent, Tracestate, X-Api-Key, X-Request-Id';

/** Headers for a page of another origin (Fetch standard, section 3.2); none unless that origin may call. */
export function corsHeaders(request: Request, { corsOrigins }: Settings): Record<string, string> {
  if (corsOrigins.length === 0) return {};
  const any = corsOrigins.includes('*');
  // Whoever is asked for depends on the origin, so a cache must keep the answers apart.
  const vary = any ? {} : { vary: 'Origin' };
  const origin = request.headers.get('origin');
  if (!origin || !(any || corsOrigins.includes(origin))) return vary;
  return {
    ...vary,
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-expose-headers': EXPOSED,
  };
}

/** True for a CORS preflight request. */
export function isPreflight(request: Request): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.has('origin') &&
    request.headers.has('access-control-request-method')
  );
}

export function preflightHeaders(methods: readonly string[]): Record<string, string> {
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': ALLOWED,
    'access-control-max-age': '7200',
  };
}
