import type { ImageInput } from '../../index.js';
import { isDataUrl } from '../../input/data-url.js';
import { readPhoto } from '../../node/files.js';
import { type OpenLimits, openPhoto, readNamedInBytes } from '../open-photo.js';
import type { BatchSource } from './batch-sources.js';
import { hashBytes } from './photo-state.js';

export interface OpenedPhoto {
  readonly input: ImageInput;
  /** Of the very bytes that are captioned. */
  readonly sha256?: string;
}

/**
 * What the library is handed for a photo: its path, or its bytes where they are to be hashed or where
 * its name is not UTF-8.
 *
 * @throws CaptionError why there is nothing to caption
 */
export async function openBatchPhoto(
  source: BatchSource,
  limits: OpenLimits & { readonly byHash: boolean },
): Promise<OpenedPhoto> {
  const { byHash, maxBytes, signal } = limits;
  if (source.kind !== 'file') return { input: await openPhoto(source, limits) };
  const { path } = source;
  if (typeof path === 'string' && (!byHash || isDataUrl(path))) return { input: path };
  const bytes =
    typeof path === 'string'
      ? await readPhoto(path, maxBytes, signal)
      : await readNamedInBytes(path, maxBytes);
  return { input: bytes, ...(byHash && { sha256: hashBytes(bytes) }) };
}
