import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { noise } from '../../test/image/pictures.js';
import { fieldsOf } from '../model/huggingface/fields.js';
import { readPreprocessing } from '../model/huggingface/preprocessing.js';
import { patchesEach, patchFault, patchLayout } from './patch-layout.js';
import { minimumSize, type PreprocessSpec } from './preprocess.js';
import { pixelValues } from './tiles.js';

interface Settings {
  readonly side: number;
  readonly tile: number;
  readonly min_tokens: number;
  readonly max_tokens: number;
  readonly min_tiles: number;
  readonly max_tiles: number;
  readonly tolerance: number;
}

/** What scripts/fixtures/models/patches.py wrote of transformers' processor. */
const recorded = JSON.parse(
  readFileSync(new URL('../../test/image/fixtures/patches.json', import.meta.url), 'utf8'),
) as {
  transformers: string;
  layouts: { settings: Settings; cases: [number, number, number, number, number, number][] }[];
  pixels: {
    settings: Settings;
    cases: { seed: number; source: [number, number]; shapes: [number, number][]; sha256: string }[];
  }[];
};

/** The processor's file with those settings, as the model's folder has it. */
function specOf(s: Settings, others: object = {}): PreprocessSpec {
  return readPreprocessing(
    fieldsOf('preprocessor_config.json', {
      image_processor_type: 'Lfm2VlImageProcessorFast',
      encoder_patch_size: s.side,
      tile_size: s.tile,
      min_image_tokens: s.min_tokens,
      max_image_tokens: s.max_tokens,
      min_tiles: s.min_tiles,
      max_tiles: s.max_tiles,
      max_pixels_tolerance: s.tolerance,
      ...others,
    }),
  );
}

const PUBLISHED = specOf(recorded.layouts[0]?.settings as Settings);
const patchesOf = ({ patches }: PreprocessSpec) => {
  if (!patches) throw new Error('the processor makes patches');
  return patches;
};

describe(`patches as transformers ${recorded.transformers} makes them`, () => {
  test.each(recorded.layouts)('grids and sizes with tiles of $settings.tile', (recording) => {
    const spec = specOf(recording.settings);
    for (const [width, height, ...expected] of recording.cases) {
      const { rows, columns, whole } = patchLayout({ width, height }, spec.width, patchesOf(spec));
      expect([rows, columns, whole.width, whole.height], `${width}×${height}`).toEqual(expected);
    }
  });

  test.each(
    recorded.pixels.flatMap(({ settings, cases }) => cases.map((c) => ({ settings, ...c }))),
  )('pixels of $source with tiles of $settings.tile, to the bit', ({ settings, ...c }) => {
    const { data, patches } = pixelValues(noise(...c.source, c.seed), specOf(settings));
    expect(patches).toEqual(c.shapes);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(c.sha256);
  });
});

describe('patches of photos of any shape', () => {
  test.each([
    [65_535, 1],
    [1, 65_535],
    [30_000, 20],
    [1, 1],
    [12_000, 8000],
  ])('%i×%i have room', (width, height) => {
    const patches = patchesOf(PUBLISHED);
    const { rows, columns, whole } = patchLayout({ width, height }, 512, patches);
    const count = (whole.width / 16) * (whole.height / 16);
    expect(count).toBeLessThanOrEqual(patchesEach(patches, 512));
    expect(Number.isInteger(count) && count > 0).toBe(true);
    expect(rows * columns).toBeLessThanOrEqual(10);
  });

  test('are whole where the processor does not split', () => {
    const spec = specOf(recorded.layouts[0]?.settings as Settings, { do_image_splitting: false });
    expect(patchesOf(spec).split).toBeUndefined();
    expect(patchLayout({ width: 4000, height: 3000 }, 512, patchesOf(spec))).toMatchObject({
      rows: 1,
      columns: 1,
    });
  });

  test('have no view of the whole without a thumbnail', () => {
    const small = recorded.pixels[0]?.settings as Settings;
    const photo = noise(200, 133, 5);
    const { tiles } = pixelValues(photo, specOf(small, { use_thumbnail: false }));
    expect(tiles?.pictures).toBe((tiles?.rows ?? 0) * (tiles?.columns ?? 0));
  });
});

describe('the smallest size that a decoder may give', () => {
  test('covers all tiles and the whole', () => {
    const photo = { width: 4000, height: 3000 };
    expect(minimumSize(PUBLISHED, photo, 'fast')).toEqual({ width: 1536, height: 1024 });
    expect(minimumSize(PUBLISHED, photo)).toEqual(photo);
    expect(minimumSize(PUBLISHED, { width: 300, height: 200 }, 'fast')).toEqual({
      width: 320,
      height: 224,
    });
  });

  test("covers all of Idefics3's tiles", () => {
    const spec: PreprocessSpec = {
      width: 512,
      height: 512,
      fit: 'stretch',
      resample: 'lanczos',
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      tiles: { longestEdge: 2048 },
    };
    expect(minimumSize(spec, { width: 4000, height: 3000 }, 'fast')).toEqual({
      width: 2048,
      height: 1536,
    });
  });
});

test.each<[object, string, RegExp]>([
  [{ min_image_tokens: 300 }, 'tile_size', /no fewer features at most/],
  [{ min_tiles: 11 }, 'tile_size', /no fewer tiles/],
  [{ tile_size: 500 }, 'tile_size', /multiple of 32 pixels/],
  [{ max_tiles: 64, tile_size: 1024 }, 'tile_size', /at most 16777216 pixels/],
  [{ max_tiles: 65 }, 'max_tiles', /from 1 to 64/],
  [{ downsample_factor: 0 }, 'downsample_factor', /from 1 to 8/],
  [{ encoder_patch_size: 'x' }, 'encoder_patch_size', /a number/],
  [{ max_pixels_tolerance: -1 }, 'max_pixels_tolerance', /from 0 to 1000/],
  [{ image_std: [0, 1, 1] }, 'image_std', /other than 0/],
])('%j is refused', (fields, key, message) => {
  const read = () =>
    readPreprocessing(
      fieldsOf('preprocessor_config.json', {
        image_processor_type: 'Lfm2VlImageProcessorFast',
        ...fields,
      }),
    );
  expect(read).toThrow(
    expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(message) }),
  );
  expect(read).toThrow(`"${key}"`);
});

test('published settings are sound', () => {
  expect(patchFault(patchesOf(PUBLISHED), 512)).toBeUndefined();
});
