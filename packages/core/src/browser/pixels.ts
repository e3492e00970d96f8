import { CaptionError } from '../errors.js';
import { checkPixelCount } from '../image/limits.js';
import { supportedFormat } from '../image/sniff.js';
import type { RgbImage, Size } from '../image/types.js';
import type { OpenedPhoto, OpenRequest } from '../platform.js';
import { tryHeader } from './photo-header.js';

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
    throw new CaptionError('DECODE_FAILED', 'The browser cannot decode this image.', { cause });
  }
  try {
    const image = drawPixels(bitmap, bitmap, request);
    const upright = { width: bitmap.width, height: bitmap.height };
    const stored = header ? { width: header.width, height: header.height } : upright;
    const orientation = request.orientation ? (header?.orientation ?? 1) : 1;
    return {
      ...image,
      stored,
      upright,
      orientation,
      format: header?.format ?? 'other',
      warnings: [],
    };
  } finally {
    bitmap.close();
  }
}

/**
 * The pixels of whatever a canvas can draw, laid on white.
 *
 * @throws CaptionError `IMAGE_TOO_LARGE`; `INVALID_INPUT` when the page may not read the pixels
 */
export function drawPixels(
  source: ImageBitmap | HTMLImageElement,
  { width, height }: Size,
  { maxPixels }: Pick<OpenRequest, 'maxPixels'>,
): RgbImage {
  checkPixelCount({ width, height }, maxPixels);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new CaptionError('DECODE_FAILED', 'The browser gives no 2-D canvas.');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0);
  let rgba: Uint8ClampedArray;
  try {
    rgba = context.getImageData(0, 0, width, height).data;
  } catch (cause) {
    throw new CaptionError(
      'INVALID_INPUT',
      'The page may not read this image: it comes from another origin. Load it with crossorigin="anonymous" from a server that allows it.',
      { cause },
    );
  }
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from] as number;
    data[to + 1] = rgba[from + 1] as number;
    data[to + 2] = rgba[from + 2] as number;
  }
  return { data, width, height };
}
