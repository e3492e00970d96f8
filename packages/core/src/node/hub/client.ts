import { linkedController } from '../../abort.js';
import { CaptionError } from '../../errors.js';
import { type HubId, hubIdText } from './hub-id.js';
import { patiently } from './patience.js';

/** The hub's address and the user's token. */
export interface HubAccess {
  /** Default `https://huggingface.co`. */
  readonly endpoint: URL;
  readonly token?: string;
  /** Milliseconds without an answer or a byte after which a connection counts as broken. */
  readonly silenceMs: number;
}

/** The hub's description of a file. */
export interface HubFile {
  readonly bytes: number;
  /** SHA-256 of large files, Git's blob name (SHA-1) of small ones; undefined when it is neither. */
  readonly etag?: string;
  readonly commit?: string;
}

const SILENCE_SECONDS = { fallback: 60, min: 1, max: 3600 } as const;

/**
 * `HF_ENDPOINT` for a mirror, `HF_TOKEN` for models that are not public, `HF_HUB_DOWNLOAD_TIMEOUT` in seconds,
 * as Hugging Face's own tools.
 *
 * @throws CaptionError `INVALID_OPTION`
 */
export function hubAccess(env: Readonly<Record<string, string | undefined>>): HubAccess {
  const address = env.HF_ENDPOINT || 'https://huggingface.co';
  const endpoint = URL.canParse(address) ? new URL(address) : undefined;
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new CaptionError(
      'INVALID_OPTION',
      `HF_ENDPOINT must be an http(s) address, not "${address}".`,
    );
  }
  const { fallback, min, max } = SILENCE_SECONDS;
  const seconds = Number(env.HF_HUB_DOWNLOAD_TIMEOUT || fallback);
  if (!(seconds >= min && seconds <= max)) {
    throw new CaptionError(
      'INVALID_OPTION',
      `HF_HUB_DOWNLOAD_TIMEOUT must be a number of seconds from ${min} to ${max}, not "${env.HF_HUB_DOWNLOAD_TIMEOUT}".`,
    );
  }
  const token = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN;
  return { endpoint, silenceMs: 1000 * seconds, ...(token && { token }) };
}

const MOST_REDIRECTS = 5;

/**
 * The description of one file of a model.
 *
 * @returns undefined when there is no such file
 * @throws CaptionError `MODEL_NOT_FOUND` when there is no such model or it is not for this user,
 *   `NETWORK_FAILED`, `ABORTED`
 */
export async function describeHubFile(
  access: HubAccess,
  id: HubId,
  file: string,
  signal?: AbortSignal,
): Promise<HubFile | undefined> {
  // Of a large file the hub's own answer, a redirect to its storage, tells size and digest.
  const seen: Headers[] = [];
  const response = await request(access, fileAddress(access, id, file), 'HEAD', {}, signal, seen);
  if (response.status === 404 && isMissingFile(response)) return undefined;
  if (!response.ok) throw refusal(access, id, file, response);
  const first = (...names: string[]) =>
    seen.flatMap((headers) => names.map((name) => headers.get(name))).find((value) => value);
  const bytes = Number(
    first('x-linked-size') ?? response.headers.get('content-length') ?? Number.NaN,
  );
  const etag = /^(?:W\/)?"?([0-9a-f]{64}|[0-9a-f]{40})"?$/i.exec(
    first('x-linked-etag', 'etag') ?? '',
  )?.[1];
  const commit = first('x-repo-commit');
  if (!etag && /^text\/html/i.test(response.headers.get('content-type') ?? '')) {
    throw new CaptionError(
      'NETWORK_FAILED',
      `${access.endpoint.host} answered with a web page instead of ${file} of ${hubIdText(id)}. Check HF_ENDPOINT, and whether a proxy or a login page is in between.`,
    );
  }
  return { bytes, ...(etag && { etag: etag.toLowerCase() }), ...(commit && { commit }) };
}

/**
 * The content of a file from an offset.
 *
 * @param from offset in bytes: the part that was downloaded before
 * @throws CaptionError as {@link describeHubFile}
 */
