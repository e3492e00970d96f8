import { type PatchSpec, type PatchSplit, patchFault } from '../../image/patch-layout.js';
import type { PreprocessSpec } from '../../image/preprocess.js';
import type { Resample } from '../../image/resize.js';
import { type Limit, MODEL_LIMITS, PATCH_LIMITS } from '../../limits.js';
import type { Fields } from './fields.js';
import { normalisation, readRescale } from './normalisation.js';

/**
 * LFM2-VL's processor: a photo in square patches, in tiles if it is large. There is only a "fast" one,
 * which resizes with torchvision; it has no use for `size` and `do_resize`.
 *
 * @throws CaptionError `MODEL_INVALID`
 */
export function readPatches(fields: Fields, resample: Resample): PreprocessSpec {
  const whole = (keys: readonly string[], fallback: number, { min, max }: Limit): number => {
    const key = keys.find((name) => fields.has(name)) ?? keys[0] ?? '';
    const value = fields.number(key) ?? fallback;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw fields.invalid(key, `a whole number from ${min} to ${max}`);
  };
  const tile = whole(['tile_size'], 512, MODEL_LIMITS.side);
  const split = readSplit(fields, whole);
  const patches: PatchSpec = {
    side: whole(['encoder_patch_size', 'patch_size'], 16, PATCH_LIMITS.side),
    merge: whole(['downsample_factor'], 2, PATCH_LIMITS.merge),
    minFeatures: whole(['min_image_tokens'], 64, PATCH_LIMITS.features),
    maxFeatures: whole(['max_image_tokens'], 256, PATCH_LIMITS.features),
    ...(split && { split }),
  };
  const expected = patchFault(patches, tile);
  if (expected)
    throw fields.invalid('tile_size', `set with the other sizes so that there are ${expected}`);
  return {
    width: tile,
    height: tile,
    fit: 'stretch',
    patches,
    resample,
    arithmetic: 'torchvision',
    ...fusedLevels(fields),
    layout: 'nchw',
    channelOrder: 'rgb',
    decode: 'exact',
  };
}

function readSplit(
  fields: Fields,
  whole: (keys: readonly string[], fallback: number, limit: Limit) => number,
): PatchSplit | undefined {
  const minTiles = whole(['min_tiles'], 2, PATCH_LIMITS.tiles);
  const maxTiles = whole(['max_tiles'], 10, PATCH_LIMITS.tiles);
  const isOff = fields.boolean('do_image_splitting') === false;
  if (isOff || (minTiles === 1 && maxTiles === 1)) return undefined;
  const above = fields.number('max_pixels_tolerance') ?? 2;
  const { min, max } = PATCH_LIMITS.above;
  if (!(above >= min && above <= max)) {
    throw fields.invalid('max_pixels_tolerance', `a number from ${min} to ${max}`);
  }
  return { above, minTiles, maxTiles, overview: fields.boolean('use_thumbnail') ?? true };
}

/** "Fast" processors rescale mean and deviation instead of the pixels, in 32 bits. */
function fusedLevels(fields: Fields): Pick<PreprocessSpec, 'rescale' | 'mean' | 'std'> {
  const rescale = readRescale(fields);
  const { mean, std } = normalisation(fields);
  if (fields.boolean('do_normalize') === false) return { rescale, mean, std };
  const { fround } = Math;
  const scale = fround(1 / rescale);
  const scaled = ([r, g, b]: PreprocessSpec['mean']): PreprocessSpec['mean'] => [
    fround(fround(r) * scale),
    fround(fround(g) * scale),
    fround(fround(b) * scale),
  ];
  return { rescale: 1, mean: scaled(mean), std: scaled(std) };
}
