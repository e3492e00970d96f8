import { CaptionError } from '../errors.js';
import { checkPixelCount } from '../image/limits.js';
import { supportedFormat } from '../image/sniff.js';
import type { RgbImage, Size } from '../image/types.js';
import type { OpenedPhoto, OpenRequest } from '../platform.js';
import { tryHeader } from './photo-header.js';
import { averagePixels } from './reduce.js';

/** Decodes a file with the browser's own decoders, so that whatever the browser shows works. */
export async function openFile(bytes: Uint8Array, request: OpenRequest): Promise<OpenedPhoto> {
  const header = tryHeader(bytes);
  if (header) checkPixelCount(header, request.maxPixels);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
      imageOrientation: request.orientation ? 'from-image' : 'none',
      // As in Node, where embedded colour profiles are not applied.
      colorSpaceConversion: 'none',
    });
  } catch (cause) {
    supportedFormat(bytes); // Where it is none, that is what the user has to hear.
    throw new CaptionError(
      'DECODE_FAILED',
      'The browser cannot decode this image. Check that the file is whole, or save it again.',
      { cause },
    );
  }
  try {
    const upright = { width: bitmap.width, height: bitmap.height };
    const factor = reductionFactor(upright, request.atLeast(upright));
    const image = drawPixels(bitmap, upright, request, factor);
    const stored = header ? { width: header.width, height: header.height } : upright;
    const orientation = request.orientation ? (header?.orientation ?? 1) : 1;
    const format = header?.format ?? 'other';
    return { ...image, stored, upright, orientation, format, warnings: [] };
  } finally {
    bitmap.close();
  }
}

/**
 * How many times smaller a photo may be made before the core resizes it: 1, 2, 4 or 8, as in Node,
 * where a JPEG is decoded at these scales.
 */
function reductionFactor(full: Size, atLeast: Size): number {
  const fits = (factor: number) =>
    Math.ceil(full.width / factor) >= Math.min(full.width, atLeast.width) &&
    Math.ceil(full.height / factor) >= Math.min(full.height, atLeast.height);
  return [8, 4, 2].find(fits) ?? 1;
}

/** Pixels that are read at once: a large photo is not held a second and third time as RGBA. */
const STRIP_PIXELS = 1 << 20;

/**
 * The pixels of whatever a canvas can draw, laid on white.
 *
 * @param factor each pixel of the result is the mean of factor × factor of the source's
 * @throws CaptionError `IMAGE_TOO_LARGE`; `INVALID_INPUT` when the page may not read the pixels
 */
export function drawPixels(
  source: ImageBitmap | HTMLImageElement,
  { width, height }: Size,
  { maxPixels }: Pick<OpenRequest, 'maxPixels'>,
  factor = 1,
): RgbImage {
  checkPixelCount({ width, height }, maxPixels);
  const columns = Math.ceil(width / factor);
  const data = new Uint8Array(columns * Math.ceil(height / factor) * 3);
  const lines = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width / factor)) * factor);
  const context = new OffscreenCanvas(width, lines).getContext('2d', { willReadFrequently: true });
  if (!context) throw new CaptionError('DECODE_FAILED', 'The browser gives no 2-D canvas.');
  context.fillStyle = '#fff';
  for (let top = 0; top < height; top += lines) {
    const strip = { width, height: Math.min(lines, height - top) };
    context.fillRect(0, 0, width, strip.height);
    context.drawImage(source, 0, -top);
    const rgba = readable(() => context.getImageData(0, 0, width, strip.height).data);
    averagePixels(rgba, strip, factor, data.subarray((top / factor) * columns * 3));
  }
  const image = { data, width: columns, height: Math.ceil(height / factor) };
  if (factor === 1) return image;
  return {
    ...image,
    reduction: { full: { width, height }, x: factor, y: factor, left: 0, top: 0 },
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
