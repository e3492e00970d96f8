import { CaptionError } from '../errors.js';
import { type Decoders, decodeWith, SHARED_DECODERS } from '../image/decode-with.js';
import { checkPixelCount } from '../image/limits.js';
import { factorsFor, RowSink } from '../image/row-sink.js';
import { type FileKind, sniff } from '../image/sniff.js';
import type { Levels, Reduction, RgbImage, Size } from '../image/types.js';
import { type OpenedPhoto, type OpenRequest, openDecoded } from '../platform.js';
import { canvasRows } from './canvas-rows.js';
import type { Drawable } from './drawables.js';

const DECODERS: Decoders = {
  ...SHARED_DECODERS,
  webp: async (bytes, request) => {
    const [{ decodeWebpWith }, { BROWSER_WEBP }] = await Promise.all([
      import('../image/webp/decode-with.js'),
      import('./webp-codec.js'),
    ]);
    return decodeWebpWith(BROWSER_WEBP, bytes, request);
  },
};

/**
 * Decodes a file: JPEG, PNG, WebP and GIF as Node does, with the same pixels and warnings in every browser;
 * other kinds by the browser, so that whatever it shows works.
 *
 * @throws CaptionError `IMAGE_TOO_LARGE`, `UNSUPPORTED_FORMAT` or `DECODE_FAILED`
 */
export async function openFile(bytes: Uint8Array, request: OpenRequest): Promise<OpenedPhoto> {
  const kind = sniff(bytes);
  if (!kind.format) return openOther(bytes as Uint8Array<ArrayBuffer>, kind, request);
  const image = await decodeWith(DECODERS, bytes, { ...request, interpolateColour: true });
  return openDecoded(image, request.orientation);
}

/** The browser turns such a photo upright, and brings its colours to sRGB. */
async function openOther(
  bytes: Uint8Array<ArrayBuffer>,
  kind: Extract<FileKind, { format: undefined }>,
  request: OpenRequest,
): Promise<OpenedPhoto> {
  const bitmap = await createImageBitmap(new Blob([bytes])).catch((cause: unknown) => {
    throw new CaptionError(
      'UNSUPPORTED_FORMAT',
      `This is ${kind.name}, which this browser cannot show. ${kind.advice}`,
      { cause },
    );
  });
  try {
    const size = { width: bitmap.width, height: bitmap.height };
    const image = drawPixels(bitmap, size, request, factorsFor(size, request.minimumSize(size)));
    return { ...image, stored: size, upright: size, orientation: 1, format: 'other', warnings: [] };
  } finally {
    bitmap.close();
  }
}

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
  const rows = canvasRows(source, { width, height }, '#fff');
  const sink = new RowSink({ width, height }, factors);
  const rgb = new Uint8Array(width * 3);
  for (let y = 0; y < height; y++) {
    dropAlpha(rows(y), rgb);
    sink.add(y, rgb);
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
