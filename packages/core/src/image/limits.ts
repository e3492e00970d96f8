import { CaptionError } from '../errors.js';
import type { Size } from './types.js';

/** @throws CaptionError `IMAGE_TOO_LARGE` */
export function checkPixelCount({ width, height }: Size, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new CaptionError(
    'IMAGE_TOO_LARGE',
    `The photo has ${width}×${height} = ${width * height} pixels, and maxPixels allows ${maxPixels}. Give a smaller photo or raise maxPixels.`,
  );
}

/**
 * The largest share of a picture that may be missing. Here captions still name the thing in a quarter of the
 * photos (two thirds when whole), at 90 % in one of eleven (docs/formats.md).
 */
const MOST_MISSING = 0.75;

/**
 * Refuses a file of which too little is there to say what it shows.
 *
 * @param format its name in a sentence: "JPEG"
 * @param missing 0 to 1
 * @throws CaptionError `DECODE_FAILED`
 */
export function refuseFragment(format: string, missing: number): void {
  if (missing <= MOST_MISSING) return;
  const percent = Math.round((1 - missing) * 100);
  throw new CaptionError(
    'DECODE_FAILED',
    `The ${format} is cut off or damaged: ${percent < 1 ? 'less than 1' : percent} % of its picture is there, too little to tell what it shows. Check that the file is whole, or download it again.`,
  );
}
