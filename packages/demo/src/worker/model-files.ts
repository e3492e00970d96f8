import type { DownloadProgress } from './messages.js';

/** A file of the model or the runtime, as the build describes it. */
export interface DeployedFile {
  /** Its name in the model's folder. */
  readonly name: string;
  /** Where it is, relative to the page: gzip, and the contents' hash in the path. */
  readonly path: string;
  /** Bytes that cross the network. */
  readonly packedSize: number;
  /** Bytes once unpacked. */
  readonly size: number;
  /** Of the unpacked bytes, lower-case hexadecimal. */
  readonly sha256: string;
}

export class DownloadError extends Error {
  readonly code: 'NETWORK_FAILED' | 'MODEL_NOT_FOUND' | 'MODEL_CORRUPT';

  constructor(code: DownloadError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DownloadError';
    this.code = code;
  }
}

/** Files are kept under their unpacked contents' hash, so that a new page keeps an old model. */
const CACHE = 'zipcaption-files';

/**
 * Gets files from the cache of an earlier visit or from the network, several at once.
 *
 * @param onProgress bytes over all files; those of cached files count as loaded
 * @throws DownloadError
 */
export async function fetchFiles(
  files: readonly DeployedFile[],
  base: string,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Map<string, Uint8Array>> {
  const total = files.reduce((sum, file) => sum + file.packedSize, 0);
  const cache = await openCache();
  const stop = new AbortController();
  let loaded = 0;
  const count = (fresh: number) => {
    loaded += fresh;
    if (!stop.signal.aborted) onProgress({ loaded, total });
  };
  const entries = await Promise.all(
    files.map(async (file) => [file.name, await fetchFile(file, base, cache, count, stop.signal)]),
  ).catch((error: unknown) => {
    stop.abort(); // One is missing: the others are of no use now.
    throw error;
  });
  await forgetOthers(cache, new Set(files.map((file) => new URL(file.path, base).href)), base);
  return new Map(entries as [string, Uint8Array][]);
}

async function fetchFile(
  file: DeployedFile,
  base: string,
  cache: Cache | undefined,
  onBytes: (fresh: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const address = new URL(file.path, base).href;
  const kept = await cache?.match(address);
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if (bytes.length === file.size) {
      onBytes(file.packedSize);
      return bytes;
    }
  }
  const bytes = await download(address, file, onBytes, signal);
  // Without room for it the file is simply fetched again on the next visit.
  await cache?.put(address, new Response(bytes)).catch(() => undefined);
  return bytes;
}

/** A page on plain http has no cache; a browser in private mode may refuse one. */
async function openCache(): Promise<Cache | undefined> {
  if (typeof caches === 'undefined') return undefined;
  return caches.open(CACHE).catch(() => undefined);
}

/** Frees the room of files that an earlier version of this page used. */
async function forgetOthers(
  cache: Cache | undefined,
  wanted: ReadonlySet<string>,
  base: string,
): Promise<void> {
  const folder = new URL('.', base).href;
  for (const { url } of (await cache?.keys()) ?? []) {
    if (url.startsWith(folder) && !wanted.has(url)) await cache?.delete(url);
  }
}

async function download(
  address: string,
  file: DeployedFile,
  onBytes: (fresh: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (why: string, cause?: unknown) =>
    new DownloadError('NETWORK_FAILED', `${file.name} could not be downloaded: ${why}.`, { cause });

  const response = await fetch(address, { signal }).catch((cause: unknown) => {
    throw failed('there is no connection', cause);
  });
  if (response.status === 404) {
    throw new DownloadError('MODEL_NOT_FOUND', `${file.name} is missing at ${address}.`);
  }
  if (!response.ok || !response.body) throw failed(`the server answered ${response.status}`);

  let counted = 0;
  const count = (bytes: number) => {
    const fresh = Math.min(bytes, file.packedSize - counted);
    counted += fresh;
    onBytes(fresh);
  };
  try {
    const bytes = await unpack(response.body, file, count);
    count(file.packedSize - counted);
    await verify(bytes, file);
    return bytes;
  } catch (cause) {
    onBytes(-counted);
    throw cause instanceof DownloadError ? cause : failed('the connection broke off', cause);
  }
}

/**
 * Unpacks gzip, unless the server declared it as a content encoding and the browser has already done
 * so: the first bytes tell.
 */
async function unpack(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  file: DeployedFile,
  onBytes: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const [peek, rest] = await peekAt(body);
  const packed = peek[0] === 0x1f && peek[1] === 0x8b;
  const share = packed ? 1 : file.packedSize / file.size;
  const counted = rest.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        onBytes(Math.floor(chunk.length * share));
        controller.enqueue(chunk);
      },
    }),
  );
  const stream = packed ? counted.pipeThrough(new DecompressionStream('gzip')) : counted;
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > file.size) throw corrupt(file, 'it is too long');
    bytes.set(value, at);
    at += value.length;
  }
  if (at !== file.size) throw corrupt(file, `it ends after ${at} of ${file.size} bytes`);
  return bytes;
}

/** The stream's first bytes, and a stream that still has them. */
async function peekAt(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<[Uint8Array, ReadableStream<Uint8Array<ArrayBuffer>>]> {
  const reader = body.getReader();
  const first = await reader.read();
  const head = first.value ?? new Uint8Array();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (first.done) controller.close();
      else controller.enqueue(head);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return [head, stream];
}

async function verify(bytes: Uint8Array<ArrayBuffer>, file: DeployedFile): Promise<void> {
  // Browsers give `subtle` to secure pages only; a page on plain http cannot check.
  if (!crypto.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found !== file.sha256) throw corrupt(file, 'its SHA-256 is not the expected one');
}

function corrupt(file: DeployedFile, why: string): DownloadError {
  return new DownloadError('MODEL_CORRUPT', `${file.name} did not arrive as it was sent: ${why}.`);
}
