import { describe, expect, test } from 'vitest';
import type { GenerationDefaults } from './model/manifest.js';
import { checkCaptionAllOptions, checkLoadOptions, resolveOptions } from './options.js';
import type { CaptionOptions } from './types.js';

const defaults: GenerationDefaults = {
  bos: 1,
  eos: 2,
  pad: 0,
  suppress: [3],
  maxLength: 20,
  minLength: 2,
  numBeams: 3,
  ...{
    lengthPenalty: 0.7,
    earlyStopping: true,
    noRepeatNgramSize: 0,
    repetitionPenalty: 1,
    tagWeight: 0,
    tagBias: 0,
    tagRepeatPenalty: 0,
  },
};
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) });

describe('resolveOptions', () => {
  test("takes the model's defaults where the call says nothing", () => {
    const { numBeams, maxLength, lengthPenalty, earlyStopping } = resolveOptions(
      { lengthPenalty: undefined } as unknown as CaptionOptions,
      defaults,
    );
    expect({ numBeams, maxLength, lengthPenalty, earlyStopping }).toEqual({
      numBeams: 3,
      maxLength: 20,
      lengthPenalty: 0.7,
      earlyStopping: true,
    });
  });

  test('widens the beam for more captions, and needs none for sampling or streaming', () => {
    expect(resolveOptions({ numCaptions: 5 }, defaults).numBeams).toBe(5);
    expect(resolveOptions({ sample: true, numCaptions: 5 }, defaults).numBeams).toBe(1);
    expect(resolveOptions({ onToken: () => {} }, defaults).numBeams).toBe(1);
  });

  test('a maxLength below the default minLength takes it along', () => {
    expect(resolveOptions({ maxLength: 1 }, defaults).minLength).toBe(1);
  });

  test.each<[unknown, RegExp]>([
    [{ beams: 3 }, /no option "beams".*numBeams/],
    [{ numBeams: 0 }, /"numBeams" must be a whole number from 1 to 64, not 0/],
    [{ numBeams: 2.5 }, /"numBeams"/],
    [{ numBeams: '3' }, /"numBeams".*not "3"/],
    [{ maxLength: 513 }, /"maxLength"/],
    [{ lengthPenalty: Number.NaN }, /"lengthPenalty".*not NaN/],
    [{ earlyStopping: 'always' }, /"earlyStopping" must be true, false or 'never'/],
    [{ temperature: 0, sample: true }, /"temperature"/],
    [{ topP: 0, sample: true }, /"topP"/],
    [{ bannedWords: 'dog' }, /"bannedWords" must be a list/],
    [{ bannedWords: ['dog', ''] }, /"bannedWords"/],
    [{ seed: -1, sample: true }, /"seed"/],
    [{ seed: 1 }, /"seed" needs "sample" true/],
    [{ signal: {} }, /"signal" must be an AbortSignal/],
    [{ attention: 1 }, /"attention" must be true or false/],
    [{ minLength: 10, maxLength: 5 }, /"minLength" \(10\) must be at most "maxLength" \(5\)/],
    [{ numCaptions: 4, numBeams: 3 }, /"numCaptions" \(4\) must be at most "numBeams"/],
    [{ sample: true, numBeams: 3 }, /"numBeams" must be 1 with "sample"/],
    [{ onToken: () => {}, numBeams: 3 }, /"onToken" needs "numBeams" 1/],
    ['fast', /must be an object/],
    [null, /must be an object/],
  ])('refuses %o', (options, message) => {
    expect(() => resolveOptions(options as CaptionOptions, defaults)).toThrow(invalid(message));
  });
});

test('captionAll knows concurrency and does not stream', () => {
  checkCaptionAllOptions({ concurrency: 2, numBeams: 1 });
  expect(() => checkCaptionAllOptions({ concurrency: 0 })).toThrow(invalid(/"concurrency"/));
  expect(() => checkCaptionAllOptions({ onToken: () => {} } as never)).toThrow(
    invalid(/"onToken"/),
  );
});

test.each<[unknown, RegExp]>([
  [{ model: 3 }, /"model"/],
  [
    { runtime: {} },
    /"runtime" must be 'engine', 'web', 'node', or a module with the API of onnxruntime-common/,
  ],
  [{ threads: 0 }, /"threads"/],
  [{ wasm: { path: 'x' } }, /"wasm"/],
  [{ modle: 'x' }, /no option "modle"/],
])('loadCaptioner refuses %o', (options, message) => {
  expect(() => checkLoadOptions(options as never)).toThrow(invalid(message));
});
