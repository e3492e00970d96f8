import { CaptionError } from '../errors.js';

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
