import { stat as lookAt, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CaptionError } from '../errors.js';
import { sniff } from '../image/sniff.js';
import { excerpt } from '../input/excerpt.js';
import { refuseTooManyBytes } from '../input/memory.js';
import { readStream } from '../input/stream.js';
import { fifoChunks } from './fifo.js';
import { explain } from './system-error.js';

/**
 * A photo's bytes from a path or `file:` URL, its size checked before it is read.
 *
 * @param signal stops waiting for a named pipe that nobody writes to
 * @throws CaptionError `FILE_NOT_FOUND`, `INVALID_INPUT`, `IMAGE_TOO_LARGE`, `ABORTED`
 */
export async function readPhoto(
  location: string | URL,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const path = toPath(location);
  try {
    if ((await lookAt(path)).isFIFO()) {
      return await readStream(fifoChunks(path, signal), { maxBytes, signal, what: path });
    }
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) {
        throw new CaptionError('INVALID_INPUT', `${path} is a folder; name a photo in it.`);
      }
      refuseTooManyBytes(stat.size, maxBytes);
      return stat.isFile()
        ? await file.readFile()
        : await readStream(file.createReadStream(), { maxBytes, signal, what: path });
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    if (isPhotoInBase64(path)) {
      throw new CaptionError(
        'INVALID_INPUT',
        `${excerpt(path)} is not a path; it looks like a photo in base64. Pass Buffer.from(text, 'base64'), or put "data:image/jpeg;base64," before it.`,
        { cause },
      );
    }
    throw new CaptionError('FILE_NOT_FOUND', `Cannot read ${excerpt(path)}: ${explain(cause)}.`, {
      cause,
    });
  }
}

/** True if a text looks like a photo in base64. */
export function isPhotoInBase64(text: string): boolean {
  return sniff(Buffer.from(text.slice(0, 4096), 'base64')).format !== undefined;
}

/** @throws CaptionError `INVALID_INPUT` for a URL that is no file */
export function toPath(location: string | URL): string {
  const url = location instanceof URL ? location.href : location;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(url) && !/^file:/i.test(url)) {
    throw new CaptionError(
      'INVALID_INPUT',
      `${excerpt(url)} is not a path or file: URL. Fetch it first and pass its bytes.`,
    );
  }
  try {
    return /^file:/i.test(url) ? fileURLToPath(url) : url;
  } catch (cause) {
    throw new CaptionError('INVALID_INPUT', `${excerpt(url)} is not a valid file: URL.`, { cause });
  }
}
