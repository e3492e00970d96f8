import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Captioner } from 'zipcaption';
import { engineFromEnvironment } from './engine-from-environment.js';

const folder = fileURLToPath(
  new URL('../../../core/test/models/fixtures/vit-gpt2/', import.meta.url),
);
const load = (dtype: string) =>
  engineFromEnvironment({ ZIPCAPTION_MODEL: folder, ZIPCAPTION_DTYPE: dtype });

describe('ZIPCAPTION_DTYPE', () => {
  it('chooses the files of a Hugging Face folder', async () => {
    const captions = new Set<number>();
    for (const dtype of ['fp32', 'q8']) {
      const engine = await load(dtype);
      const pixels = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192) };
      captions.add((await engine.caption(pixels, { numBeams: 1 })).score);
    }
    // Rounded weights make other scores.
    expect(captions.size).toBe(2);
  });

  it('is refused where it is no number format, or the folder has none such', async () => {
    await expect(load('q3')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('fp32, q8'),
    });
    await expect(load('bnb4')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('bnb4'),
    });
  });
});

describe('ZIPCAPTION_RUNTIME=native', () => {
  it('captions on worker threads as on the calling thread', async () => {
    const pixels = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192) };
    const results = [];
    for (const workers of [0, 2]) {
      const engine = await engineFromEnvironment(
        { ZIPCAPTION_MODEL: folder, ZIPCAPTION_RUNTIME: 'native' },
        undefined,
        workers,
      );
      const both = await Promise.all([engine.caption(pixels), engine.caption(pixels)]);
      results.push(...both.map(({ text, score, model }) => ({ text, score, ...model })));
      if ('dispose' in engine) await (engine as Captioner).dispose();
    }
    expect(new Set(results.map(({ text, score }) => `${text} ${score}`)).size).toBe(1);
    expect(results.map(({ runtime }) => runtime)).toEqual(['custom', 'custom', 'node', 'node']);
  });
});

describe('ZIPCAPTION_THREADS', () => {
  const model = { ZIPCAPTION_MODEL: folder, ZIPCAPTION_DTYPE: 'q8' };

  it('may be a whole number', async () => {
    const engine = await engineFromEnvironment({ ...model, ZIPCAPTION_THREADS: ' 2 ' });
    const pixels = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192) };
    expect((await engine.caption(pixels)).text).toBeTypeOf('string');
  });

  it.each(['0', 'many', '1.5'])('is refused as %s', async (ZIPCAPTION_THREADS) => {
    await expect(engineFromEnvironment({ ...model, ZIPCAPTION_THREADS })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('"threads"'),
    });
  });
});