export async function openHubFile(
  access: HubAccess,
  id: HubId,
  file: string,
  from: number,
  signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await request(access, fileAddress(access, id, file), 'GET', headers, signal);
  // 416: there is nothing from that place on. The caller knows whether that is the end.
  if (!response.ok && response.status !== 416) throw refusal(access, id, file, response);
  return response;
}

function fileAddress({ endpoint }: HubAccess, { owner, name, revision }: HubId, file: string): URL {
  const path = `${owner}/${name}/resolve/${encodeURIComponent(revision)}/${file}`;
  return new URL(`${endpoint.pathname.replace(/\/$/, '')}/${path}`, endpoint);
}

async function request(
  { endpoint, token, silenceMs }: HubAccess,
  address: URL,
  method: 'GET' | 'HEAD',
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
  seen: Headers[] = [],
): Promise<Response> {
  let url = address;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    // The token is only sent to the hub, not to the storage that it redirects to.
    const auth =
      token && url.origin === endpoint.origin ? { authorization: `Bearer ${token}` } : {};
    const response = await patiently(signal, async () => {
      const { controller, unlink } = linkedController(signal);
      const timer = setTimeout(() => controller.abort(silent(silenceMs)), silenceMs);
      try {
        return await fetch(url, {
          method,
          // A compressed response would not have the bytes of the requested range.
          headers: {
            'accept-encoding': 'identity',
            'user-agent': 'zipcaption',
            ...headers,
            ...auth,
          },
          redirect: 'manual',
          signal: controller.signal,
        });
      } catch (cause) {
        throw networkError(url, cause, signal);
      } finally {
        clearTimeout(timer);
        unlink();
      }
    });
    seen.push(response.headers);
    const next =
      response.status >= 300 && response.status < 400 && response.headers.get('location');
    if (!next) return response;
    await response.body?.cancel();
    url = new URL(next, url);
  }
  throw new CaptionError('NETWORK_FAILED', `${address.href} redirects too often.`);
}

export function silent(silenceMs: number): Error {
  return new Error(`nothing came for ${silenceMs / 1000} s`);
}

/** @param cause what `fetch` or the reading of its body threw */
export function networkError(
  url: URL | string,
  cause: unknown,
  signal?: AbortSignal,
): CaptionError {
  if (signal?.aborted) return new CaptionError('ABORTED', 'The download was stopped.', { cause });
  // Node's fetch says only "fetch failed"; the reason is one level down.
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const why = inner instanceof Error ? inner.message : String(inner);
  const message = `Could not download ${url}: ${why}. Run the command again to continue.`;
  return new CaptionError('NETWORK_FAILED', message, { cause });
}

/** The hub answers 404 for files and whole models alike, and says which in a header. */
function isMissingFile({ headers }: Response): boolean {
  const code = headers.get('x-error-code');
  return code === null || code === 'EntryNotFound';
}

function refusal({ endpoint, token }: HubAccess, id: HubId, file: string, response: Response) {
  const model = hubIdText(id);
  const { status } = response;
  const { origin, host } = new URL(response.url);
  if (origin !== endpoint.origin) {
    // It never saw the token; a link that has expired is a new one the next time.
    return new CaptionError(
      'NETWORK_FAILED',
      `${host}, where ${endpoint.host} keeps ${file} of ${model}, answered ${status}. Try again later; a proxy may have to let that host through.`,
      { cause: new Error(`status ${status}`) },
    );
  }
  if (status === 401 || status === 403) {
    return new CaptionError(
      'MODEL_NOT_FOUND',
      token
        ? `The token in HF_TOKEN may not read ${model}, or there is no such model at ${endpoint.host} (status ${status}). Open its page, accept its conditions if it has any, and check that the token may read it.`
        : `There is no public model ${model} at ${endpoint.host} (status ${status}). Check the name; for a private or gated model set HF_TOKEN.`,
    );
  }
  if (status === 404) {
    return new CaptionError(
      'MODEL_NOT_FOUND',
      `There is no ${response.headers.get('x-error-code') === 'RevisionNotFound' ? `revision "${id.revision}" of ${model}` : `${file} in ${model}`} at ${endpoint.host}. Check the name.`,
    );
  }
  return new CaptionError(
    'NETWORK_FAILED',
    `${endpoint.host} answered ${status} for ${file} of ${model}. Try again later.`,
  );
}
