import {
  type Candidate,
  type Caption,
  CaptionFailure,
  type CaptionRequest,
  type Engine,
  type Tag,
  type WordMap,
} from '../caption.js';

/** A deployed zipcaption API. */
export class ApiEngine implements Engine {
  readonly #endpoint: () => string;
  readonly #key: () => string;

  /** Both are asked for at every call, as the visitor may change them in between. */
  constructor(endpoint: () => string, key: () => string) {
    this.#endpoint = endpoint;
    this.#key = key;
  }

  async caption(
    photo: Blob,
    request: CaptionRequest,
    _onWords: unknown,
    signal: AbortSignal,
  ): Promise<Caption> {
    const url = captionAddress(this.#endpoint(), request);
    const key = this.#key();
    const start = performance.now();
    let response: Response;
    let body: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        body: photo,
        signal,
        credentials: 'omit',
        headers: {
          accept: 'application/json',
          'content-type': photo.type.startsWith('image/') ? photo.type : 'application/octet-stream',
          ...(key && { 'x-api-key': key }),
        },
      });
      body = await response.text();
    } catch {
      if (signal.aborted) throw new CaptionFailure('ABORTED', 'Cancelled.');
      throw new CaptionFailure('NETWORK_FAILED', await whyNoAnswer(url));
    }
    if (!response.ok) throw problem(response, body);
    const cacheStatus = response.headers.get('cache-status') ?? '';
    return readAnswer(body, url.host, performance.now() - start, cacheStatus);
  }
}

/**
 * A browser does not tell a page whether a server is away or forbids it. A request without CORS gets through
 * to a server that is there, though nothing of its answer can be read.
 */
async function whyNoAnswer({ host, href }: URL): Promise<string> {
  const isThere = await fetch(href, {
    mode: 'no-cors',
    credentials: 'omit',
    signal: AbortSignal.timeout(5000),
  }).then(
    () => true,
    () => false,
  );
  const allow = `ZIPCAPTION_CORS_ORIGINS=${location.origin}`;
  return isThere
    ? `${host} is there, but does not allow this page to ask it (CORS). Start the API with ${allow}.`
    : `No answer from ${host}. Is the address right, and is the API running? If it is, it has to allow this page: start it with ${allow}.`;
}

/**
 * `…/caption` with the options as a query.
 *
 * @throws CaptionFailure `INVALID_OPTION` when the endpoint is no http(s) address
 */
export function captionAddress(endpoint: string, { numBeams, maxLength }: CaptionRequest): URL {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw new CaptionFailure('INVALID_OPTION', 'The endpoint must be an address: https://…');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new CaptionFailure('INVALID_OPTION', 'The endpoint must begin with https:// or http://.');
  }
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/caption') ? path : `${path}/caption`;
  url.searchParams.set('beams', String(numBeams));
  url.searchParams.set('maxLength', String(maxLength));
  url.searchParams.set('numCaptions', String(numBeams));
  url.searchParams.set('attention', 'true');
  return url;
}

/** RFC 9457 problem details, where the server sends them. */
function problem(response: Response, body: string): CaptionFailure {
  const json = parse(body);
  const text = (key: string) => (typeof json[key] === 'string' ? json[key] : undefined);
  return new CaptionFailure(
    text('code') ?? `HTTP_${response.status}`,
    text('detail') ?? text('title') ?? `The API answered ${response.status}.`,
  );
}

/**
 * @param roundTrip milliseconds from question to answer
 * @param cacheStatus the answer's Cache-Status (RFC 9211): that of an earlier question has that one's timings
 * @throws CaptionFailure `API_ANSWER` when it is not what zipcaption's API answers
 */
export function readAnswer(
  body: string,
  host: string,
  roundTrip: number,
  cacheStatus = '',
): Caption {
  const isHit = /;\s*hit\b/.test(cacheStatus);
  const isOwn = !isHit && !/;\s*collapsed\b/.test(cacheStatus);
  const json = parse(body);
  if (typeof json.caption !== 'string') {
    throw new CaptionFailure('API_ANSWER', `${host} answered, but not with a caption.`);
  }
  const timings = isOwn && isRecord(json.timings) ? json.timings : {};
  const model = isRecord(json.model) ? json.model : {};
  const stages = Object.entries(timings)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .filter(([name]) => ['decode', 'preprocess', 'encode', 'search'].includes(name))
    .map(([name, milliseconds]) => ({ name: name === 'search' ? 'words' : name, milliseconds }));
  const worked = stages.reduce((sum, stage) => sum + stage.milliseconds, 0);
  return {
    text: json.caption,
    score: numberOr(json.score, 0),
    confidence: numberOr(json.confidence, 0),
    alternatives: records(json.alternatives).flatMap(readCandidate),
    attention: records(json.attention).flatMap(readMap),
    tags: records(json.tags).flatMap(readTag),
    stages: [...stages, { name: 'network', milliseconds: Math.max(0, roundTrip - worked) }],
    total: roundTrip,
    model: [model.name, model.version].filter((part) => typeof part === 'string').join(' '),
    backend: isHit ? `${host} · from its cache` : host,
    warnings: Array.isArray(json.warnings) ? json.warnings.map(String) : [],
  };
}

function readCandidate(json: Record<string, unknown>): Candidate[] {
  const text = json.caption ?? json.text;
  if (typeof text !== 'string') return [];
  return [{ text, score: numberOr(json.score, 0), confidence: numberOr(json.confidence, 0) }];
}

function readTag({ text, probability }: Record<string, unknown>): Tag[] {
  return typeof text === 'string' ? [{ text, probability: numberOr(probability, 0) }] : [];
}

function readMap(json: Record<string, unknown>): WordMap[] {
  const { word, rows, columns, values } = json;
  if (typeof word !== 'string' || typeof rows !== 'number' || typeof columns !== 'number')
    return [];
  if (!Array.isArray(values) || values.length !== rows * columns) return [];
  return [{ word, rows, columns, values: values.map((value) => numberOr(value, 0)) }];
}

function parse(body: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return isRecord(json) ? json : {};
  } catch {
    return {};
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);
const numberOr = (value: unknown, otherwise: number) =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
