import { open } from 'node:fs/promises';
import { CaptionError, type ImageInput } from '../index.js';
import { downloadPhoto } from '../input/download.js';
import { refuseTooManyBytes } from '../input/memory.js';
import { readStream } from '../input/stream.js';
import { explain } from '../node/system-error.js';
import type { PhotoSource } from './inputs.js';
import { encodeName, hasBytes } from './names.js';

export interface OpenLimits {
  readonly maxBytes: number;
  /** For a download, whole. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The library's input for a photo. A file stays a path: the worker that captions it reads it, so
 * that the bytes of waiting photos are not in memory.
 *
 * @throws CaptionError if there is nothing to caption
 */
export async function openPhoto(source: PhotoSource, limits: OpenLimits): Promise<ImageInput> {
  switch (source.kind) {
    case 'file':
      return hasBytes(source.path)
        ? readNamedInBytes(encodeName(source.path), limits.maxBytes)
        : source.path;
    case 'url':
      return downloadPhoto(source.url, fetch, { ...limits, timeout: limits.timeoutMs });
    case 'stdin':
      return readStandardInput(limits);
    case 'missing':
      throw source.error;
  }
}

async function readStandardInput({ maxBytes, signal }: OpenLimits): Promise<Uint8Array> {
  const bytes = await readStream(process.stdin, { maxBytes, signal, what: 'Standard input' });
  if (bytes.length === 0) {
    throw new CaptionError('INVALID_INPUT', 'Standard input is empty; a photo was expected.');
  }
  return bytes;
}

/**
 * The bytes of a photo whose name is not UTF-8, so that no text can be its path.
 *
 * @throws CaptionError `FILE_NOT_FOUND`, `IMAGE_TOO_LARGE`
 */
export async function readNamedInBytes(path: Buffer, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      refuseTooManyBytes((await file.stat()).size, maxBytes);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    throw new CaptionError('FILE_NOT_FOUND', `The photo cannot be read: ${explain(cause)}.`, {
      cause,
    });
  }
}
