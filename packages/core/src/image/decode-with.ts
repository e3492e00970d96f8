import { CaptionError } from '../errors.js';
import { embeddedColour } from './colour/embedded.js';
import { toSrgb } from './colour/to-srgb.js';
import { HEADER_READERS } from './header.js';
import { decodeJpeg } from './jpeg/index.js';
import { checkPixelCount } from './limits.js';
import { applyOrientation, uprightSize } from './orient.js';
import { supportedFormat } from './sniff.js';
import type {
  DecodedImage,
  DecodedPixels,
  DecodeLimits,
  DecodeRequest,
  ImageFormat,
  ImageHeader,
  Levels,
  RgbImage,
  Size,
} from './types.js';

export interface DecodeOptions extends DecodeLimits {
  /** Turn the photo as its EXIF orientation says. */
  readonly orientation: boolean;
  /**
   * The smallest upright size that is needed of a photo whose full upright size is given. Decoders
   * then average pixels while they decode. Without it, every pixel is decoded.
   */
  readonly minimumSize?: (upright: Size) => Size;
  /** See {@link DecodeRequest}: for eyes and models, rather than to look at a file. Default false. */
  readonly interpolateColour?: boolean;
}

type Decoder = (
  bytes: Uint8Array,
  request: DecodeRequest,
) => DecodedPixels | Promise<DecodedPixels>;

/** The decoder of each format. */
export type Decoders = Readonly<Record<ImageFormat, Decoder>>;

/**
 * The decoders that are the same on every platform: plain TypeScript. Those of the less common formats
 * are loaded on first use.
 */
export const SHARED_DECODERS: Omit<Decoders, 'webp'> = {
  jpeg: decodeJpeg,
  png: async (bytes, request) => (await import('./png/decode.js')).decodePng(bytes, request),
  gif: async (bytes, request) => (await import('./gif/decode.js')).decodeGif(bytes, request),
};

/**
 * What a photo's header says: kind, size as stored and orientation. Nothing is decoded.
 *
 * @throws CaptionError `UNSUPPORTED_FORMAT`, or `DECODE_FAILED` when the header is damaged
 */
export function readHeader(bytes: Uint8Array): ImageHeader {
  const format = supportedFormat(bytes);
  return orDecodeFailed(format, () => HEADER_READERS[format](bytes));
}

/**
 * The pixels of a JPEG, PNG, WebP or GIF (first picture): RGB, alpha laid on white, colours of an
 * embedded profile (Display P3, Adobe RGB, …) brought to sRGB.
 *
 * The limits are checked against the file's length and its header before anything is decoded.
 *
 * @throws CaptionError `IMAGE_TOO_LARGE`, `UNSUPPORTED_FORMAT` or `DECODE_FAILED`
 */
export async function decodeWith(
  decoders: Decoders,
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<DecodedImage> {
  if (bytes.length > options.maxBytes) {
    throw new CaptionError(
      'IMAGE_TOO_LARGE',
      `The file has ${bytes.length} bytes, and maxBytes allows ${options.maxBytes}. Give a smaller file or raise maxBytes.`,
    );
  }
  const header = readHeader(bytes);
  checkPixelCount(header, options.maxPixels);

  const orientation = options.orientation ? header.orientation : 1;
  const needed = options.minimumSize?.(uprightSize(header, orientation));
  // What is needed upright is needed as stored once the sides are swapped back.
  const request: DecodeRequest = {
    ...(needed && { atLeast: uprightSize(needed, orientation) }),
    interpolateColour: options.interpolateColour ?? false,
  };
  const decoded = await orDecodeFailed(header.format, () =>
    decoders[header.format](bytes, request),
  );
  const colour = await embeddedColour(bytes, header.format);
  // After reduction there are few pixels left to do.
  if (colour.profile) toSrgb(decoded.data, colour.profile);
  const upright = applyOrientation(withReduction(decoded, header), orientation);
  return { ...upright, header, warnings: [...decoded.warnings, ...colour.warnings] };
}

/**
 * A decoder that halves (1/2, 1/4, 1/8) and rounds up need not say so: it shows in the sizes. One
 * with other factors brings its `reduction` along.
 */
function withReduction(decoded: DecodedPixels, full: Size): RgbImage<Levels> {
  const { width, height, data, reduction } = decoded;
  if (reduction) return { width, height, data, reduction };
  const x = halvings(full.width, width);
  const y = halvings(full.height, height);
  // A side of one pixel tells nothing of its factor; the other side's is the same.
  const factor = Math.max(x, y);
  if (factor === 1) return { width, height, data };
  const { width: w, height: h } = full;
  const found = { full: { width: w, height: h }, x: factor, y: factor, left: 0, top: 0 };
  return { width, height, data, reduction: found };
}

function halvings(full: number, reduced: number): number {
  return [1, 2, 4, 8].find((factor) => Math.ceil(full / factor) === reduced) ?? 1;
}

/** Turns a decoder's own exceptions into `DECODE_FAILED`. */
function orDecodeFailed<T>(format: ImageFormat, work: () => T): T {
  const fail = (cause: unknown): never => {
    if (cause instanceof CaptionError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptionError(
      'DECODE_FAILED',
      `This ${format === 'webp' ? 'WebP' : format.toUpperCase()} cannot be decoded: ${why}. Check that the file is whole, or save it again.`,
      { cause },
    );
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (cause) {
    return fail(cause);
  }
}
