import { CaptionError } from '../errors.js';
import { checkPixelCount } from '../image/limits.js';
import { rawToRgb } from '../image/raw.js';
import type { RawImage, RgbImage } from '../image/types.js';

/** @throws CaptionError `IMAGE_TOO_LARGE` */
export function refuseTooManyBytes(size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  throw new CaptionError(
    'IMAGE_TOO_LARGE',
    `The image has ${size} bytes; the option "maxBytes" allows ${maxBytes}. Send a smaller file or raise the limit.`,
  );
}

/**
 * A file's bytes that were handed in as an array, without a copy; nothing when the input is none.
 * Not `instanceof` alone: arrays may come from another realm (a worker, a vm context, a test runner).
 */
export function viewBytes(input: unknown): Uint8Array | undefined {
  if (input instanceof Uint8Array) return input;
  const kind = Object.prototype.toString.call(input);
  if (kind === '[object ArrayBuffer]' || kind === '[object SharedArrayBuffer]') {
    return new Uint8Array(input as ArrayBuffer);
  }
  if (kind !== '[object Uint8Array]' || !ArrayBuffer.isView(input)) return undefined;
  return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
}

/**
 * The bytes of a file held in memory, without a copy where there need be none; nothing when the
 * input is no file (pixels, an element of a page).
 *
 * @throws CaptionError `IMAGE_TOO_LARGE`, before a `Blob` is read; `FILE_NOT_FOUND` if it cannot be read
 */
export async function bytesOf(input: unknown, maxBytes: number): Promise<Uint8Array | undefined> {
  const bytes = viewBytes(input);
  if (bytes) {
    refuseTooManyBytes(bytes.length, maxBytes);
    return bytes;
  }
  if (typeof Blob !== 'undefined' && input instanceof Blob) {
    refuseTooManyBytes(input.size, maxBytes);
    return blobBytes(input);
  }
  return undefined;
}

async function blobBytes(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError(
      'FILE_NOT_FOUND',
      `The Blob cannot be read (${why}). Its file may have been changed or removed since it was chosen.`,
      { cause },
    );
  }
}

/**
 * Pixels that were handed in as `{ data, width, height, channels }`.
 *
 * @throws CaptionError `INVALID_INPUT` for anything else, `IMAGE_TOO_LARGE`
 */
export function rawPixels(input: unknown, maxPixels: number): RgbImage {
  if (typeof input !== 'object' || input === null || !('data' in input)) {
    const found = input === null ? 'null' : typeof input;
    throw new CaptionError(
      'INVALID_INPUT',
      `An image must be a file's bytes (Uint8Array, ArrayBuffer, Blob, Response, stream), a path, a data: URL, or pixels as { data, width, height, channels }; this is ${found === 'object' ? `a ${input?.constructor?.name ?? 'object'}` : found}.`,
    );
  }
  const raw = input as RawImage;
  checkPixelCount(raw, maxPixels);
  return rawToRgb(raw);
}
