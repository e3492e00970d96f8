import { CaptionError } from '../../errors.js';
import type { PreprocessSpec } from '../../image/preprocess.js';
import type { Resample } from '../../image/resize.js';
import { MODEL_LIMITS } from '../../limits.js';
import type { Fields } from './fields.js';
import { normalisation, readRescale } from './normalisation.js';
import { readPatches } from './patches.js';

/** Pillow's numbers of its filters, in order from 0. */
const FILTERS: readonly Resample[] = [
  'nearest',
  'lanczos',
  'bilinear',
  'bicubic',
  'box',
  'hamming',
];

/**
 * What the processors do where the file, as older ones often do, does not say. From the processors'
 * own defaults in transformers 4.57: `resample`, and whether a plain number as `size` means a square
 * (`default_to_square`) or the shorter side.
 */
const PROCESSORS: Readonly<Record<string, Processor>> = {
  vit: { filter: 'bilinear', square: true, crop: false },
  deit: { filter: 'bicubic', square: true, crop: true },
  beit: { filter: 'bicubic', square: true, crop: false },
  clip: { filter: 'bicubic', square: false, crop: true },
  siglip: { filter: 'bicubic', square: true, crop: false },
  bit: { filter: 'bicubic', square: false, crop: true },
  llava: { filter: 'bicubic', square: false, crop: true },
  // Its tiles are for models whose networks take them; those exported for ONNX take the photo whole.
  llavaonevision: { filter: 'bicubic', square: true, crop: false, whole: true },
  idefics3: { filter: 'lanczos', square: true, crop: false, tiles: true },
  smolvlm: { filter: 'lanczos', square: true, crop: false, tiles: true },
  lfm2vl: { filter: 'bilinear', square: true, crop: false, patches: true },
};

interface Processor {
  readonly filter: Resample;
  readonly square: boolean;
  readonly crop: boolean;
  readonly tiles?: boolean;
  readonly patches?: boolean;
  /** `do_pad` concerns photos in several pieces. */
  readonly whole?: boolean;
}

/**
 * `preprocessor_config.json` as preprocessing of ours.
 *
 * @throws CaptionError `MODEL_INVALID` for nonsense, `MODEL_UNSUPPORTED` for steps that are not done here
 */
export function readPreprocessing(fields: Fields): PreprocessSpec {
  const refuse = (what: string) =>
    new CaptionError(
      'MODEL_UNSUPPORTED',
      `The model's ${fields.file} asks for ${what}, which is not supported.`,
    );
  const processor = processorOf(fields, refuse);
  if (processor.patches) return readPatches(fields, readFilter(fields, processor.filter));
  const pads = processor.tiles || processor.whole ? [] : ['do_pad'];
  for (const key of [...pads, 'do_thumbnail', 'do_align_long_axis', 'do_flip_channel_order']) {
    if (fields.boolean(key)) throw refuse(`"${key}"`);
  }
  if (fields.boolean('do_resize') === false) throw refuse('photos of exactly the right size');
  if (processor.tiles) return { ...tileGeometry(fields), ...levels(fields, processor) };

  const resize = readSize(fields, 'size', processor.square) ?? { width: 224, height: 224 };
  const crops = fields.boolean('do_center_crop') ?? (processor.crop && fields.has('crop_size'));
  const crop = crops ? readSize(fields, 'crop_size', true) : undefined;
  if (crop && 'shortestEdge' in crop) throw fields.invalid('crop_size', 'a width and a height');
  return {
    ...geometry(resize, crop, fields),
    ...levels(fields, processor),
  };
}

/** All but the sizes. */
function levels(fields: Fields, { filter }: Processor) {
  return {
    resample: readFilter(fields, filter),
    rescale: readRescale(fields),
    ...normalisation(fields),
    layout: 'nchw',
    channelOrder: 'rgb',
    background: [0, 0, 0],
    decode: 'exact',
  } as const;
}

