import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { pixelValues } from '../../src/image/tiles.js';
import { loadModel } from '../../src/model/model.js';
import { promptTokens } from '../../src/model/prompt.js';
import { folderSource } from '../../src/node/folder-source.js';
import type { CaptionOptions } from '../../src/types.js';
import { photo } from './photos.js';
import { difference, fixture, floats } from './recordings.js';

/** What scripts/fixtures/models/prompted_recordings.py wrote of the Python original. */
interface Recording {
  readonly photos: readonly {
    /** 32-bit floats in base64. */
    readonly pixels: string;
    readonly prompts: readonly {
      readonly prompt: string;
      readonly ids: readonly number[];
      readonly captions: readonly {
        readonly options: CaptionOptions;
        readonly found: readonly {
          readonly tokens: readonly number[];
          readonly text: string;
          readonly score?: number;
        }[];
      }[];
    }[];
  }[];
  /** The tokens of odd prompts with the first photo. */
  readonly texts: Readonly<Record<string, readonly number[]>>;
}

/** What scripts/fixtures/models/transformers-js wrote: by number format, photo and prompt. */
type TransformersJs = Readonly<
  Record<
    'fp32' | 'q8',
    readonly Readonly<
      Record<string, { readonly ids: readonly number[]; readonly tokens: readonly number[] }>
    >[]
  >
>;

const transformersJs = (family: string): TransformersJs =>
  JSON.parse(readFileSync(`${fixture(family)}transformers-js.json`, 'utf8'));

const recording = (family: string): Recording =>
  JSON.parse(readFileSync(`${fixture(family)}expected.json`, 'utf8'));

const FAMILIES = ['florence2', 'smolvlm', 'llava-qwen2', 'llava-onevision', 'lfm2-vl'];

describe.each(FAMILIES)('%s', (family) => {
  test('captions as transformers does, over prompts and settings', async () => {
    const captioner = await loadCaptioner({ model: fixture(family) });
    for (const [index, { prompts }] of recording(family).photos.entries()) {
      for (const { prompt, captions } of prompts) {
        for (const { options, found } of captions) {
          const settings = { prompt, maxLength: 24, ...options };
          const caption = await captioner.caption(photo(index), settings);
          const all = [caption, ...caption.alternatives];
          const where = `photo ${index}, ${JSON.stringify(settings)}`;
          expect(
            all.map(({ tokens }) => tokens.map((token) => token.id)),
            where,
          ).toEqual(found.map(({ tokens }) => tokens));
          expect(
            all.map(({ text }) => text),
            where,
          ).toEqual(found.map(({ text }) => text.trimStart()));
          for (const [rank, { score }] of found.entries()) {
            if (score !== undefined) expect(all[rank]?.score, where).toBeCloseTo(score, 3);
          }
        }
      }
    }
    await captioner.dispose();
  });

  test('sees the pixels that transformers sees', async () => {
    const captioner = await loadCaptioner({ model: fixture(family) });
    for (const [index, { pixels }] of recording(family).photos.entries()) {
      const { data } = pixelValues(photo(index), captioner.model.image);
      expect(difference(data, floats(pixels))).toBe(0);
    }
    await captioner.dispose();
  });

  test.each(['fp32', 'q8'] as const)(
    'says what transformers.js says, greedily, in %s',
    async (dtype) => {
      // Runtimes round quantised sums differently: these are compared on the one that was recorded.
      const runtime = dtype === 'q8' ? ('node' as const) : undefined;
      const captioner = await loadCaptioner({
        model: fixture(family),
        dtype,
        ...(runtime && { runtime }),
      });
      const { eos } = captioner.model.generation;
      for (const [index, prompts] of transformersJs(family)[dtype].entries()) {
        for (const [prompt, { tokens }] of Object.entries(prompts)) {
          const caption = await captioner.caption(photo(index), {
            prompt,
            numBeams: 1,
            maxLength: 24,
          });
          const words = tokens.filter((token) => token !== eos);
          expect(
            caption.tokens.map((token) => token.id),
            `photo ${index}, ${prompt}`,
          ).toEqual(words);
        }
      }
      await captioner.dispose();
    },
  );

  test('is asked in the words that transformers and transformers.js use', async () => {
    const model = await loadModel(folderSource(fixture(family)), { runtime: ort, threads: 1 });
    const { manifest, tokenizer } = model;
    const asked = (index: number, prompt: string) => {
      const { tiles, patches } = pixelValues(photo(index), manifest.image);
      const { rows, columns, pictures } = tiles ?? { rows: 1, columns: 1, pictures: 1 };
      // Four of a tile, one of four patches, sixteen of a photo in one piece; Florence's stand
      // before the prompt.
      const features =
        patches?.map(([down, across]) => (down * across) / 4) ??
        new Array(pictures).fill(tiles ? 4 : 16);
      const pieces = { rows, columns, features };
      return manifest.prompt && promptTokens(manifest.prompt, prompt, pieces, tokenizer);
    };
    const { photos, texts } = recording(family);
    for (const [index, { prompts }] of photos.entries()) {
      for (const { prompt, ids } of prompts) {
        expect(asked(index, prompt)).toEqual(ids);
        expect(asked(index, prompt)).toEqual(transformersJs(family).fp32[index]?.[prompt]?.ids);
      }
    }
    for (const [text, ids] of Object.entries(texts)) {
      expect(asked(0, text), text).toEqual(ids);
      expect(asked(0, ` ${text}\n`), 'spaces around it').toEqual(ids);
    }
    await model.release();
  });
});

