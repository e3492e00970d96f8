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
