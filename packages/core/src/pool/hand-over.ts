import { checkPixelCount } from '../image/limits.js';
import type { RawImage } from '../image/types.js';
import { refuseTooManyBytes, viewBytes } from '../input/memory.js';
import type { ImageInput } from '../types.js';
import { ownBytes } from './copy-bytes.js';

/** A photo as it can be posted to another thread. */
export interface Parcel {
  readonly input: ImageInput;
  /** Buffers to transfer: the sender cannot use them afterwards. */
  readonly transfer: readonly Transferable[];
}

export interface HandOverRequest {
  /** Whether the caller's own buffer may be transferred. */
  readonly transfer: boolean;
  readonly maxBytes: number;
  readonly maxPixels: number;
}

/**
 * Makes a photo ready to be posted to another thread. Bytes and pixels are copied once, piece by
 * piece, and the copy is transferred; with `transfer` the caller's buffer is, where it holds nothing
 * else.
 *
 * @throws CaptionError `IMAGE_TOO_LARGE`, before anything is copied
 */
export async function handOver(input: ImageInput, request: HandOverRequest): Promise<Parcel> {
  if (input instanceof URL) return { input: input.href, transfer: [] };
  const view = viewBytes(input);
  if (view) {
    refuseTooManyBytes(view.length, request.maxBytes);
    const bytes = await ownBytes(view, request.transfer);
    return { input: bytes, transfer: [bytes.buffer] };
  }
  // A part of a file on disk or in memory, by reference. A `File` cannot be cloned everywhere.
  if (input instanceof Blob) return { input: input.slice(), transfer: [] };
  if (isRawImage(input)) {
    checkPixelCount(input, request.maxPixels);
    const { data, width, height, channels } = input;
    const copy = await ownBytes(data, request.transfer);
    return { input: { data: copy, width, height, channels }, transfer: [copy.buffer] };
  }
  if (isBitmap(input) && request.transfer) return { input, transfer: [input] };
  return { input, transfer: [] };
}

export function isBitmap(input: ImageInput): input is ImageBitmap {
  return typeof ImageBitmap !== 'undefined' && input instanceof ImageBitmap;
}

function isRawImage(input: ImageInput): input is RawImage {
  if (typeof input !== 'object' || input === null || !('channels' in input)) return false;
  return input.data instanceof Uint8Array || input.data instanceof Uint8ClampedArray;
}
