import type { PreprocessSpec } from '../../image/preprocess.js';
import type { Fields } from './fields.js';

/** What 0–255 is multiplied with. */
export function readRescale(fields: Fields): number {
  return fields.boolean('do_rescale') === false ? 1 : (fields.number('rescale_factor') ?? 1 / 255);
}

/** `image_mean` and `image_std`. */
export function normalisation(fields: Fields): Pick<PreprocessSpec, 'mean' | 'std'> {
  if (fields.boolean('do_normalize') === false) return { mean: [0, 0, 0], std: [1, 1, 1] };
  const triple = (key: string): readonly [number, number, number] => {
    const value = fields.values[key] ?? 0.5;
    const list = typeof value === 'number' ? [value, value, value] : value;
    const sound =
      Array.isArray(list) && list.length === 3 && list.every((x) => typeof x === 'number');
    if (sound) return list as [number, number, number];
    throw fields.invalid(key, 'three numbers');
  };
  const std = triple('image_std');
  if (std.includes(0)) throw fields.invalid('image_std', 'three numbers other than 0');
  return { mean: triple('image_mean'), std };
}
