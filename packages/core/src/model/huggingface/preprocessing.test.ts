import { describe, expect, test } from 'vitest';
import { fieldsOf } from './fields.js';
import { readPreprocessing } from './preprocessing.js';

const read = (json: object) => readPreprocessing(fieldsOf('preprocessor_config.json', json));

/** The file of the best-known repository, Xenova/vit-gpt2-image-captioning, by its fields. */
const VIT = {
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  feature_extractor_type: 'ViTFeatureExtractor',
  image_mean: [0.5, 0.5, 0.5],
  image_processor_type: 'ViTFeatureExtractor',
  image_std: [0.5, 0.5, 0.5],
  resample: 2,
  rescale_factor: 0.00392156862745098,
  size: { height: 224, width: 224 },
};

describe('preprocessor_config.json', () => {
  test('of vit-gpt2', () => {
    expect(read(VIT)).toMatchObject({
      width: 224,
      height: 224,
      fit: 'stretch',
      resample: 'bilinear',
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      rescale: 1 / 255,
    });
  });

  test.each<[string, object, object]>([
    ['a number: a square', { size: 384 }, { width: 384, height: 384, fit: 'stretch' }],
    ['height and width', { size: { height: 32, width: 64 } }, { width: 64, height: 32 }],
    ['a pair, height first', { size: [32, 64] }, { width: 64, height: 32 }],
    [
      'the shortest edge, and a crop',
      { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: 224 },
      { width: 224, height: 224, fit: 'cover', shortestEdge: 256 },
    ],
    [
      "CLIP's number: the shortest edge",
      { image_processor_type: 'CLIPFeatureExtractor', size: 256, crop_size: 224 },
      { width: 224, height: 224, fit: 'cover', shortestEdge: 256 },
    ],
    [
      "DeiT's stretch, then a crop",
      { image_processor_type: 'DeiTFeatureExtractor', size: 256, crop_size: 224 },
      { width: 224, height: 224, fit: 'stretch', stretchTo: { width: 256, height: 256 } },
    ],
    ['none: 224', { size: undefined }, { width: 224, height: 224, fit: 'stretch' }],
  ])('size as %s', (_, fields, expected) => {
    expect(read({ ...VIT, ...fields })).toMatchObject(expected);
  });

  // https://pillow.readthedocs.io/en/stable/reference/Image.html#resampling-filters
  test.each([
    [0, 'nearest'],
    [1, 'lanczos'],
    [2, 'bilinear'],
    [3, 'bicubic'],
    [4, 'box'],
    [5, 'hamming'],
  ])('filter %i is %s', (resample, name) => {
    expect(read({ ...VIT, resample }).resample).toBe(name);
  });

  test('what is switched off is left out', () => {
    const { rescale, mean, std } = read({ ...VIT, do_rescale: false, do_normalize: false });
    expect({ rescale, mean, std }).toEqual({ rescale: 1, mean: [0, 0, 0], std: [1, 1, 1] });
  });

  test.each<[string, object, RegExp]>([
    ['no resizing', { do_resize: false }, /exactly the right size/],
    ['padding', { do_pad: true }, /do_pad/],
    ['the shortest edge alone', { size: { shortest_edge: 224 } }, /crop_size/],
    ['a longest edge', { size: { shortest_edge: 224, longest_edge: 300 } }, /shortest_edge/],
    ['a size of 0', { size: 0 }, /from 1 to 4096/],
    ['two means', { image_mean: [0.5, 0.5] }, /three numbers/],
    ['no spread', { image_std: [0, 1, 1] }, /other than 0/],
    [
      'an unknown processor',
      { image_processor_type: 'DonutImageProcessor' },
      /DonutImageProcessor/,
    ],
  ])('%s is refused', (_, fields, message) => {
    expect(() => read({ ...VIT, ...fields })).toThrow(message);
  });
});
