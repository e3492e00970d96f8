import { CaptionError, type ImageInput } from '../index.js';
import { collect } from './collect.js';
import type { PhotoSource } from './inputs.js';
import { downloadPhoto, type OpenLimits } from './remote.js';

/**
 * What the library is handed for a photo. A file stays a path: whoever captions it reads it, in a
 * worker thread if need be, and no other photo's bytes wait in memory meanwhile.
 *
 * @throws CaptionError why there is nothing to caption
 */
export async function openPhoto(source: PhotoSource, limits: OpenLimits): Promise<ImageInput> {
  switch (source.kind) {
    case 'file':
      return source.path;
    case 'url':
      return downloadPhoto(source.url, limits);
    case 'stdin':
      return readStandardInput(limits);
    case 'missing':
      throw source.error;
  }
}

async function readStandardInput({ maxBytes, signal }: OpenLimits): Promise<Uint8Array> {
  const stopReading = () => process.stdin.destroy();
  signal.addEventListener('abort', stopReading, { once: true });
  try {
    const bytes = await collect(process.stdin, maxBytes, 'Standard input');
    if (signal.aborted) throw new CaptionError('ABORTED', 'Stopped while reading standard input.');
    if (bytes.length === 0) {
      throw new CaptionError('INVALID_INPUT', 'Standard input is empty; a photo was expected.');
    }
    return bytes;
  } catch (cause) {
    if (cause instanceof CaptionError) throw cause;
    if (signal.aborted) throw new CaptionError('ABORTED', 'Stopped while reading standard input.');
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError('FILE_NOT_FOUND', `Standard input cannot be read: ${why}.`, { cause });
  } finally {
    signal.removeEventListener('abort', stopReading);
  }
}
