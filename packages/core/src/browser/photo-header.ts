import { HEADER_READERS } from '../image/header.js';
import { sniff } from '../image/sniff.js';
import type { ImageHeader } from '../image/types.js';

/** A file's header where it is of a kind that we know and sound; the browser may read more. */
export function tryHeader(bytes: Uint8Array): ImageHeader | undefined {
  const { format } = sniff(bytes);
  if (!format) return undefined;
  try {
    return HEADER_READERS[format](bytes);
  } catch {
    return undefined;
  }
}
