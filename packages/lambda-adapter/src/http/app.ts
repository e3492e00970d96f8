import { withAnswerHeaders } from './answer-headers.js';
import { keyCheck } from './api-keys.js';
import { BodyBudget } from './body-budget.js';
import type { Call } from './call.js';
import { captionRoute } from './caption-route.js';
import { CaptionService, type Load } from './caption-service.js';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.js';
import { embedRoute } from './embed-route.js';
import { type Engine, type GetEngine, once } from './engine.js';
import { alive, health, ready, shuttingDown } from './health.js';
import { openApiDocument } from './openapi.js';
import { page } from './page.js';
import { pathOf } from './path-of.js';
import type { Path } from './paths.js';
import type { FetchPhoto } from './photo-request.js';
import { HttpError, problemResponse } from './problem.js';
import { RateLimit } from './rate-limit.js';
import { fetchRemotePhoto } from './remote-photo.js';
import type { RequestRecord } from './request-record.js';
import { defaultSettings, type Settings } from './settings.js';

export interface AppOptions {
  /** Loads the captioner; called at the first need, and again only after a failure. */
  readonly engine: () => Promise<Engine>;
  readonly settings?: Partial<Settings>;
  /** Photos that the engine works on at the same time. Default 1. */
  readonly workers?: number;
  /** The keys that hold now, where they may change. Default: those of the settings. */
  readonly apiKeys?: () => readonly string[];
  /** Gives the text of `GET /metrics`; without it there is no such path. */
  readonly metrics?: () => Promise<Response>;
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
  /** Who asks, where no API key tells: an address. */
  readonly client?: string;
  /** The server is about to end: only health checks and metrics are answered. */
  readonly closing?: boolean;
  /** The path under which the outside world reaches us: an API Gateway stage, for instance. */
  readonly mount?: string;
  /** True if the platform has authenticated the caller, so that no API key is needed. */
  readonly trusted?: boolean;
  /** Told about this request when it is over, besides the app's own `observe`. */
  readonly observe?: (record: RequestRecord) => void;
}

/** An HTTP service that speaks the web's `Request` and `Response`. */
export interface App {
  readonly settings: Settings;
  /** Loads the model, if that has not happened yet. */
  readonly engine: GetEngine;
  /** Loads the model and captions a few blank pictures: code is compiled, and the speed is known. */
  warmUp(): Promise<void>;
  /** What there is to do. */
  readonly load: Load & {
    readonly bodyBytes: number;
    /** Workers that ended and were replaced since the start. */
    readonly workersLost: number;
  };
  /** Never rejects: a failure is an answer, too. */
  fetch(request: Request, context?: CallContext): Promise<Response>;
}

type Route = (call: Call) => Promise<Response> | Response;
/** Routes by method. */
type Methods = Readonly<Record<string, Route>>;

/**
 * The captioning API.
 *
 * @example
 * const app = createApp({ engine: () => loadCaptioner() });
 * const answer = await app.fetch(new Request('https://localhost/caption', { method: 'POST', body: photo }));
 */
