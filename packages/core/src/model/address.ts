import { CaptionError } from '../errors.js';
import type { ModelSource, ReadControl } from './source.js';

/** A model's folder at an `http(s)` address. */
export function urlSource(address: string | URL): ModelSource {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return {
    name: base.href,
    verify: true,
    readsAnew: () => true,
    read: (file, control) => download(new URL(file, base), file, control ?? {}),
    has: async (file) => (await look(new URL(file, base))) !== undefined,
    size: async (file) => (await look(new URL(file, base)))?.bytes ?? Number.NaN,
  };
}

/** Object stores answer 403 for what is not there, to who may not list their contents. */
const ABSENT: readonly number[] = [401, 403, 404, 410];
/** Servers that have no HEAD. */
const NO_HEAD: readonly number[] = [400, 405, 501];

/**
 * A file's size, NaN where the server does not tell it.
 *
 * @returns undefined when there is no such file
 * @throws CaptionError `NETWORK_FAILED` when the server cannot tell
 */
async function look(url: URL): Promise<{ readonly bytes: number } | undefined> {
  const head = await ask(url, 'HEAD');
  if (head.ok && !isPage(head)) return { bytes: lengthOf(head) };
  if (ABSENT.includes(head.status)) return undefined;
  if (!head.ok && !NO_HEAD.includes(head.status)) throw failure(url, status(head));
  const response = await ask(url, 'GET');
  const reader = response.ok ? response.body?.getReader() : undefined;
  try {
    if (ABSENT.includes(response.status)) return undefined;
    if (!response.ok) throw failure(url, status(response));
    const { value } = (await reader?.read()) ?? {};
    return value && showsPage(value) ? undefined : { bytes: lengthOf(response) };
  } catch (cause) {
    throw cause instanceof CaptionError ? cause : failure(url, reason(cause), cause);
  } finally {
    await (reader ?? response.body)?.cancel().catch(() => undefined);
  }
}

async function ask(url: URL, method: 'HEAD' | 'GET'): Promise<Response> {
  try {
    return await fetch(url, { method });
  } catch (cause) {
    throw failure(url, reason(cause), cause);
  }
}

/** @throws CaptionError `MODEL_NOT_FOUND`, `NETWORK_FAILED`, `ABORTED` */
async function download(url: URL, file: string, control: ReadControl): Promise<Uint8Array> {
  const fail = (why: string, cause?: unknown) =>
    control.signal?.aborted
      ? new CaptionError('ABORTED', 'Loading the model was aborted.', { cause })
      : failure(url, why, cause);
  let response: Response;
  try {
    response = await fetch(url, control.signal ? { signal: control.signal } : {});
  } catch (cause) {
    throw fail(reason(cause), cause);
  }
  if (ABSENT.includes(response.status)) throw absent(url, file, status(response));
  if (!response.ok || !response.body) throw fail(status(response));

  const length = lengthOf(response);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  try {
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      loaded += next.value.length;
      control.onProgress?.({ file, loaded, ...(length > 0 && { total: length }) });
    }
  } catch (cause) {
    throw fail(reason(cause), cause);
  }
  if (length > 0 && loaded !== length) {
    throw fail(`the connection ended after ${loaded} of ${length} bytes`);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (isPage(response) && showsPage(bytes)) {
    throw absent(url, file, 'the server answered with a web page');
  }
  return bytes;
}

function absent(url: URL, file: string, why: string): CaptionError {
  return new CaptionError(
    'MODEL_NOT_FOUND',
    `There is no ${file} at ${url.href}, or it is not public: ${why}. Is it the address of a model's folder?`,
  );
}

function failure(url: URL, why: string, cause?: unknown): CaptionError {
  return new CaptionError('NETWORK_FAILED', `Could not download ${url.href}: ${why}`, { cause });
}

const status = (response: Response) => `the server answered ${response.status}`;

/** With a content encoding the header counts compressed bytes, while we count what comes out. */
function lengthOf({ headers }: Response): number {
  if (headers.get('content-encoding')) return Number.NaN;
  return Number(headers.get('content-length') ?? Number.NaN);
}

/** Servers of single-page applications send their page for whatever is not there. */
function isPage({ headers }: Response): boolean {
  return /^(text\/html|application\/xhtml)/i.test(headers.get('content-type') ?? '');
}

/** Some servers call every file a page: what it begins with tells. */
function showsPage(bytes: Uint8Array): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml|!--)/i.test(
    new TextDecoder().decode(bytes.subarray(0, 256)),
  );
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch says only "fetch failed"; the reason is one level down.
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
