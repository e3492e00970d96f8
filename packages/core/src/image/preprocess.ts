import { likeArray } from './levels.js';
import { type PatchSpec, patchLayout } from './patch-layout.js';
import { type Arithmetic, type Box, type Resample, resize } from './resize.js';
import { scaledSize, type TileSpec } from './tile-sizes.js';
import type { Levels, RgbImage, Size } from './types.js';

/**
 * `'fast'`: large photos are averaged while they are decoded, to at least twice the size that the model
 * looks at (JPEG to at least that size). `'exact'`: every pixel is decoded, and the model's own filter does all
 * of the resizing, as Pillow and transformers do it.
 */
export type DecodeMode = 'fast' | 'exact';

/** How a photo becomes the encoder's input tensor. */
export interface PreprocessSpec {
  /** Sides of the tensor in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * `'stretch'`: both sides to size, the shape of the photo is lost. `'cover'`: resized until it
   * covers width × height, the middle is kept. `'contain'`: resized until all of it fits in, the
   * rest is `background`.
   */
  readonly fit: 'stretch' | 'cover' | 'contain';
  readonly resample: Resample;
  /**
   * With `'cover'`: the shorter side is resized to this instead, and the middle width × height is
   * kept (Hugging Face's `resize` to `shortest_edge`, then `center_crop`, with their rounding).
   */
  readonly shortestEdge?: number;
  /** With `'stretch'`: both sides are resized to this instead, and the middle width × height is kept. */
  readonly stretchTo?: Size;
  /** How much of a file is decoded when the call does not say: see {@link DecodeMode}. Default `'fast'`. */
  readonly decode?: DecodeMode;
  /** Factor that 0–255 is multiplied with before `mean` and `std`. Default 1/255. */
  readonly rescale?: number;
  /** Subtracted from, and divided out of, the rescaled values, in the order R, G, B. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** `'nchw'` (default): all of the first channel, then the second…; `'nhwc'`: pixel by pixel. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Order of the channels in the tensor. Default `'rgb'`. */
  readonly channelOrder?: 'rgb' | 'bgr';
  /**
   * Colour (R, G, B, 0–255) of what the photo does not cover. Default mid-grey with `'contain'`,
   * black with `'cover'` where `shortestEdge` leaves gaps, as Hugging Face pads.
   */
  readonly background?: readonly [number, number, number];
  /** The photo is cut into tiles of width × height instead of being fitted into one. */
  readonly tiles?: TileSpec;
  /** The photo becomes square patches, in tiles of width × height if it is large. */
  readonly patches?: PatchSpec;
  /** With `patches`: whose results the resizing equals to the bit. Default `'pillow'`. */
  readonly arithmetic?: Arithmetic;
}

/** A photo as the encoder takes it. */
export interface PixelValues {
  /** One picture after another, each as `preprocess` gives it, or in patches. */
  readonly data: Float32Array;
  /** The tiles of a photo that was cut up, row by row; a view of the whole follows them. */
  readonly tiles?: { readonly rows: number; readonly columns: number; readonly pictures: number };
  /** Of each picture in patches, how many rows and columns of them it has; the rest is padding. */
  readonly patches?: readonly (readonly [rows: number, columns: number])[];
}

/**
 * The tensor of a photo: `width × height × 3` values, `(sample × rescale - mean) / std`.
 *
 * @example
 * const pixels = preprocess(photo, {
 *   width: 224, height: 224, fit: 'stretch', resample: 'bilinear',
 *   mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225],
 * }); // 1×3×224×224
 */
export function preprocess(image: RgbImage<Levels>, spec: PreprocessSpec): Float32Array {
  return normalise(fitted(image, spec), spec);
}

/**
 * The smallest size, as a person sees the photo, that a decoder has to give so that nothing the
 * model sees is enlarged: each side of the resized photo before it is cropped. It may be larger
 * than a small photo is. To be exact, nothing less than the whole photo will do.
 */
export function minimumSize(
  spec: PreprocessSpec,
  upright: Size,
  decode: DecodeMode = spec.decode ?? 'fast',
): Size {
  return decode === 'exact' ? upright : largestSize(spec, upright);
}

function largestSize(spec: PreprocessSpec, photo: Size): Size {
  if (spec.tiles) return scaledSize(photo, spec.tiles.longestEdge);
  if (!spec.patches) return resizedSize(spec, photo);
  const { rows, columns, whole } = patchLayout(photo, spec.width, spec.patches);
  if (rows * columns === 1) return whole;
  return {
    width: Math.max(columns * spec.width, whole.width),
    height: Math.max(rows * spec.height, whole.height),
  };
}

