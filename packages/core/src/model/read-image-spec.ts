import { type PatchSpec, type PatchSplit, patchFault } from '../image/patch-layout.js';
import type { PreprocessSpec } from '../image/preprocess.js';
import { type Limit, MODEL_LIMITS, PATCH_LIMITS } from '../limits.js';
import { array, boolean, fault, integer, number, object, oneOf, optional } from './schema.js';

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
  'patches',
  'arithmetic',
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
  const width = side(image.width, 'image.width');
  const height = side(image.height, 'image.height');
  const { patches } = optional(image, 'image', 'patches', readPatches);
  const expected = patches && (width === height ? patchFault(patches, width) : 'square tiles');
  if (expected) fault('image.patches', expected, image.patches);
  return {
    width,
    height,
    fit: oneOf(image.fit, 'image.fit', ['stretch', 'cover', 'contain']),
    resample: oneOf(image.resample ?? 'bilinear', 'image.resample', FILTERS),
    ...optional(image, 'image', 'shortestEdge', side),
    ...optional(image, 'image', 'stretchTo', readSize),
    ...optional(image, 'image', 'tiles', readTiles),
    ...(patches && { patches }),
    ...optional(image, 'image', 'arithmetic', readArithmetic),
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

function readArithmetic(json: unknown, path: string): NonNullable<PreprocessSpec['arithmetic']> {
  return oneOf(json, path, ['pillow', 'torchvision']);
}

function readPatches(json: unknown, path: string): PatchSpec {
  const patches = object(json, path, ['side', 'merge', 'minFeatures', 'maxFeatures', 'split']);
  const whole = (key: string, limit: Limit) => integer(patches[key], `${path}.${key}`, limit);
  return {
    side: whole('side', PATCH_LIMITS.side),
    merge: whole('merge', PATCH_LIMITS.merge),
    minFeatures: whole('minFeatures', PATCH_LIMITS.features),
    maxFeatures: whole('maxFeatures', PATCH_LIMITS.features),
    ...optional(patches, path, 'split', readSplit),
  };
}

function readSplit(json: unknown, path: string): PatchSplit {
  const split = object(json, path, ['above', 'minTiles', 'maxTiles', 'overview']);
  const count = (key: string) => integer(split[key], `${path}.${key}`, PATCH_LIMITS.tiles);
  return {
    above: number(split.above, `${path}.above`, PATCH_LIMITS.above),
    minTiles: count('minTiles'),
    maxTiles: count('maxTiles'),
    overview: boolean(split.overview, `${path}.overview`),
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