export function createApp(options: AppOptions): App {
  const settings: Settings = { ...defaultSettings, ...options.settings };
  const { workers = 1, apiKeys = () => settings.apiKeys } = options;
  let loaded: Engine | undefined;
  const { get: engine, isLoaded } = once(async () => {
    loaded = await options.engine();
    return loaded;
  });
  const service = new CaptionService(engine, settings, workers);
  const budget = new BodyBudget(settings.maxBodyMemory, () => service.retryAfter(''));
  const checkKey = keyCheck(apiKeys);
  const rate = settings.rate && new RateLimit(settings.rate);
  const fetchPhoto: FetchPhoto =
    options.fetchPhoto ??
    ((url, signal, onBytes) => {
      const { imageHosts: hosts, maxBytes } = settings;
      return fetchRemotePhoto(url, { hosts, maxBytes, onBytes }, signal);
    });

  const parts = { engine, service, budget, settings, fetchPhoto };
  /** Only for holders of a key, where there are keys. */
  const guarded =
    (route: Route): Route =>
    (call) => {
      const holder = call.trusted ? undefined : checkKey(call.request.headers);
      return route(holder === undefined ? call : { ...call, client: holder });
    };
  /** Guarded, and counted against the client's rate. */
  const limited = (route: Route): Route =>
    guarded(async (call) => {
      if (rate && !call.trusted) Object.assign(call.headers, rate.take(call.client));
      return route(call);
    });
  const caption = limited(captionRoute(parts));
  const routes = table({
    // The bare address of a Function URL takes photos, too.
    '/': { GET: ({ mount }) => page(settings, mount), POST: caption },
    '/caption': { POST: caption },
    '/embed': { POST: limited(embedRoute(parts)) },
    '/health': { GET: async () => health(await engine()) },
    '/livez': { GET: alive },
    '/readyz': {
      GET: ({ closing }) => {
        if (!isLoaded()) void engine().catch(() => undefined);
        return ready(isLoaded(), closing, service.load);
      },
    },
    '/metrics': options.metrics && { GET: guarded(options.metrics) },
    '/openapi.json': { GET: openApi(settings) },
  });

  async function route(call: Call): Promise<Response> {
    const path = pathOf(call.url.pathname, settings.basePath);
    const methods = path === undefined ? undefined : routes.get(path);
    if (!methods) {
      throw new HttpError(
        'NOT_FOUND',
        `There is no ${call.url.pathname.slice(0, 200)}. Known paths: ${[...routes.keys()].join(', ')}.`,
      );
    }
    if (call.closing && !answeredToTheEnd.has(path ?? '')) throw shuttingDown();
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
    warmUp: () => service.warmUp(),
    get load() {
      return { ...service.load, bodyBytes: budget.used, workersLost: loaded?.workersLost ?? 0 };
    },
    async fetch(request, context = {}) {
      const started = performance.now();
      const url = new URL(request.url);
      const requestId = context.requestId ?? requestIdOf(request.headers);
      const record: RequestRecord = {
        requestId,
        method: request.method,
        path: url.pathname,
        status: 0,
        started: Date.now(),
        duration: 0,
        ...traceOf(request.headers),
      };
      let later = false;
      const finish = () => {
        record.duration = performance.now() - started;
        options.observe?.(record);
        context.observe?.(record);
      };
      const call: Call = {
        request,
        url,
        requestId,
        record,
        headers: {},
        timeLeft: () =>
          (context.timeLeft ?? Number.POSITIVE_INFINITY) - (performance.now() - started),
        mount: (context.mount ?? '') + settings.basePath,
        client: context.client ?? '',
        closing: context.closing ?? false,
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
      const more = { ...corsHeaders(request, settings), ...call.headers };
      const headers = withAnswerHeaders(response, requestId, more);
      record.status = response.status;
      if (!later) finish();
      const body = request.method === 'HEAD' ? null : response.body;
      return new Response(body, { status: response.status, headers });
    },
  };
}

/**
 * Maps, since a name that a client sends must not find what every object has: `constructor`.
 *
 * @param routes undefined for a path that is not answered
 */
function table(
  routes: Readonly<Record<Path, Methods | undefined>>,
): ReadonlyMap<string, ReadonlyMap<string, Route>> {
  return new Map(
    Object.entries(routes).flatMap(([path, methods]) =>
      methods ? [[path, new Map(Object.entries(methods))] as const] : [],
    ),
  );
}

/** What tells how the server is, while it ends. */
const answeredToTheEnd: ReadonlySet<string> = new Set<Path>(['/livez', '/readyz', '/metrics']);

/** A client's own id is taken if it can do no harm in a log. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id') ?? '';
  return /^[\w.:=-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

/** W3C Trace Context; what is none is not handed on. */
function traceOf(headers: Headers): Pick<RequestRecord, 'traceparent' | 'tracestate'> {
  const traceparent = headers.get('traceparent') ?? '';
  if (!/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparent)) return {};
  const tracestate = headers.get('tracestate');
  return { traceparent, ...(tracestate && { tracestate }) };
}

/** `GET /openapi.json`; the document is written once for each mount, of which a function has one. */
function openApi(settings: Settings): Route {
  let written: { readonly mount: string; readonly text: string } | undefined;
  return ({ mount }) => {
    if (written?.mount !== mount) {
      written = { mount, text: JSON.stringify(openApiDocument(settings, mount)) };
    }
    return new Response(written.text, {
      headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' },
    });
  };
}
