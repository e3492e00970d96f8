import { CaptionError } from '../../errors.js';
import { orientationFromExif } from '../exif.js';
import type { ImageHeader, Orientation } from '../types.js';
import { chunksOf } from './chunks.js';

/** Colour types of PNG (third edition, section 11.2.1). */
export const GREY = 0;
export const RGB = 2;
export const PALETTE = 3;
export const GREY_ALPHA = 4;
export const RGB_ALPHA = 6;

const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  [GREY]: [1, 2, 4, 8, 16],
  [RGB]: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  [GREY_ALPHA]: [8, 16],
  [RGB_ALPHA]: [8, 16],
};

/** Samples a pixel has in the file. */
export const SAMPLES: Readonly<Record<number, number>> = {
  [GREY]: 1,
  [RGB]: 3,
  [PALETTE]: 1,
  [GREY_ALPHA]: 2,
  [RGB_ALPHA]: 4,
};

/** The fields of IHDR. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

/**
 * Longest side that is read. A row has to be held whole, and the format allows 2³¹ − 1; libpng stops
 * at the same number unless told otherwise.
 */
const MAX_SIDE = 1_000_000;

/**
 * Size and orientation of a PNG, no pixel decoded.
 *
 * @throws CaptionError `DECODE_FAILED` when IHDR is damaged, missing or says what no PNG can be
 */
export function readPngHeader(bytes: Uint8Array): ImageHeader {
  const { width, height } = readIhdr(bytes);
  return { format: 'png', width, height, orientation: readOrientation(bytes) };
}

/** @throws CaptionError as {@link readPngHeader} */
export function readIhdr(bytes: Uint8Array): PngHeader {
  const chunk = chunksOf(bytes).next().value;
  if (chunk?.type === 'CgBI') {
    throw new CaptionError(
      'UNSUPPORTED_FORMAT',
      "This is a PNG in the form that Apple's tools pack into iOS apps (CgBI), which only they read. Take the original, or undo it with `xcrun pngcrush -revert-iphone-optimizations`.",
    );
  }
  if (chunk?.type !== 'IHDR' || chunk.length !== 13 || !chunk.isIntact()) {
    throw notDecodable('its header (IHDR) is missing, cut short or damaged');
  }
  const { data } = chunk;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colour = 0, compression, filter, interlace = 0] = data.subarray(8);
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) {
    throw notDecodable(
      `its header says ${width}×${height} pixels, and each side must be 1 to ${MAX_SIDE}`,
    );
  }
  if (!DEPTHS[colour]?.includes(depth)) {
    throw notDecodable(`PNG has no colour type ${colour} with ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw notDecodable(
      `compression ${compression}, filter method ${filter} or interlace method ${interlace} is not one that PNG defines`,
    );
  }
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

export function notDecodable(why: string, cause?: unknown): CaptionError {
  return new CaptionError(
    'DECODE_FAILED',
    `This PNG cannot be decoded: ${why}. Check that the file is complete, or save it again.`,
    cause === undefined ? {} : { cause },
  );
}

/** eXIf may stand before or after the pixels (PNG, third edition, section 11.3.3.4). */
function readOrientation(bytes: Uint8Array): Orientation {
  for (const chunk of chunksOf(bytes)) {
    if (chunk.type === 'eXIf') return orientationFromExif(chunk.data);
  }
  return 1;
}
