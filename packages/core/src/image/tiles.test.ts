import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { noise } from '../../test/image/pictures.js';
import { fieldsOf } from '../model/huggingface/fields.js';
import { readPreprocessing } from '../model/huggingface/preprocessing.js';
import { scaledSize, tiledSize } from './tile-sizes.js';
import { pixelValues } from './tiles.js';

/** What scripts/fixtures/models/tiles.py wrote of transformers' processors. */
const recorded = JSON.parse(
  readFileSync(new URL('../../test/image/fixtures/tiles.json', import.meta.url), 'utf8'),
) as {
  transformers: string;
  layouts: [width: number, height: number, rows: number, columns: number][];
  pixels: {
    processor: string;
    settings: { longest: number; tile: number };
    cases: {
      seed: number;
      source: [number, number];
      grid: [number, number];
      pictures: number;
      sha256: string;
    }[];
  }[];
};

describe(`tiles as transformers ${recorded.transformers} makes them`, () => {
  test('grids of 512 pixels in a photo of 2048', () => {
    for (const [width, height, ...expected] of recorded.layouts) {
      const size = tiledSize(scaledSize({ width, height }, 2048), 512);
      expect([size.height / 512, size.width / 512], `${width}×${height}`).toEqual(expected);
    }
  });

  test.each(
    recorded.pixels.flatMap(({ cases, ...model }) => cases.map((c) => ({ ...model, ...c }))),
  )('$pictures pictures of $source by $processor, to the bit', ({ processor, settings, ...c }) => {
    const spec = readPreprocessing(
      fieldsOf('preprocessor_config.json', {
        image_processor_type: processor,
        size: { longest_edge: settings.longest },
        max_image_size: { longest_edge: settings.tile },
      }),
    );
    const { data, tiles } = pixelValues(noise(...c.source, c.seed), spec);
    expect([tiles?.rows, tiles?.columns, tiles?.pictures]).toEqual([...c.grid, c.pictures]);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(c.sha256);
  });
});
