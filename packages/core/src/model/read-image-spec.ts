import type { PreprocessSpec } from '../image/preprocess.js';
import { MODEL_LIMITS } from '../limits.js';
import { array, boolean, integer, number, object, oneOf, optional } from './schema.js';

const FIELDS = [
  'width',
  'height',
  'fit',
  'resample',
  'shortestEdge',
  'stretchTo',
  'decode',
  'rescale',
  'mean',
  'std',
  'layout',
  'channelOrder',
  'background',
  'tiles',
];
const FILTERS = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const;

type Triple = readonly [number, number, number];

const triple = (item: (value: unknown, path: string) => number) => (value: unknown, path: string) =>
  array(value, path, item, 3) as unknown as Triple;
const means = triple((value, path) => number(value, path, { min: -1e4, max: 1e4 }));
const deviations = triple((value, path) => number(value, path, { min: 1e-6, max: 1e6 }));
const colour = triple((value, path) => integer(value, path, { min: 0, max: 255 }));
const side = (value: unknown, path: string) => integer(value, path, MODEL_LIMITS.side);

/**
 * The manifest's `image`: how a photo becomes the encoder's input.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function readImageSpec(json: unknown): PreprocessSpec {
  const image = object(json, 'image', FIELDS);
  return {
    width: side(image.width, 'image.width'),
    height: side(image.height, 'image.height'),
    fit: oneOf(image.fit, 'image.fit', ['stretch', 'cover', 'contain']),
    resample: oneOf(image.resample ?? 'bilinear', 'image.resample', FILTERS),
    ...optional(image, 'image', 'shortestEdge', side),
    ...optional(image, 'image', 'stretchTo', readSize),
    ...optional(image, 'image', 'tiles', readTiles),
    decode: oneOf(image.decode ?? 'fast', 'image.decode', ['fast', 'exact']),
    rescale: number(image.rescale ?? 1 / 255, 'image.rescale', { min: 0, max: 1e3 }),
    mean: means(image.mean, 'image.mean'),
    std: deviations(image.std, 'image.std'),
    layout: oneOf(image.layout ?? 'nchw', 'image.layout', ['nchw', 'nhwc']),
    channelOrder: oneOf(image.channelOrder ?? 'rgb', 'image.channelOrder', ['rgb', 'bgr']),
    ...optional(image, 'image', 'background', colour),
  };
}

/** The longest edge is bounded, and with it the number of tiles. */
function readTiles(json: unknown, path: string): NonNullable<PreprocessSpec['tiles']> {
  const tiles = object(json, path, ['longestEdge', 'split']);
  return {
    longestEdge: side(tiles.longestEdge, `${path}.longestEdge`),
    split: boolean(tiles.split ?? true, `${path}.split`),
  };
}

function readSize(
  json: unknown,
  path: string,
): { readonly width: number; readonly height: number } {
  const size = object(json, path, ['width', 'height']);
  return {
    width: side(size.width, `${path}.width`),
    height: side(size.height, `${path}.height`),
  };
}
