import { describe, expect, test } from 'vitest';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import { wordForms } from '../text/word-forms.js';
import type { Added, TagInfluence } from './tag-influence.js';
import { searchWithTags } from './tag-search.js';
import type { DecoderStep } from './types.js';

const END = 2;

const surely = (sure: Added): TagInfluence => ({
  likely: new Map(),
  sure,
  repeatPenalty: 0,
  forms: wordForms([3, 4, 5], []),
});

describe('searchWithTags', () => {
  /** Likes to say 4, then to end; 3 and 5 are the next likeliest words. */
  const logits = { first: [0, 0, 0, 2, 4, 2], later: [0, 0, 9, 0, 0, 0] };
  function decoder(): { start: () => DecoderStep; starts: () => number } {
    let starts = 0;
    const start = (): DecoderStep => {
      starts++;
      return async (tokens) => ({
        logits: Float32Array.from(
          tokens.flatMap((token) => (token === 1 ? logits.first : logits.later)),
        ),
        vocabSize: 6,
      });
    };
    return { start, starts: () => starts };
  }
  const settings = { ...plainSettings, eos: END, numBeams: 2 };
  const tokens = async (favoured: Map<number, number>, more = {}, control = {}) => {
    const { start, starts } = decoder();
    const found = await searchWithTags(start, surely(favoured), { ...settings, ...more }, control);
    return { tokens: found[0]?.tokens, starts: starts() };
  };

  test('searches once where nothing is favoured', async () => {
    expect(await tokens(new Map())).toEqual({ tokens: [4], starts: 1 });
  });

  test('searches once where the caption says a favoured word, however weakly favoured', async () => {
    const favoured = new Map([
      [4, 0.1],
      [3, 20],
    ]);
    expect(await tokens(favoured)).toEqual({ tokens: [4], starts: 1 });
  });

  test('searches again where it says none', async () => {
    expect(await tokens(new Map([[3, 3]]))).toEqual({ tokens: [3], starts: 2 });
  });

  test('keeps the first caption where the second says none either', async () => {
    expect(await tokens(new Map([[3, 0.5]]))).toEqual({ tokens: [4], starts: 2 });
  });

  test('counts words of the prefix', async () => {
    expect(await tokens(new Map([[3, 3]]), { prompt: [3, 1] })).toEqual({ tokens: [4], starts: 1 });
  });

  test('gives the words of the caption that it settles on, and no others', async () => {
    for (const [word, bias] of [
      [3, 3],
      [4, 0.5],
    ] as const) {
      const told: number[] = [];
      const onToken = (token: number) => told.push(token);
      const watched = await tokens(new Map([[3, bias]]), { numBeams: 1 }, { onToken });
      expect(watched).toEqual(await tokens(new Map([[3, bias]]), { numBeams: 1 }));
      expect(told).toEqual([word]);
    }
  });

  test('gives the words before a favoured one with it, the later ones at once', async () => {
    const seen: number[][] = [];
    const told: number[] = [];
    const script = [4, 3, 5, END];
    let at = 0;
    const start = (): DecoderStep => async () => {
      seen.push([...told]);
      const scores = new Float32Array(6);
      scores[script[at++] ?? END] = 9;
      return { logits: scores, vocabSize: 6 };
    };
    const control = { onToken: (token: number) => void told.push(token) };
    await searchWithTags(start, surely(new Map([[3, 1]])), { ...settings, numBeams: 1 }, control);
    expect(seen).toEqual([[], [], [4, 3], [4, 3, 5]]);
    expect(told).toEqual([4, 3, 5]);
  });

  test('favours them in drawn captions, too', async () => {
    const drawn = await tokens(new Map([[3, 20]]), { numBeams: 1, sample: true });
    expect(drawn.tokens).toEqual([3]);
  });
});
