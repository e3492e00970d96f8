/** The kinds of image file that are read. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The eight values of EXIF's Orientation tag (TIFF tag 0x0112); 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Pixels in memory: rows top down, `channels` bytes a pixel (1 grey, 3 RGB, 4 RGBA), 0–255. */
export interface RawImage extends Size {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly channels: 1 | 3 | 4;
}

/**
 * How the pixels of a photo that was made smaller while decoding lie over the photo. Where its
 * sides are no multiples of the factor, the pixels at one edge stand for fewer of the photo's; a
 * resize that knows this moves nothing by that fraction of a pixel.
 */
export interface Reduction {
  /** The whole photo, in its own pixels. */
  readonly full: Size;
  /** How many of the photo's pixels one pixel spans across and down; at least 1. */
  readonly x: number;
  readonly y: number;
  /** Where the photo's left and top edge lie, in pixels: 0, or a fraction once it was turned. */
  readonly left: number;
  readonly top: number;
}

/**
 * Samples, 0–255: whole levels, or, where pixels are averages over a larger photo, those averages
 * with their fractions. Rounded to levels here and again when resized, they would lose what little
 * the file's own coding has left of them: a caption can hang on it.
 */
export type Levels = Uint8Array | Float32Array;

/** Opaque RGB, rows top down, three samples a pixel: what every stage after decoding works on. */
export interface RgbImage<Data extends Levels = Uint8Array> extends Size {
  readonly data: Data;
  /** Only where the pixels are averages over a larger photo. */
  readonly reduction?: Reduction;
}

export interface DecodeLimits {
  /** Largest file in bytes. */
  readonly maxBytes: number;
  /** Largest width × height that a header may declare, in pixels. */
  readonly maxPixels: number;
}

/** The request to a decoder of one format. */
export interface DecodeRequest {
  /**
   * The smallest size that the caller still needs, as the file is stored (before orientation). A
   * decoder may give any size from this up to the full one, each side at least this large where the
   * photo itself is; without it, the full size.
   */
  readonly atLeast?: Size;
  /**
   * JPEG at its full size and at 1/2: interpolate colour that is stored more coarsely than brightness, as
   * browsers, Pillow and libjpeg do, rather than repeat it. Default false: the file's own samples.
   */
  readonly interpolateColour?: boolean;
}

/** What a decoder of one format gives: pixels as stored, orientation not yet applied. */
export interface DecodedPixels extends RgbImage<Levels> {
  /** Problems that did not stop decoding: "the file ends early: 40 % of it is grey". */
  readonly warnings: readonly string[];
}

/** What a file's header says, read without decoding any pixel. */
export interface ImageHeader extends Size {
  readonly format: ImageFormat;
  readonly orientation: Orientation;
}

/** A decoded photo: upright, RGB, alpha laid on white. */
export interface DecodedImage extends RgbImage<Levels> {
  /** What the file's header says: full size as stored, and how it is turned. */
  readonly header: ImageHeader;
  readonly warnings: readonly string[];
}