/** Tiles along the longer side; published models have four. */
const MOST_TILES = 16;

/** A photo in tiles, each a square of `max_image_size`. */
function tileGeometry(fields: Fields): Pick<PreprocessSpec, 'width' | 'height' | 'fit' | 'tiles'> {
  const edge = (key: string, fallback: number) => {
    const value = fields.object(key)?.number('longest_edge') ?? fallback;
    if (isSide(value)) return value;
    throw fields.invalid(key, `"longest_edge", a whole number from ${SIDE.min} to ${SIDE.max}`);
  };
  const side = edge('max_image_size', 364);
  const longestEdge = edge('size', 4 * side);
  if (Math.ceil(longestEdge / side) > MOST_TILES) {
    throw fields.invalid('size', `at most ${MOST_TILES} times as long as "max_image_size"`);
  }
  return {
    width: side,
    height: side,
    fit: 'stretch',
    tiles: { longestEdge, split: fields.boolean('do_image_splitting') ?? true },
  };
}

type Refuse = (what: string) => CaptionError;

function processorOf(fields: Fields, refuse: Refuse): Processor {
  const name = fields.text('image_processor_type') ?? fields.text('feature_extractor_type');
  const vit = { filter: 'bilinear', square: true, crop: false } as const;
  if (!name) return vit;
  const kind = name.replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, '').toLowerCase();
  const known = PROCESSORS[kind];
  if (!known) throw refuse(`the steps of ${name} (known: ${Object.keys(PROCESSORS).join(', ')})`);
  return known;
}

type Size = { readonly width: number; readonly height: number };

const SIDE = MODEL_LIMITS.side;

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= SIDE.min && (value as number) <= SIDE.max;
}

/** A size in any of the shapes it has had over the years. */
function readSize(
  fields: Fields,
  key: string,
  square: boolean,
): Size | { readonly shortestEdge: number } | undefined {
  const value = fields.values[key] ?? undefined;
  if (value === undefined) return undefined;
  const side = (edge: unknown): number => {
    if (isSide(edge)) return edge;
    throw fields.invalid(key, `one or two whole numbers from ${SIDE.min} to ${SIDE.max}`);
  };
  if (typeof value === 'number') {
    return square ? { width: side(value), height: side(value) } : { shortestEdge: side(value) };
  }
  if (Array.isArray(value)) {
    const [height, width] = value;
    return { width: side(width ?? height), height: side(height) };
  }
  const { height, width, shortest_edge: shortest, longest_edge: longest } = value as JsonSize;
  if (height !== undefined || width !== undefined) {
    return { width: side(width), height: side(height) };
  }
  if (shortest !== undefined && longest === undefined) return { shortestEdge: side(shortest) };
  throw fields.invalid(key, '"height" and "width", or "shortest_edge" alone');
}

type JsonSize = Partial<Record<'height' | 'width' | 'shortest_edge' | 'longest_edge', unknown>>;

function geometry(
  resize: Size | { readonly shortestEdge: number },
  crop: Size | undefined,
  fields: Fields,
): Pick<PreprocessSpec, 'width' | 'height' | 'fit' | 'shortestEdge' | 'stretchTo'> {
  if ('shortestEdge' in resize) {
    // Without a crop every photo would come in a shape of its own, which no such encoder takes.
    if (!crop) throw fields.invalid('crop_size', 'given where "size" is the shortest edge');
    return { ...crop, fit: 'cover', shortestEdge: resize.shortestEdge };
  }
  if (!crop || (crop.width === resize.width && crop.height === resize.height)) {
    return { ...resize, fit: 'stretch' };
  }
  return { ...crop, fit: 'stretch', stretchTo: resize };
}

function readFilter(fields: Fields, fallback: Resample): Resample {
  const number = fields.number('resample');
  if (number === undefined) return fallback;
  const filter = FILTERS[number];
  if (!filter) throw fields.invalid('resample', `a whole number from 0 to ${FILTERS.length - 1}`);
  return filter;
}