/** The photo resized, cropped and laid on the background: exactly width × height, 0–255. */
export function fitted(image: RgbImage<Levels>, spec: PreprocessSpec): RgbImage<Levels> {
  const size = resizedSize(spec, image.reduction?.full ?? image);
  const x = along(size.width, spec.width, spec.fit);
  const y = along(size.height, spec.height, spec.fit);
  const window: Box = { left: x.from, top: y.from, width: x.length, height: y.length };
  const part = resize(image, size, spec.resample, { box: photoBox(image), window });
  if (x.length === spec.width && y.length === spec.height) return part;
  return laidOn(backgroundOf(spec), part, spec, x.at, y.at);
}

/** Where the whole photo lies in the pixels at hand. */
export function photoBox(image: RgbImage<Levels>): Box {
  const r = image.reduction;
  if (!r) return { left: 0, top: 0, width: image.width, height: image.height };
  return { left: r.left, top: r.top, width: r.full.width / r.x, height: r.full.height / r.y };
}

/** Size of the whole photo once resized, before cropping or padding. */
function resizedSize(spec: PreprocessSpec, photo: Size): Size {
  const { width, height } = spec;
  if (spec.fit === 'stretch') return spec.stretchTo ?? { width, height };
  if (spec.fit === 'contain') {
    return width * photo.height <= height * photo.width
      ? { width, height: Math.max(1, Math.round((photo.height * width) / photo.width)) }
      : { width: Math.max(1, Math.round((photo.width * height) / photo.height)), height };
  }
  if (spec.shortestEdge !== undefined) {
    // int(size * long / short) of transformers' get_resize_output_image_size.
    const edge = spec.shortestEdge;
    return photo.width <= photo.height
      ? { width: edge, height: Math.trunc((edge * photo.height) / photo.width) }
      : { width: Math.trunc((edge * photo.width) / photo.height), height: edge };
  }
  return width * photo.height >= height * photo.width
    ? { width, height: Math.max(height, Math.trunc((photo.height * width) / photo.width)) }
    : { width: Math.max(width, Math.trunc((photo.width * height) / photo.height)), height };
}

/**
 * Centring on one axis: `length` positions of the resized photo starting at `from` are kept and
 * stand at `at` in the result. An odd pixel is cut off at the end; one that is missing is filled in
 * at the start with `'cover'` (both as transformers' `center_crop` does), at the end otherwise.
 */
function along(
  resized: number,
  wanted: number,
  fit: PreprocessSpec['fit'],
): { from: number; length: number; at: number } {
  if (resized >= wanted) return { from: Math.floor((resized - wanted) / 2), length: wanted, at: 0 };
  const gap = (wanted - resized) / 2;
  return { from: 0, length: resized, at: fit === 'cover' ? Math.ceil(gap) : Math.floor(gap) };
}

function backgroundOf(spec: PreprocessSpec): readonly [number, number, number] {
  return spec.background ?? (spec.fit === 'contain' ? [128, 128, 128] : [0, 0, 0]);
}

function laidOn(
  colour: readonly [number, number, number],
  part: RgbImage<Levels>,
  { width, height }: Size,
  left: number,
  top: number,
): RgbImage<Levels> {
  const data = likeArray(part.data, width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set(colour, i);
  for (let y = 0; y < part.height; y++) {
    const row = part.data.subarray(y * part.width * 3, (y + 1) * part.width * 3);
    data.set(row, ((top + y) * width + left) * 3);
  }
  return { width, height, data };
}

/** The tensor of a picture that has the size already. */
export function normalise(image: RgbImage<Levels>, spec: PreprocessSpec): Float32Array {
  const pixels = image.width * image.height;
  const tensor = new Float32Array(pixels * 3);
  const [pixelStep, channelStep] = spec.layout === 'nhwc' ? [3, 1] : [1, pixels];
  const order = spec.channelOrder === 'bgr' ? [2, 1, 0] : [0, 1, 2];
  order.forEach((channel, place) => {
    normaliseChannel(image.data, channel, tensor, place * channelStep, pixelStep, spec);
  });
  return tensor;
}

function normaliseChannel(
  levels: Levels,
  channel: number,
  tensor: Float32Array,
  start: number,
  step: number,
  spec: PreprocessSpec,
): void {
  const { fround } = Math;
  const rescale = spec.rescale ?? 1 / 255;
  const mean = fround(spec.mean[channel] ?? 0);
  const std = fround(spec.std[channel] ?? 1);
  // Rounded to 32 bits after each step, as transformers' processors do: quantised networks tell a
  // difference in the last bit.
  for (let from = channel, to = start; from < levels.length; from += 3, to += step) {
    tensor[to] = fround(fround(fround(levels[from] * rescale) - mean) / std);
  }
}
