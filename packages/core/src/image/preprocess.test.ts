import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noise } from '../../test/image/pictures.js';
import { fitted, minimumSize, type PreprocessSpec, preprocess } from './preprocess.js';
import { resize } from './resize.js';
import type { Levels } from './types.js';

const recorded = JSON.parse(
  readFileSync(
    new URL('../../test/image/fixtures/huggingface-preprocess.json', import.meta.url),
    'utf8',
  ),
) as {
  transformers: string;
  cases: { seed: number; source: [number, number]; spec: PreprocessSpec; values: string }[];
};

const plain: PreprocessSpec = {
  width: 4,
  height: 4,
  fit: 'stretch',
  resample: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

describe(`preprocess against Hugging Face transformers ${recorded.transformers}`, () => {
  it.each(recorded.cases)(
    '$source, $spec.fit to $spec.width×$spec.height, shortest edge $spec.shortestEdge',
    (c) => {
      const bytes = Uint8Array.from(Buffer.from(c.values, 'base64'));
      const expected = new Float32Array(bytes.buffer);
      const actual = preprocess(noise(...c.source, c.seed), c.spec);
      expect(actual.length).toBe(expected.length);
      // Theirs divides and subtracts in 32-bit numbers, ours in 64: a few units in the last place.
      actual.forEach((value, i) => {
        expect(Math.abs(value - (expected[i] ?? Number.NaN))).toBeLessThan(2e-6);
      });
    },
  );
});

describe('layout', () => {
  const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const spec: PreprocessSpec = { ...plain, width: 2, height: 1, rescale: 1 };

  it('goes channel by channel, or pixel by pixel', () => {
    expect([...preprocess(image, spec)]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...preprocess(image, { ...spec, layout: 'nhwc' })]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('turns the channels round for BGR; mean and std stay those of R, G, B', () => {
    const bgr: PreprocessSpec = { ...spec, channelOrder: 'bgr', mean: [10, 20, 30] };
    expect([...preprocess(image, bgr)]).toEqual([-27, -24, -18, -15, -9, -6]);
    expect([...preprocess(image, { ...bgr, layout: 'nhwc' })]).toEqual([
      -27, -18, -9, -24, -15, -6,
    ]);
  });

  it('rescales by 1/255 unless told otherwise', () => {
    const white = { width: 1, height: 1, data: Uint8Array.of(255, 255, 255) };
    expect([...preprocess(white, { ...plain, width: 1, height: 1 })]).toEqual([1, 1, 1]);
  });
});

describe('averages with fractions', () => {
  const averages = {
    width: 2,
    height: 1,
    data: Float32Array.of(0.25, 1.5, 254.75, 3.125, 99.5, 6),
  };
  const spec: PreprocessSpec = { ...plain, width: 2, height: 1, rescale: 1 };

  it('are normalised without being rounded', () => {
    expect([...preprocess(averages, spec)]).toEqual([0.25, 3.125, 1.5, 99.5, 254.75, 6]);
    const bgr: PreprocessSpec = {
      ...spec,
      rescale: 0.5,
      layout: 'nhwc',
      channelOrder: 'bgr',
      mean: [1, 2, 3],
      std: [0.5, 0.25, 2],
    };
    expect([...preprocess(averages, bgr)]).toEqual([62.1875, -5, -1.75, 0, 191, 1.125]);
    const usual: PreprocessSpec = {
      ...spec,
      rescale: 1 / 255,
      layout: 'nhwc',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    };
    const expected = Array.from(averages.data, (value, i) =>
      Math.fround((value / 255 - (usual.mean[i % 3] ?? 0)) / (usual.std[i % 3] ?? 0)),
    );
    preprocess(averages, usual).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 6);
    });
  });

  it('that are whole give what levels give, to the bit', () => {
    const levels = noise(16, 9, 2);
    const whole = { ...levels, data: Float32Array.from(levels.data) };
    const same: PreprocessSpec = { ...plain, width: 16, height: 9, mean: [0.4, 0.5, 0.6] };
    expect(preprocess(whole, same)).toEqual(preprocess(levels, same));
  });

  it('keep their fractions when they are resized and laid on a background', () => {
    const square: PreprocessSpec = { ...plain, rescale: 1, fit: 'contain', layout: 'nhwc' };
    const data = new Float32Array(2 * 1 * 3).fill(100.125);
    const rows = rowsOf(preprocess({ width: 2, height: 1, data }, square), 4);
    expect(rows.map((row) => new Set(row))).toEqual([
      ...[new Set([128]), new Set([100.125])],
      ...[new Set([100.125]), new Set([128])],
    ]);
  });
});

