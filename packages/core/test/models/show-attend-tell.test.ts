import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { preprocess } from '../../src/image/preprocess.js';
import { loadModel } from '../../src/model/model.js';
import { folderSource } from '../../src/node/folder-source.js';
import { photo } from './photos.js';
import { difference, fixture, floats } from './recordings.js';

/** Written by scripts/fixtures/models/show_attend_tell.py with PyTorch and the tutorial's search. */
interface Recording {
  readonly photos: readonly {
    readonly pixels: string;
    readonly encoded: string;
    /** By the number of beams. */
    readonly captions: Readonly<
      Record<string, { tokens: number[]; text: string; score: number; attention: string }>
    >;
  }[];
}

const folder = fixture('show-attend-tell');
const UNKNOWN = '<unk>';
/** The tutorial prints the token for words it does not know; we leave it out, as all special ones. */
const knownWords = (text = '') => text.split(' ').filter((word) => word !== UNKNOWN);
const { photos } = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Recording;

describe('a converted checkpoint of Show, Attend and Tell', () => {
  test('searches with three beams and no length penalty by itself', async () => {
    const captioner = await loadCaptioner({ model: folder });
    expect(captioner.model.generation).toMatchObject({ numBeams: 3, lengthPenalty: 0 });
    await captioner.dispose();
  });

  test("sees PyTorch's pixels and features", async () => {
    const model = await loadModel(folderSource(folder), { runtime: ort, threads: 1 });
    for (const [index, { pixels, encoded }] of photos.entries()) {
      const ours = preprocess(photo(index), model.manifest.image);
      expect(difference(ours, floats(pixels))).toBeLessThan(1e-5);
      const { features } = (await model.encode(ours)).outputs;
      expect(difference(features?.data as Float32Array, floats(encoded))).toBeLessThan(1e-3);
    }
    await model.release();
  });

  test.each(['1', '3'])("finds the tutorial's captions with %s beams", async (beams) => {
    const captioner = await loadCaptioner({ model: folder });
    for (const [index, { captions }] of photos.entries()) {
      const expected = captions[beams];
      const caption = await captioner.caption(photo(index), { numBeams: Number(beams) });
      expect(caption.tokens.map((token) => token.id)).toEqual(expected?.tokens);
      expect(caption.text).toBe(knownWords(expected?.text).join(' '));
      if (beams !== '1') expect(caption.score).toBeCloseTo(expected?.score ?? Number.NaN, 3);
    }
    await captioner.dispose();
  });

  test('tells where it looked, word by word', async () => {
    const captioner = await loadCaptioner({ model: folder });
    for (const [index, { captions }] of photos.entries()) {
      const { attention = [] } = await captioner.caption(photo(index), { attention: true });
      const expected = floats(captions['3']?.attention ?? '');
      const words = captions['3']?.text.split(' ') ?? [];
      const places = words.flatMap((word, i) => (word === '' || word === UNKNOWN ? [] : [i]));
      expect(attention.map(({ word }) => word)).toEqual(places.map((i) => words[i]));
      for (const [i, { rows, columns, values }] of attention.entries()) {
        expect([rows, columns]).toEqual([14, 14]);
        const place = places[i] ?? 0;
        const map = expected.subarray(place * 196, (place + 1) * 196);
        expect(difference(values, map)).toBeLessThan(1e-4);
      }
    }
    await captioner.dispose();
  });
});
