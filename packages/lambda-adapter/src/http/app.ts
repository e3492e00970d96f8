import { keyCheck } from './api-keys.js';
import { captionRoute } from './caption-route.js';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.js';
import { type Engine, type GetEngine, once } from './engine.js';
import { openApiDocument } from './openapi.js';
import { page } from './page.js';
import type { FetchPhoto } from './photo-request.js';
import { HttpError, problemResponse } from './problem.js';
import { fetchRemotePhoto } from './remote-photo.js';
import type { RequestRecord } from './request-record.js';
import { defaultSettings, type Settings } from './settings.js';

export interface AppOptions {
  /** Loads the captioner; called at the first need, and again only after a failure. */
  readonly engine: () => Promise<Engine>;
  readonly settings?: Partial<Settings>;
  /** Told about every request when it is over: for logs and metrics. */
  readonly observe?: (record: RequestRecord) => void;
  /** Fetches a photo that is named by URL. Default: from `settings.imageHosts` only. */
  readonly fetchPhoto?: FetchPhoto;
}

/** What the front door knows of a request besides the request. */
export interface CallContext {
  /** Default: the `X-Request-Id` header, or else a new one. */
  readonly requestId?: string;
  /** Milliseconds that the platform leaves for this request. */
  readonly timeLeft?: number;
  /** The path under which the outside world reaches us: an API Gateway stage, for instance. */
  readonly mount?: string;
  /** Has the platform made sure already who is calling? Then no API key is asked for. */
  readonly trusted?: boolean;
  /** Told about this request when it is over, besides the app's own `observe`. */
  readonly observe?: (record: RequestRecord) => void;
}

/** An HTTP service that speaks the web's `Request` and `Response`. */
export interface App {
  readonly settings: Settings;
  /** Loads the model, if that has not happened yet. */
  readonly engine: GetEngine;
  /** Never rejects: a failure is an answer, too. */
  fetch(request: Request, context?: CallContext): Promise<Response>;
}

/** What a route is given. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  readonly timeLeft: number;
  readonly mount: string;
  readonly trusted: boolean;
  readonly record: RequestRecord;
  /** To be called by a route that answers before it is done; then it must call `finish` itself. */
  finishLater(): () => void;
}

type Route = (call: Call) => Promise<Response> | Response;

/**
 * The captioning API.
 *
 * @example
 * const app = createApp({ engine: () => loadCaptioner() });
 * const answer = await app.fetch(new Request('https://localhost/caption', { method: 'POST', body: photo }));
 */
export function createApp(options: AppOptions): App {
  const settings: Settings = { ...defaultSettings, ...options.settings };
  const engine = once(options.engine);
  const checkKey = keyCheck(settings.apiKeys);
  const fetchPhoto: FetchPhoto =
    options.fetchPhoto ??
    ((url, signal) =>
      fetchRemotePhoto(url, { hosts: settings.imageHosts, maxBytes: settings.maxBytes }, signal));

  const answerCaption = captionRoute({ engine, settings, fetchPhoto });
  const caption: Route = (call) => {
    if (!call.trusted) checkKey(call.request.headers);
    return answerCaption(call);
  };
  const routes: ReadonlyMap<string, ReadonlyMap<string, Route>> = table({
    // The bare address of a Function URL takes photos, too.
    '/': { GET: ({ mount }) => page(settings, mount), POST: caption },
    '/caption': { POST: caption },
    '/health': { GET: async () => health(await engine()) },
    '/openapi.json': { GET: ({ mount }) => openApi(settings, mount) },
  });

  async function route(call: Call): Promise<Response> {
    const path = pathOf(call.url, settings.basePath);
    const methods = path === undefined ? undefined : routes.get(path);
    if (!methods) {
      throw new HttpError(
        'NOT_FOUND',
        `There is no ${call.url.pathname.slice(0, 200)}. Known paths: ${[...routes.keys()].join(', ')}.`,
      );
    }
    const { method } = call.request;
    const handle = methods.get(method === 'HEAD' ? 'GET' : method);
    if (handle) return handle(call);
    const allow = [...methods.keys()].flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : each));
    allow.push('OPTIONS');
    if (method === 'OPTIONS') {
      const preflight = isPreflight(call.request) && settings.corsOrigins.length > 0;
      return new Response(null, {
        status: 204,
        headers: { allow: allow.join(', '), ...(preflight && preflightHeaders(allow)) },
      });
    }
    throw new HttpError(
      'METHOD_NOT_ALLOWED',
      `${path} does not take ${method.slice(0, 20)}, only ${allow.join(', ')}.`,
      { headers: { allow: allow.join(', ') } },
    );
  }

  return {
    settings,
    engine,
    async fetch(request, context = {}) {
      const started = performance.now();
      const url = new URL(request.url);
      const requestId = context.requestId ?? requestIdOf(request.headers);
      const record: RequestRecord = {
        requestId,
        method: request.method,
        path: url.pathname,
        status: 0,
        duration: 0,
      };
      let later = false;
      const finish = () => {
        record.duration = performance.now() - started;
        options.observe?.(record);
        context.observe?.(record);
      };
      const call: Call = {
        ...{ request, url, requestId, record },
        timeLeft: Math.min(context.timeLeft ?? Number.POSITIVE_INFINITY, settings.timeout),
        mount: (context.mount ?? '') + settings.basePath,
        trusted: context.trusted ?? false,
        finishLater() {
          later = true;
          return finish;
        },
      };
      let response: Response;
      try {
        response = await route(call);
      } catch (error) {
        record.error = error;
        later = false; // What failed before it began has nobody else to finish it.
        response = problemResponse(error, requestId);
      }
      const headers = new Headers(response.headers);
      const more = {
        ...securityHeaders,
        ...corsHeaders(request, settings),
        'x-request-id': requestId,
      };
      for (const [name, value] of Object.entries(more)) {
        if (name === 'vary') headers.append(name, value);
        else if (!headers.has(name)) headers.set(name, value);
      }
      record.status = response.status;
      if (!later) finish();
      const body = request.method === 'HEAD' ? null : response.body;
      return new Response(body, { status: response.status, headers });
    },
  };
}

/** For answers that are data, never pages (OWASP REST security). The page brings its own policy. */
const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Maps, since a name that a client sends must not find what every object has: `constructor`. */
function table(
  routes: Readonly<Record<string, Readonly<Record<string, Route>>>>,
): ReadonlyMap<string, ReadonlyMap<string, Route>> {
  return new Map(
    Object.entries(routes).map(([path, methods]) => [path, new Map(Object.entries(methods))]),
  );
}

function pathOf({ pathname }: URL, basePath: string): string | undefined {
  if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) return undefined;
  return pathname.slice(basePath.length).replace(/\/+$/, '') || '/';
}

/** A client's own id is taken if it can do no harm in a log. */
function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id') ?? '';
  return /^[\w.:=-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

function health({ model }: Engine): Response {
  const { name, version } = model;
  return Response.json(
    { status: 'ok', model: { name, version } },
    { headers: { 'cache-control': 'no-store' } },
  );
}

function openApi(settings: Settings, mount: string): Response {
  return Response.json(openApiDocument(settings, mount), {
    headers: { 'cache-control': 'public, max-age=3600' },
  });
}
