import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CaptionError } from '../errors.js';
import { refuseTooManyBytes } from '../input.js';

/**
 * A photo's bytes from a path or `file:` URL, its size checked before it is read.
 *
 * @throws CaptionError `FILE_NOT_FOUND`, `INVALID_INPUT`, `IMAGE_TOO_LARGE`
 */
export async function readPhoto(location: string | URL, maxBytes: number): Promise<Uint8Array> {
  const path = toPath(location);
  try {
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) {
        throw new CaptionError('INVALID_INPUT', `${path} is a folder; name a photo in it.`);
      }
      refuseTooManyBytes(stat.size, maxBytes);
      return stat.isFile()
        ? await file.readFile()
        : await readStream(file.createReadStream(), maxBytes);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    throw new CaptionError('FILE_NOT_FOUND', `Cannot read ${path}: ${explain(cause)}.`, { cause });
  }
}

/** A pipe tells no size: it is counted while it is read. */
async function readStream(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    refuseTooManyBytes(size, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws CaptionError `INVALID_INPUT` for a URL that is no file */
export function toPath(location: string | URL): string {
  const url = location instanceof URL ? location.href : location;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(url) && !/^file:/i.test(url)) {
    throw new CaptionError(
      'INVALID_INPUT',
      `${url} is not a path or file: URL. Fetch it first and hand in its bytes.`,
    );
  }
  try {
    return /^file:/i.test(url) ? fileURLToPath(url) : url;
  } catch (cause) {
    throw new CaptionError('INVALID_INPUT', `${url} is not a valid file: URL.`, { cause });
  }
}

export function explain(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const known: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
  };
  return (code && known[code]) ?? (cause instanceof Error ? cause.message : String(cause));
}
