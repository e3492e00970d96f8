import { CaptionError } from '../errors.js';
import { dataUrlBytes } from '../input/data-url.js';
import { excerpt } from '../input/excerpt.js';

/** One file of a model: its bytes, or where it is (a `URL`, or the text of one). */
export type ModelFile = Uint8Array | ArrayBuffer | URL | string;

/** A model's files by name, for use offline and in bundles. */
export type ModelFiles = ReadonlyMap<string, ModelFile> | Readonly<Record<string, ModelFile>>;

/** The progress of loading a model. */
export interface LoadProgress {
  /** The file that is read. */
  readonly file: string;
  /** Bytes read so far. */
  readonly loaded: number;
  /** Size of the file in bytes, if known. */
  readonly total?: number;
}

export interface ReadControl {
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Files that were downloaded before, by their SHA-256 in hexadecimal. */
export interface FileStore {
  /** The file, if it is stored and its digest is right. */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** @param bytes checked against the digest */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
}

/** A file's bytes by place: in memory, or read from a disk when they are asked for. */
export interface FileBytes {
  readonly size: number;
  bytes(start: number, end: number): Uint8Array;
}

/** A model's folder, on disk, at an address or in memory. */
export interface ModelSource {
  /** For messages: the path or address. */
  readonly name: string;
  /** Whether to check the bytes against the manifest's SHA-256: true for files from a network. */
  readonly verify: boolean;
  /** @throws CaptionError `MODEL_NOT_FOUND` when there is no such file */
  read(file: string, control?: ReadControl): Promise<Uint8Array>;
  /** True if `read` gives bytes that nobody else holds. Absent: they may be somebody's. */
  readsAnew?(file: string): boolean;
  /** True if the file exists. Reads none of its bytes. */
  has(file: string): Promise<boolean>;
  /** Size of the file in bytes; NaN if unknown. */
  size(file: string): Promise<number>;
  /** The store of downloaded files, if there is one. */
  readonly store?: FileStore;
  /** The file's path on disk, for runtimes that read files themselves. */
  path?(file: string): string;
  /** Reads parts of a file on this machine's disk while `use` runs. */
  parts?<T>(file: string, use: (bytes: FileBytes) => T): T;
}

/**
 * A model whose files are passed one by one.
 *
 * @param openFolder the source of the folder that a file's address leads to
 */
export function filesSource(
  files: ModelFiles,
  openFolder: (folder: URL) => ModelSource = urlSource,
): ModelSource {
  const map = new Map<string, ModelFile>(files instanceof Map ? files : Object.entries(files));
  const found = (file: string): ModelFile => {
    const place = map.get(file);
    if (place) return place;
    const there = [...map.keys()].join(', ') || 'none';
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      `The model needs a file "${file}", which is missing in the option "model" (it has: ${there}).`,
    );
  };
  /** Where it is, if it has to be fetched; bundlers put small files into their addresses. */
  const address = (file: string, place: ModelFile) =>
    typeof place === 'string' || place instanceof URL
      ? placeOf(file, place, openFolder)
      : undefined;
  return {
    name: 'the given files',
    verify: [...map.values()].some(crossesNetwork),
    readsAnew: (file) => {
      const place = map.get(file);
      return typeof place === 'string' || place instanceof URL;
    },
    has: async (file) => {
      const place = map.get(file);
      return place !== undefined && (address(file, place)?.has() ?? true);
    },
    async size(file) {
      const place = map.get(file);
      if (place === undefined) return Number.NaN;
      return address(file, place)?.size() ?? bytesIn(place).length;
    },
    async read(file, control) {
      const place = found(file);
      return address(file, place)?.read(control) ?? bytesIn(place);
    },
  };
}

/** Files of this disk are trusted as those of a folder are: hashing them takes longer than reading them. */
function crossesNetwork(place: ModelFile): boolean {
  if (typeof place !== 'string' && !(place instanceof URL)) return false;
  const base = globalThis.location?.href;
  const protocol = URL.canParse(place, base) ? new URL(place, base).protocol : '';
  return protocol !== 'file:' && protocol !== 'data:';
}

