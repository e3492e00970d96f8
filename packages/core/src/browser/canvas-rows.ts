import { CaptionError } from '../errors.js';
import type { Size } from '../image/types.js';
import type { Drawable } from './drawables.js';

/** Pixels that are read at once: a large photo is not held a second and third time as RGBA. */
const STRIP_PIXELS = 1 << 20;

/**
 * The rows of whatever a canvas can draw, as RGBA with straight alpha.
 *
 * @param background colour that it is laid on; default none
 * @returns a function that gives row y; called from top to bottom
 * @throws CaptionError `INVALID_INPUT` from that function when the page may not read the pixels
 */
export function canvasRows(
  source: Drawable,
  { width, height }: Size,
  background?: string,
): (y: number) => Uint8ClampedArray {
  const lines = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const context = new OffscreenCanvas(width, lines).getContext('2d', { willReadFrequently: true });
  if (!context) throw new CaptionError('DECODE_FAILED', 'The browser gives no 2-D canvas.');
  if (background) context.fillStyle = background;
  let top = 0;
  let end = 0;
  let strip = new Uint8ClampedArray();
  return (y) => {
    if (y < top || y >= end) {
      top = y;
      end = Math.min(height, y + lines);
      if (background) context.fillRect(0, 0, width, lines);
      else context.clearRect(0, 0, width, lines);
      context.drawImage(source, 0, -top);
      strip = readable(() => context.getImageData(0, 0, width, end - top).data);
    }
    return strip.subarray((y - top) * width * 4, (y - top + 1) * width * 4);
  };
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CaptionError(
      'INVALID_INPUT',
      'The page may not read this image: it comes from another origin. Load it with crossorigin="anonymous" from a server that allows it.',
      { cause },
    );
  }
}
