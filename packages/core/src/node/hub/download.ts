import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onAbort } from '../../abort.js';
import { CaptionError } from '../../errors.js';
import { explain } from '../system-error.js';
import { type HubAccess, type HubFile, networkError, openHubFile, silent } from './client.js';
import { type HubId, hubIdText } from './hub-id.js';
import { pause } from './patience.js';

export interface DownloadControl {
  /** Called as bytes arrive: bytes of the file so far. */
  readonly onBytes?: (loaded: number) => void;
  readonly signal?: AbortSignal;
}

/** Broken connections in a row, without a byte in between, after which the download fails. */
const MOST_BREAKS = 4;
/** The pause after such a connection; after each further one it is twice as long. */
const PAUSE_MS = 250;

/**
 * Downloads one file, continuing an earlier, broken download. The file is checked against the hub's
 * digest before it gets its name.
 *
 * @throws CaptionError `NETWORK_FAILED`, `MODEL_CORRUPT` when size or digest differ, `WRITE_FAILED`, `ABORTED`
 */
export async function downloadFile(
  access: HubAccess,
  id: HubId,
  file: string,
  described: HubFile,
  folder: string,
  control: DownloadControl,
): Promise<void> {
  const target = join(folder, file);
  // Named by its content, so that parts of two versions are never put together.
  const part = `${target}.${described.etag?.slice(0, 16) ?? 'unnamed'}.part`;
  await writing(target, () => mkdir(dirname(target), { recursive: true }));
  if (!described.etag) await rm(part, { force: true });

  for (let breaks = 0; ; ) {
    const before = await sizeOf(part);
    if (before === described.bytes) break;
    try {
      await append(access, id, file, described, part, before, control);
      const after = await sizeOf(part);
      if (after === described.bytes || Number.isNaN(described.bytes)) break;
      throw networkError(
        file,
        new Error(`${after} of ${described.bytes} bytes arrived`),
        control.signal,
      );
    } catch (error) {
      // A broken connection has a cause; a refusal has none, and stays one.
      const again = error instanceof CaptionError && error.code === 'NETWORK_FAILED' && error.cause;
      breaks = (await sizeOf(part)) > before ? 1 : breaks + 1;
      if (!again || breaks >= MOST_BREAKS) throw error;
      if (breaks > 1) await pause(PAUSE_MS * 2 ** breaks, control.signal);
    }
  }
  await verify(part, id, file, described);
  await writing(target, () => rename(part, target));
}

/** @throws CaptionError `WRITE_FAILED` */
export async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const message = `Cannot write ${path}: ${explain(cause)}. What was downloaded is kept; run the command again to continue.`;
    throw new CaptionError('WRITE_FAILED', message, { cause });
  }
}

async function append(
  access: HubAccess,
  id: HubId,
  file: string,
  { bytes }: HubFile,
  part: string,
  before: number,
  { onBytes, signal }: DownloadControl,
): Promise<void> {
  const response = await openHubFile(access, id, file, before, signal);
  if (response.status === 416) {
    // The local part is longer than the file, so it is not a part of it.
    await rm(part, { force: true });
    return;
  }
  // A server without support for ranges sends the whole file.
  const resumes = response.status === 206;
  const output = await writing(part, () => open(part, resumes ? 'a' : 'w'));
  let loaded = resumes ? before : 0;
  try {
    for await (const chunk of chunksOf(response, file, access.silenceMs, signal)) {
      if (loaded + chunk.length > bytes) throw tooLong(id, file, bytes);
      await writing(part, () => output.writeFile(chunk));
      loaded += chunk.length;
      onBytes?.(loaded);
    }
  } finally {
    await output.close();
  }
}

function tooLong(id: HubId, file: string, bytes: number): CaptionError {
  return new CaptionError(
    'MODEL_CORRUPT',
    `${file} of ${hubIdText(id)} is longer than the ${bytes} bytes that the hub says. Run the command again; if it stays so, the mirror in HF_ENDPOINT is damaged.`,
  );
}

async function* chunksOf(
  response: Response,
  file: string,
  silenceMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  let fail = (_: unknown) => undefined as unknown;
  const stopped = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const stop = () => fail(signal?.reason);
  // Nobody may be waiting for it when it comes.
  stopped.catch(() => undefined);
  if (signal?.aborted) stop();
  const removeListener = onAbort(signal, stop);
  try {
    while (true) {
      const timer = setTimeout(() => fail(silent(silenceMs)), silenceMs);
      // A connection that breaks while it is aborted leaves Node's fetch waiting for ever.
      const { done, value } = await Promise.race([reader.read(), stopped]).finally(() =>
        clearTimeout(timer),
      );
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw networkError(file, cause, signal);
  } finally {
    removeListener();
    void reader.cancel().catch(() => undefined);
  }
}

async function verify(part: string, id: HubId, file: string, { etag }: HubFile): Promise<void> {
  if (!etag) return;
  const found = await digestOf(part, etag);
  if (found === etag) return;
  await rm(part, { force: true });
  throw new CaptionError(
    'MODEL_CORRUPT',
    `${file} of ${hubIdText(id)} arrived damaged: its digest is ${found}, the hub says ${etag}. It was deleted; run the command again.`,
  );
}

/**
 * The digest of a file on disk, of the kind that the hub uses for it.
 *
 * @param etag 64 digits for a SHA-256, 40 for Git's name of a blob
 */
export async function digestOf(path: string, etag: string): Promise<string> {
  let hash: Hash;
  if (etag.length === 64) hash = createHash('sha256');
  // Git hashes a header before the content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
  else hash = createHash('sha1').update(`blob ${await sizeOf(path)}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