describe('fit', () => {
  it('contain shows all of the photo, the rest in the background colour', () => {
    const wide = { width: 8, height: 2, data: new Uint8Array(8 * 2 * 3).fill(200) };
    const spec: PreprocessSpec = { ...plain, fit: 'contain', background: [1, 2, 3] };
    const rows = rowsOf(fitted(wide, spec).data, 4);
    expect(rows[0]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
    expect(new Set(rows[1])).toEqual(new Set([200]));
    expect(rows[2]).toEqual(rows[0]);
    expect(rows[3]).toEqual(rows[0]);
    expect(fitted(wide, { ...plain, fit: 'contain' }).data[0]).toBe(128);
  });

  it('cover fills all of it and keeps the middle', () => {
    const image = noise(30, 11, 5);
    const whole = resize(image, { width: 10, height: 4 }, 'bilinear');
    const expected = rowsOf(whole.data, 10).map((row) => row.slice(9, 21));
    expect(rowsOf(fitted(image, { ...plain, fit: 'cover' }).data, 4)).toEqual(expected);
  });

  it('never makes a side of nothing', () => {
    const line = { width: 1000, height: 1, data: new Uint8Array(3000).fill(9) };
    expect(fitted(line, { ...plain, fit: 'contain' }).data[4 * 3]).toBe(9);
    expect(fitted(line, { ...plain, fit: 'cover' }).data).toEqual(new Uint8Array(48).fill(9));
  });
});

describe('minimumSize', () => {
  it.each([
    ['stretch', undefined, { width: 4, height: 4 }],
    ['contain', undefined, { width: 4, height: 2 }],
    ['cover', undefined, { width: 8, height: 4 }],
    ['cover', 6, { width: 12, height: 6 }],
  ] as const)('%s, shortest edge %s', (fit, shortestEdge, size) => {
    const spec = shortestEdge ? { ...plain, fit, shortestEdge } : { ...plain, fit };
    expect(minimumSize(spec, { width: 2000, height: 1000 })).toEqual(size);
  });
});

it('to be exact, all of a photo is needed, whether the call or the model says so', () => {
  const photo = { width: 2000, height: 1000 };
  expect(minimumSize(plain, photo, 'exact')).toEqual(photo);
  expect(minimumSize({ ...plain, decode: 'exact' }, photo)).toEqual(photo);
  expect(minimumSize({ ...plain, decode: 'exact' }, photo, 'fast')).toEqual({
    width: 4,
    height: 4,
  });
});

describe('a photo that came reduced', () => {
  it('lies where it lay in full size, though its last column stands for less', () => {
    // A slope over 100 columns, averaged by 8: the thirteenth column stands for four, not eight.
    const full = { width: 100, height: 8, data: slope(100, 8, 1) };
    const reduced = { width: 13, height: 1, data: Float32Array.from(slope(13, 1, 8)) };
    const spec: PreprocessSpec = { ...plain, width: 10, height: 1 };
    const reduction = { full: { width: 100, height: 8 }, x: 8, y: 8, left: 0, top: 0 };
    const expected = fitted(full, spec).data;
    const told = fitted({ ...reduced, reduction }, spec).data;
    const untold = fitted(reduced, spec).data;
    expect(largest(told, expected)).toBeLessThanOrEqual(1);
    expect(largest(untold, expected)).toBeGreaterThan(4);
  });

  it('is fitted by the size it had, not by the one it has', () => {
    const reduction = { full: { width: 30, height: 10 }, x: 7, y: 7, left: 0, top: 0 };
    const reduced = { width: 5, height: 2, data: new Float32Array(30).fill(200), reduction };
    const spec: PreprocessSpec = { ...plain, width: 9, height: 9, fit: 'contain' };
    const rows = rowsOf(fitted(reduced, spec).data, 9).map((row) => row[0]);
    expect(rows).toEqual([128, 128, 128, 200, 200, 200, 128, 128, 128]);
  });
});

function rowsOf(data: Levels, width: number): number[][] {
  return Array.from({ length: data.length / (width * 3) }, (_, y) => [
    ...data.subarray(y * width * 3, (y + 1) * width * 3),
  ]);
}

/** Grey rising by two a column of the full picture; a pixel shows the mean of what it stands for. */
function slope(width: number, height: number, factor: number): Uint8Array {
  const grey = (x: number) => {
    const covered = Math.min(factor, 100 - x * factor);
    return Math.round(2 * x * factor + (covered - 1));
  };
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => grey(Math.floor(i / 3) % width));
}

function largest(a: Levels, b: Levels): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? 0))));
}
