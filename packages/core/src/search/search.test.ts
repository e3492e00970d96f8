import { describe, expect, test, vi } from 'vitest';
import { plainSettings } from '../../test/fixtures/search/settings.js';
import { decoderOf } from '../../test/fixtures/search/table-model.js';
import { search } from './search.js';
import type { DecoderStep, SearchSettings } from './types.js';

/** Counts up from the token before; never ends by itself. */
const counting = (sequence: readonly number[]) =>
  Array.from({ length: 50 }, (_, token) => (token === (sequence.at(-1) ?? 0) + 1 ? 9 : 0));
const waysToSearch: [string, Partial<SearchSettings>][] = [
  ['greedy search', {}],
  ['beam search', { numBeams: 3 }],
  ['sampling', { sample: true, numCaptions: 3 }],
];
const neverEnding = { ...plainSettings, prompt: [3], maxLength: 30 };

describe('the prompt', () => {
  test.each(waysToSearch)('is fed in one row, a token at a time: %s', async (_, way) => {
    const fed: [readonly number[], readonly number[]][] = [];
    const { step } = decoderOf(counting);
    const watched: DecoderStep = (tokens, parents) => {
      fed.push([tokens, parents]);
      return step(tokens, parents);
    };
    await search(watched, { ...neverEnding, ...way, prompt: [3, 8, 5], maxLength: 2 });
    expect(fed.slice(0, 3)).toEqual([
      [[3], [0]],
      [[8], [0]],
      [[5], [0]],
    ]);
    const [tokens, parents] = fed[3] ?? [];
    expect(parents).toEqual(tokens?.map(() => 0));
  });

  test('must not be empty', async () => {
    await expect(
      search(decoderOf(counting).step, { ...plainSettings, prompt: [] }),
    ).rejects.toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });
});

describe('greedy search', () => {
  test('takes the best token until the end token', async () => {
    const row = (best: number) => Array.from({ length: 5 }, (_, token) => (token === best ? 2 : 0));
    const model = (sequence: readonly number[]) => row(sequence.length < 3 ? 4 : 2);
    const found = await search(decoderOf(model).step, plainSettings);

    const logProb = 2 - Math.log(Math.exp(2) + 4);
    const near = expect.closeTo(logProb, 7);
    expect(found).toEqual([
      { tokens: [4, 4], logProbs: [near, near], endLogProb: near, score: near, finished: true },
    ]);
  });

  test('stops at the longest length', async () => {
    const [found] = await search(decoderOf(counting).step, { ...neverEnding, maxLength: 4 });
    expect(found).toMatchObject({ tokens: [4, 5, 6, 7], finished: false, endLogProb: 0 });
  });

  test('of equal tokens takes the first', async () => {
    const [found] = await search(decoderOf(() => [0, 1, 0, 1]).step, {
      ...plainSettings,
      maxLength: 1,
    });
    expect(found?.tokens).toEqual([1]);
  });
});

describe('watching', () => {
  test.each(waysToSearch.filter(([way]) => way !== 'beam search'))(
    'tells each token as it is found, but not the end: %s',
    async (_, way) => {
      const model = (sequence: readonly number[]) =>
        sequence.length < 4 ? [0, 0, -99, 9] : [0, 0, 99, 0];
      const onToken = vi.fn();
      const settings = { ...plainSettings, ...way, numCaptions: 1 };
      const [found] = await search(decoderOf(model).step, settings, { onToken });
      expect(found?.finished).toBe(true);
      expect(onToken.mock.calls).toEqual(
        found?.tokens.map((token, i) => [token, found.logProbs[i]]),
      );
    },
  );

  test('lets other tasks run between steps', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    const onToken = () => {
      const until = performance.now() + 2;
      while (performance.now() < until);
    };
    await search(decoderOf(counting).step, neverEnding, { onToken });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });
});

describe('the signal', () => {
  test.each(waysToSearch)('stops before the first step: %s', async (_, way) => {
    const step = vi.fn<DecoderStep>();
    const reason = new Error('enough');
    const control = { signal: AbortSignal.abort(reason) };
    await expect(search(step, { ...neverEnding, ...way }, control)).rejects.toThrow(
      expect.objectContaining({ code: 'ABORTED', cause: reason }),
    );
    expect(step).not.toHaveBeenCalled();
  });

  test.each(waysToSearch)('stops between steps: %s', async (_, way) => {
    const controller = new AbortController();
    const { step, rowsPerStep } = decoderOf(counting);
    const stopping: DecoderStep = async (tokens, parents) => {
      if (rowsPerStep.length === 4) controller.abort();
      return step(tokens, parents);
    };
    const searching = search(stopping, { ...neverEnding, ...way }, { signal: controller.signal });
    await expect(searching).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }));
    expect(rowsPerStep.length).toBe(5);
  });

  test('is heard from a timer although the decoder never waits', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    const settings = { ...neverEnding, maxLength: 10_000 };
    const searching = search(decoderOf(() => [0, 1]).step, settings, { signal: controller.signal });
    await expect(searching).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }));
  });
});

describe('options that do not go together are refused', () => {
  test.each<[string, Partial<SearchSettings>, boolean]>([
    ['sampling with beams', { sample: true, numBeams: 2 }, false],
    ['several captions of greedy search', { numCaptions: 2 }, false],
    ['more captions than beams', { numBeams: 2, numCaptions: 3 }, false],
    ['streaming a beam search', { numBeams: 2 }, true],
    ['streaming several captions', { sample: true, numCaptions: 2 }, true],
  ])('%s', async (_, options, streamed) => {
    const control = streamed ? { onToken: () => {} } : {};
    const step = vi.fn<DecoderStep>();
    await expect(search(step, { ...plainSettings, ...options }, control)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
    expect(step).not.toHaveBeenCalled();
  });
});

describe('a decoder that fails', () => {
  test.each(waysToSearch)('with scores that are no numbers ends the search: %s', async (_, way) => {
    const model = (sequence: readonly number[]) =>
      sequence.length < 3 ? [1, 1, -9, 1] : [1, NaN, 0, 1];
    await expect(search(decoderOf(model).step, { ...plainSettings, ...way })).rejects.toThrow(
      expect.objectContaining({ code: 'RUNTIME_FAILED', message: expect.stringContaining('NaN') }),
    );
  });

  test.each([
    ['rows', { logits: new Float32Array(7), vocabSize: 4 }],
    ['vocabulary', { logits: new Float32Array(0), vocabSize: 0 }],
    ['attention', { logits: new Float32Array(4), vocabSize: 4, attention: new Float32Array(5) }],
  ])('in the shape of its %s is told so', async (_, output) => {
    let calls = 0;
    const step: DecoderStep = async (tokens) =>
      calls++ === 0 && output.logits.length === 4
        ? { logits: new Float32Array(4), vocabSize: 4 }
        : {
            ...output,
            logits:
              output.logits.length === 4 ? new Float32Array(4 * tokens.length) : output.logits,
          };
    const settings = { ...plainSettings, numBeams: 3, prompt: [1] };
    await expect(search(step, settings)).rejects.toThrow(
      expect.objectContaining({ code: 'RUNTIME_FAILED' }),
    );
  });

  test('with an error of its own passes it on', async () => {
    const error = new Error('the runtime is gone');
    await expect(search(() => Promise.reject(error), plainSettings)).rejects.toBe(error);
  });
});
