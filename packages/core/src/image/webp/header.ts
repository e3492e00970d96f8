import { CaptionError } from '../../errors.js';
import { orientationFromExif } from '../exif.js';
import type { ImageHeader, Orientation, Size } from '../types.js';
import { type RiffChunk, riffChunks } from './riff.js';

/** A WebP file taken apart (RFC 9649, section 2). */
export interface WebpHeader extends Size {
  readonly orientation: Orientation;
  /** The file says that nothing in it is transparent; alpha values in its data then mean nothing. */
  readonly isOpaque: boolean;
  /** Set for an animation: where its first picture lies on the canvas. */
  readonly firstFrame: WebpFrame | undefined;
}

export interface WebpFrame extends Size {
  readonly left: number;
  readonly top: number;
  /** The chunks of the picture: ALPH and VP8, or VP8L. */
  readonly chunks: Uint8Array;
}

/**
 * Size and orientation of a WebP, no pixel decoded.
 *
 * @throws CaptionError `DECODE_FAILED` when no picture is in it
 */
export function readWebpHeader(bytes: Uint8Array): ImageHeader {
  const { width, height, orientation } = readWebp(bytes);
  return { format: 'webp', width, height, orientation };
}

/** @throws CaptionError as {@link readWebpHeader} */
export function readWebp(bytes: Uint8Array): WebpHeader {
  let canvas: Size | undefined;
  let picture: Size | undefined;
  let firstFrame: WebpFrame | undefined;
  let orientation: Orientation | undefined;
  // What a file says of alpha is read as libwebp does: of a lossless picture its own hint counts.
  let isOpaqueCanvas = false;
  let isOpaquePicture: boolean | undefined;
  for (const chunk of riffChunks(bytes, 12)) {
    if (chunk.type === 'VP8X') {
      if (!canvas) isOpaqueCanvas = !hasAlphaFlag(chunk);
      canvas ??= canvasSize(chunk);
    } else if (chunk.type === 'VP8 ') picture ??= lossySize(chunk);
    else if (chunk.type === 'VP8L') {
      if (!picture) isOpaquePicture = !hasAlphaHint(chunk);
      picture ??= losslessSize(chunk.data);
    } else if (chunk.type === 'ANMF') firstFrame ??= readFrame(chunk);
    else if (chunk.type === 'EXIF') orientation ??= orientationFromExif(chunk.data);
  }
  const size = picture ?? (firstFrame && canvas);
  if (!size) throw notDecodable('it has no picture');
  return {
    ...size,
    orientation: orientation ?? 1,
    isOpaque: (picture && isOpaquePicture) ?? isOpaqueCanvas,
    firstFrame: picture ? undefined : firstFrame,
  };
}

export function notDecodable(why: string, cause?: unknown): CaptionError {
  return new CaptionError(
    'DECODE_FAILED',
    `This WebP cannot be decoded: ${why}. Check that the file is complete, or save it again.`,
    cause === undefined ? {} : { cause },
  );
}

/** VP8X: flags, three reserved bytes, then width − 1 and height − 1 in 24 bits (section 2.7). */
function canvasSize({ data }: RiffChunk): Size | undefined {
  if (data.length < 10) return undefined;
  return { width: uint24(data, 4) + 1, height: uint24(data, 7) + 1 };
}

function hasAlphaFlag({ data }: RiffChunk): boolean {
  return ((data[0] ?? 0) & 0x10) !== 0;
}

/** The bit after both sides (section 3.4). */
function hasAlphaHint({ data }: RiffChunk): boolean {
  return ((data[4] ?? 0) & 0x10) !== 0;
}

/** The frame header of VP8: tag, start code 9d 01 2a, 14 bits each side (RFC 6386, section 9.1). */
export function lossySize({ data }: Pick<RiffChunk, 'data'>): Size | undefined {
  const isKeyFrame = data.length >= 10 && (data[0] & 1) === 0;
  if (!isKeyFrame || data[3] !== 0x9d || data[4] !== 0x01 || data[5] !== 0x2a) return undefined;
  const width = (data[6] | (data[7] << 8)) & 0x3fff;
  const height = (data[8] | (data[9] << 8)) & 0x3fff;
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** Signature 0x2f, then width − 1 and height − 1 in 14 bits each (RFC 9649, section 3.4). */
export function losslessSize(data: Uint8Array): Size | undefined {
  if (data.length < 5 || data[0] !== 0x2f) return undefined;
  const bits = uint24(data, 1) | (data[4] << 24);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** ANMF: position in units of two pixels, size − 1, duration, flags, then chunks (section 2.7.1.1). */
function readFrame({ data }: RiffChunk): WebpFrame | undefined {
  if (data.length < 16) return undefined;
  return {
    left: uint24(data, 0) * 2,
    top: uint24(data, 3) * 2,
    width: uint24(data, 6) + 1,
    height: uint24(data, 9) + 1,
    chunks: data.subarray(16),
  };
}

function uint24(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
}
