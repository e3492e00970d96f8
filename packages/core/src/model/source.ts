import { CaptionError } from '../errors.js';

/** Bytes of a model's files by name, for use offline and in bundles. */
export type ModelBytes =
  | ReadonlyMap<string, Uint8Array | ArrayBuffer>
  | Readonly<Record<string, Uint8Array | ArrayBuffer>>;

/** How far the loading of a model has come. */
export interface LoadProgress {
  /** The file that is being read. */
  readonly file: string;
  /** Bytes of it so far. */
  readonly loaded: number;
  /** Bytes of it in all, where known. */
  readonly total?: number;
}

export interface ReadControl {
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/** A model's folder, wherever it is. */
export interface ModelSource {
  /** For messages: the path or address. */
  readonly name: string;
  /** Are the bytes to be checked against the manifest's SHA-256? Yes for what crossed a network. */
  readonly verify: boolean;
  /** @throws CaptionError `MODEL_NOT_FOUND` when there is no such file */
  read(file: string, control?: ReadControl): Promise<Uint8Array>;
  /** Is there such a file? Asks for none of its bytes. */
  has(file: string): Promise<boolean>;
  /** Bytes of the file, NaN where that cannot be told. */
  size(file: string): Promise<number>;
  /** Where the file is on this machine's disk, for a runtime that reads files by itself. */
  path?(file: string): string;
}

/** A model whose files are already in memory. */
export function memorySource(files: ModelBytes): ModelSource {
  const map: ReadonlyMap<string, Uint8Array | ArrayBuffer> =
    files instanceof Map ? files : new Map(Object.entries(files));
  return {
    name: 'the given files',
    verify: false,
    has: async (file) => map.has(file),
    size: async (file) => map.get(file)?.byteLength ?? Number.NaN,
    async read(file) {
      const bytes = map.get(file);
      if (!bytes) {
        const there = [...map.keys()].join(', ') || 'none';
        throw new CaptionError(
          'MODEL_NOT_FOUND',
          `The model needs a file "${file}", which is not among the given ones (${there}).`,
        );
      }
      return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
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
