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

/** Progress is told no more often than this, in milliseconds: nobody sees more. */
const PROGRESS_PAUSE = 50;

export interface FetchedFiles {
  /** By their names. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Puts them into the cache for the next visit; takes long enough to be done when nobody waits. */
  keep(): Promise<void>;
}

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
): Promise<FetchedFiles> {
  const total = files.reduce((sum, file) => sum + file.packedSize, 0);
  const cache = await openCache();
  const stop = new AbortController();
  let loaded = 0;
  let told = Number.NEGATIVE_INFINITY;
  const count = (fresh: number) => {
    loaded += fresh;
    const now = performance.now();
    if (stop.signal.aborted || (loaded < total && now - told < PROGRESS_PAUSE)) return;
    told = now;
    onProgress({ loaded, total });
  };
  const fetched = await Promise.all(
    files.map(async (file) => {
      const address = new URL(file.path, base).href;
      const kept = await fromCache(cache, address, file);
      if (kept) count(file.packedSize);
      const bytes =
        kept ?? (await download(address, file, count, stop.signal, cache !== undefined));
      return { name: file.name, address, bytes, isNew: !kept };
    }),
  ).catch((error: unknown) => {
    stop.abort(); // One is missing: the others are of no use now.
    throw error;
  });
  return {
    files: new Map(fetched.map(({ name, bytes }) => [name, bytes])),
    async keep() {
      // Without room for it a file is simply fetched again on the next visit.
      for (const { address, bytes, isNew } of fetched) {
        if (isNew) await cache?.put(address, new Response(bytes)).catch(() => undefined);
      }
      await forgetOthers(cache, new Set(fetched.map(({ address }) => address)), base);
    },
  };
}

async function fromCache(
  cache: Cache | undefined,
  address: string,
  { size }: DeployedFile,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const kept = await cache?.match(address);
  const bytes = kept && new Uint8Array(await kept.arrayBuffer());
  return bytes?.length === size ? bytes : undefined;
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

/** @param keptElsewhere true if the browser's own cache need not keep the file as well */
async function download(
  address: string,
  file: DeployedFile,
  onBytes: (fresh: number) => void,
  signal: AbortSignal,
  keptElsewhere: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (why: string, cause?: unknown) =>
    new DownloadError('NETWORK_FAILED', `${file.name} could not be downloaded: ${why}.`, { cause });

  const cache = keptElsewhere ? 'no-store' : 'default';
  const response = await fetch(address, { signal, cache }).catch((cause: unknown) => {
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
  const bytes = new Uint8Array(file.size);
  let at = 0;
  const take = (chunk: Uint8Array) => {
    if (at + chunk.length > file.size) throw corrupt(file, 'it is too long');
    bytes.set(chunk, at);
    at += chunk.length;
  };
  const reader = body.getReader();
  const first = await reader.read();
  if (first.value?.[0] === 0x1f && first.value[1] === 0x8b) {
    const { writable, readable } = new DecompressionStream('gzip');
    const writer = writable.getWriter();
    const fill = async () => {
      await pump(reader, first, (chunk) => {
        onBytes(chunk.length);
        return writer.write(chunk);
      });
      await writer.close();
    };
    const unpacked = readable.getReader();
    const empty = async () => pump(unpacked, await unpacked.read(), take);
    // What fails at one end must not leave the other waiting.
    await Promise.all([fill(), empty()]).catch((error: unknown) => {
      void reader.cancel().catch(() => undefined);
      void writer.abort().catch(() => undefined);
      throw error;
    });
  } else {
    const share = file.packedSize / file.size;
    await pump(reader, first, (chunk) => {
      onBytes(Math.floor(chunk.length * share));
      take(chunk);
    });
  }
  if (at !== file.size) throw corrupt(file, `it ends after ${at} of ${file.size} bytes`);
  return bytes;
}

/** Takes what a stream gives, of which `first` has been read. */
async function pump<T>(
  reader: ReadableStreamDefaultReader<T>,
  first: ReadableStreamReadResult<T>,
  take: (chunk: T) => void | Promise<void>,
): Promise<void> {
  for (let read = first; !read.done; read = await reader.read()) await take(read.value);
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