function bytesIn(place: ModelFile): Uint8Array {
  return place instanceof Uint8Array ? place : new Uint8Array(place as ArrayBuffer);
}

/** @throws CaptionError `INVALID_OPTION` for a text that is no address */
function placeOf(file: string, location: URL | string, openFolder: (folder: URL) => ModelSource) {
  const url = URL.canParse(location, globalThis.location?.href)
    ? new URL(location, globalThis.location?.href)
    : undefined;
  if (!url) {
    throw new CaptionError(
      'INVALID_OPTION',
      `The option "model" has ${excerpt(String(location))} as the address of a file, which is not a valid address.`,
    );
  }
  if (url.protocol === 'data:') {
    const bytes = () => dataUrlBytes(url.href, Number.MAX_SAFE_INTEGER);
    return { has: async () => true, size: async () => (await bytes()).length, read: bytes };
  }
  const folder = openFolder(new URL('.', url));
  const last = `${url.pathname.slice(url.pathname.lastIndexOf('/') + 1)}${url.search}`;
  const name = url.protocol === 'file:' ? decodeURIComponent(last) : last;
  return {
    has: () => folder.has(name),
    size: () => folder.size(name),
    read: (control: ReadControl = {}) => {
      const { onProgress } = control;
      const progress = onProgress && {
        onProgress: (p: LoadProgress) => onProgress({ ...p, file }),
      };
      return folder.read(name, { ...control, ...progress });
    },
  };
}

/** A model's folder at an `http(s)` address. */
export function urlSource(address: string | URL): ModelSource {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return {
    name: base.href,
    verify: true,
    readsAnew: () => true,
    read: (file, control) => download(new URL(file, base), file, control ?? {}),
    has: async (file) => (await head(new URL(file, base))).ok,
    size: async (file) => {
      const { ok, headers } = await head(new URL(file, base));
      return ok ? Number(headers.get('content-length') ?? Number.NaN) : Number.NaN;
    },
  };
}

async function head(url: URL): Promise<Response> {
  try {
    return await fetch(url, { method: 'HEAD' });
  } catch (cause) {
    const message = `Could not ask for ${url.href}: ${reason(cause)}`;
    throw new CaptionError('NETWORK_FAILED', message, { cause });
  }
}

async function download(url: URL, file: string, control: ReadControl): Promise<Uint8Array> {
  const fail = (why: string, cause?: unknown) => {
    if (control.signal?.aborted) {
      return new CaptionError('ABORTED', 'Loading the model was aborted.', { cause });
    }
    return new CaptionError('NETWORK_FAILED', `Could not download ${url.href}: ${why}`, { cause });
  };
  let response: Response;
  try {
    response = await fetch(url, control.signal ? { signal: control.signal } : {});
  } catch (cause) {
    throw fail(reason(cause), cause);
  }
  if (response.status === 404 || response.status === 410) {
    throw new CaptionError(
      'MODEL_NOT_FOUND',
      `There is no ${file} at ${url.href} (status ${response.status}). Is it the address of a model's folder?`,
    );
  }
  if (!response.ok || !response.body) throw fail(`the server answered ${response.status}`);

  // With a content encoding the header counts compressed bytes, while we count what comes out.
  const length = response.headers.get('content-encoding')
    ? Number.NaN
    : Number(response.headers.get('content-length') ?? Number.NaN);
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
  return bytes;
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch says only "fetch failed"; the reason is one level down.
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

/**
 * Compares bytes with the manifest's SHA-256.
 *
 * @throws CaptionError `MODEL_CORRUPT` when they differ
 */
export async function verifySha256(
  bytes: Uint8Array,
  expected: string,
  file: string,
  source: string,
): Promise<void> {
  // Browsers give `subtle` to secure pages only; a page on plain http cannot check.
  if (typeof crypto === 'undefined' || !crypto.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  const found = Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
  if (found !== expected.toLowerCase()) {
    throw new CaptionError(
      'MODEL_CORRUPT',
      `${file} of ${source} is not the file that its manifest describes (SHA-256 ${found}, expected ${expected}). Fetch it again.`,
    );
  }
}
