import { CaptionError } from '../errors.js';
import { type EmbeddedColour, embeddedColour } from '../image/colour/embedded.js';
import { toSrgb } from '../image/colour/to-srgb.js';
import { chooseScale } from '../image/jpeg/scale.js';
import { checkPixelCount } from '../image/limits.js';
import { applyOrientation, uprightSize } from '../image/orient.js';
import { factorsFor, RowSink } from '../image/row-sink.js';
import { sniff } from '../image/sniff.js';
import type { ImageHeader, Levels, Reduction, RgbImage, Size } from '../image/types.js';
import type { OpenedPhoto, OpenRequest } from '../platform.js';
import type { Drawable } from './drawables.js';
import { tryHeader } from './photo-header.js';
import { withoutOrientation } from './without-orientation.js';

/** Decodes a file with the browser's own decoders, so that whatever the browser shows works. */
export async function openFile(bytes: Uint8Array, request: OpenRequest): Promise<OpenedPhoto> {
  const header = tryHeader(bytes);
  if (header) checkPixelCount(header, request.maxPixels);
  const bitmap = await decode(bytes as Uint8Array<ArrayBuffer>, header);
  try {
    if (!header) return openUpright(bitmap, request);
    const colour = await embeddedColour(bytes, header.format);
    return openStored(bitmap, header, colour, request);
  } finally {
    bitmap.close();
  }
}

/** Pixels as they are stored, where the header tells how to turn them; upright otherwise. */
async function decode(
  bytes: Uint8Array<ArrayBuffer>,
  header: ImageHeader | undefined,
): Promise<ImageBitmap> {
  const isTurned = header && header.orientation !== 1;
  const parts = isTurned ? withoutOrientation(bytes, header.format) : [bytes];
  try {
    // Of files that we know, colours are converted as in Node, once the photo is smaller.
    const colorSpaceConversion = header ? 'none' : 'default';
    return await createImageBitmap(new Blob(parts), { colorSpaceConversion });
  } catch (cause) {
    refuseOtherKinds(bytes, cause);
    throw new CaptionError(
      'DECODE_FAILED',
      'The browser cannot decode this image. Check that the file is whole, or save it again.',
      { cause },
    );
  }
}

/** @throws CaptionError `UNSUPPORTED_FORMAT` saying what the file is, where it is not of a common kind */
function refuseOtherKinds(bytes: Uint8Array, cause: unknown): void {
  const kind = sniff(bytes);
  if (kind.format) return;
  throw new CaptionError(
    'UNSUPPORTED_FORMAT',
    `This is ${kind.name}, which this browser cannot show. ${kind.advice}`,
    { cause },
  );
}

/** A photo whose header we know, exactly as Node opens it: made smaller, its colours sRGB, then turned. */
function openStored(
  bitmap: ImageBitmap,
  header: ImageHeader,
  { profile, warnings }: EmbeddedColour,
  request: OpenRequest,
): OpenedPhoto {
  const { format, width, height } = header;
  const orientation = request.orientation ? header.orientation : 1;
  const upright = uprightSize(header, orientation);
  const size = { width: bitmap.width, height: bitmap.height };
  const needed = uprightSize(request.minimumSize(upright), orientation);
  const image = drawPixels(bitmap, size, request, reductionFor(format, size, needed));
  if (profile) toSrgb(image.data, profile);
  const turned = applyOrientation(image, orientation);
  return { ...turned, stored: { width, height }, upright, orientation, format, warnings };
}

function openUpright(bitmap: ImageBitmap, request: OpenRequest): OpenedPhoto {
  const size = { width: bitmap.width, height: bitmap.height };
  const factors = factorsFor(size, request.minimumSize(size));
  const image = drawPixels(bitmap, size, request, factors);
  return { ...image, stored: size, upright: size, orientation: 1, format: 'other', warnings: [] };
}

/** Node makes JPEGs smaller by halving, as their blocks allow, and everything else by any factor. */
function reductionFor(format: string, full: Size, atLeast: Size): Pick<Reduction, 'x' | 'y'> {
  if (format !== 'jpeg') return factorsFor(full, atLeast);
  const { across, down } = chooseScale(full, atLeast);
  return { x: 8 / across, y: 8 / down };
}

/** Pixels that are read at once: a large photo is not held a second and third time as RGBA. */
const STRIP_PIXELS = 1 << 20;

/**
 * The pixels of whatever a canvas can draw, laid on white.
 *
 * @param factors how many of its pixels are averaged across and down; default none
 * @throws CaptionError `IMAGE_TOO_LARGE`; `INVALID_INPUT` when the page may not read the pixels
 */
export function drawPixels(
  source: Drawable,
  { width, height }: Size,
  { maxPixels }: Pick<OpenRequest, 'maxPixels'>,
  factors: Pick<Reduction, 'x' | 'y'> = { x: 1, y: 1 },
): RgbImage<Levels> {
  checkPixelCount({ width, height }, maxPixels);
  const lines = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const context = new OffscreenCanvas(width, lines).getContext('2d', { willReadFrequently: true });
  if (!context) throw new CaptionError('DECODE_FAILED', 'The browser gives no 2-D canvas.');
  context.fillStyle = '#fff';
  const sink = new RowSink({ width, height }, factors);
  const row = new Uint8Array(width * 3);
  for (let top = 0; top < height; top += lines) {
    const count = Math.min(lines, height - top);
    context.fillRect(0, 0, width, count);
    context.drawImage(source, 0, -top);
    const rgba = readable(() => context.getImageData(0, 0, width, count).data);
    for (let line = 0; line < count; line++) {
      dropAlpha(rgba.subarray(line * width * 4), row);
      sink.add(top + line, row);
    }
  }
  return sink.finish();
}

function dropAlpha(rgba: Uint8ClampedArray, rgb: Uint8Array): void {
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from] as number;
    rgb[to + 1] = rgba[from + 1] as number;
    rgb[to + 2] = rgba[from + 2] as number;
  }
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
