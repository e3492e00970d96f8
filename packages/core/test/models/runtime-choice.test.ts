import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type LoadOptions, loadCaptioner } from 'zipcaption';

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);
const tiny = join(import.meta.dirname, '../fixtures/tiny-model');
const photo = {
  width: 8,
  height: 8,
  channels: 3 as const,
  data: Uint8Array.from({ length: 192 }, (_, i) => (i * 7) % 256),
};

async function captionWith(options: LoadOptions) {
  await using captioner = await loadCaptioner(options);
  return captioner.caption(photo);
}

describe('what runs a model', () => {
  it.each([
    ['an LSTM with attention', fixture('show-attend-tell'), 'engine'],
    ['a transformer without a cache', fixture('swin-bert'), 'engine'],
    ['a merged decoder, which has an If', fixture('vit-gpt2'), 'web'],
    ['an encoder that resizes', fixture('beit-trocr'), 'web'],
  ])('%s: %s', async (_, model, runtime) => {
    expect((await captionWith({ model })).model.runtime).toBe(runtime);
  });

  it('is as asked, with the same words', async () => {
    const model = fixture('swin-bert');
    const results = [];
    for (const runtime of ['engine', 'web', 'node'] as const) {
      results.push(await captionWith({ model, runtime }));
    }
    expect(results.map((result) => result.model.runtime)).toEqual(['engine', 'web', 'node']);
    for (const { text, score } of results) {
      expect(text).toBe(results[1]?.text);
      expect(score).toBeCloseTo(results[1]?.score ?? 0, 3);
    }
  });

  it('is nothing where WebAssembly is refused, which the error says', async () => {
    const memory = vi.spyOn(WebAssembly, 'Memory').mockImplementation(function refused() {
      throw new RangeError('could not allocate memory');
    });
    try {
      await expect(loadCaptioner({ model: tiny })).rejects.toMatchObject({
        code: 'RUNTIME_UNAVAILABLE',
        message: expect.stringMatching(
          /built-in engine cannot start: could not allocate memory.*wasm-unsafe-eval/,
        ),
      });
    } finally {
      memory.mockRestore();
    }
    expect((await captionWith({ model: tiny })).model.runtime).toBe('engine');
  });

  it('is onnxruntime-web where execution providers are named', async () => {
    const { model } = await captionWith({ model: tiny, executionProviders: ['wasm'] });
    expect(model.runtime).toBe('web');
  });

  it('is a module that was handed in', async () => {
    const runtime = await import('onnxruntime-web');
    expect((await captionWith({ model: tiny, runtime })).model.runtime).toBe('custom');
  });

  it('runs on worker threads by its name', async () => {
    const { model } = await captionWith({ model: tiny, runtime: 'web', workers: 1 });
    expect(model.runtime).toBe('web');
  });

  it('does not run at all rather than on another runtime than was asked for', async () => {
    await expect(
      loadCaptioner({ model: fixture('vit-gpt2'), runtime: 'engine' }),
    ).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('The operator If'),
    });
  });
});