test('smolvlm looks at as many pictures as a published model does', async () => {
  const captioner = await loadCaptioner({ model: fixture('smolvlm') });
  const pictures = [0, 1, 2].map(
    (index) => pixelValues(photo(index), captioner.model.image).tiles?.pictures,
  );
  expect(pictures).toEqual([13, 13, 9]);
  await captioner.dispose();
});

describe('a prompt', () => {
  test('is short by default, and has a length of its own', async () => {
    const captioner = await loadCaptioner({ model: fixture('florence2') });
    const ids = async (options: CaptionOptions) =>
      (await captioner.caption(photo(2), { numBeams: 1, ...options })).tokens.map(({ id }) => id);
    const short = await ids({ prompt: 'short' });
    expect(await ids({})).toEqual(short);
    expect(await ids({ prompt: '<CAPTION>' })).toEqual(short);
    expect(await ids({ prompt: 'detailed' })).not.toEqual(short);
    expect(captioner.model.prompt?.tasks).toMatchObject({
      short: { maxLength: 40 },
      detailed: { maxLength: 120 },
      long: { maxLength: 300 },
    });
    await captioner.dispose();
  });

  test('goes with streaming, sampling, banned words, a prefix and several photos', async () => {
    const captioner = await loadCaptioner({ model: fixture('florence2') });
    const pieces: string[] = [];
    const onToken = (piece: string) => pieces.push(piece);
    const streamed = await captioner.caption(photo(1), { prompt: 'short', onToken });
    expect(pieces.join('')).toBe(streamed.text);
    const drawn = { prompt: 'short', sample: true, temperature: 2, seed: 5, maxLength: 8 };
    const [first, again] = [
      await captioner.caption(photo(1), drawn),
      await captioner.caption(photo(1), drawn),
    ];
    expect(again.text).toBe(first.text);
    const prefixed = await captioner.caption(photo(1), { prefix: 'a brown dog', maxLength: 6 });
    expect(prefixed.text).toMatch(/^a brown dog/);
    const texts: (string | undefined)[] = [];
    for await (const { text } of captioner.captionAll([photo(0), photo(2)], {
      prompt: 'detailed',
      numBeams: 2,
      maxLength: 12,
    })) {
      texts.push(text);
    }
    const alone = await captioner.caption(photo(2), {
      prompt: 'detailed',
      numBeams: 2,
      maxLength: 12,
    });
    expect(texts[1]).toBe(alone.text);
    await captioner.dispose();
  });

  test('to a model that takes none is refused', async () => {
    const captioner = await loadCaptioner({ model: fixture('vit-gpt2') });
    await expect(captioner.caption(photo(0), { prompt: 'short' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('takes no prompt'),
    });
    await captioner.dispose();
  });

  test.each(['florence2', 'smolvlm', 'lfm2-vl'])(
    'longer than %s has positions for is refused',
    async (family) => {
      const captioner = await loadCaptioner({ model: fixture(family) });
      await expect(
        captioner.caption(photo(0), { prompt: 'a dog '.repeat(120) }),
      ).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/take \d+ positions together, and the model has (96|256)/),
      });
      await captioner.dispose();
    },
  );

  test('has no say in where the photo stands', async () => {
    const captioner = await loadCaptioner({ model: fixture('smolvlm') });
    const ask = async (prompt: string) =>
      (await captioner.caption(photo(0), { prompt, numBeams: 1, maxLength: 6 })).text;
    const plain = await ask('What is the text?');
    expect(await ask('What <ima<image>ge>is the<image> text?')).toBe(plain);
    await captioner.dispose();
  });

  test.each(['', '  ', 'x'.repeat(2001), 5])('of %j is refused', async (prompt) => {
    const captioner = await loadCaptioner({ model: fixture('florence2') });
    await expect(captioner.caption(photo(0), { prompt: prompt as string })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    await captioner.dispose();
  });
});
