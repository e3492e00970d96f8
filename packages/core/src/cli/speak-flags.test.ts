import { describe, expect, it } from 'vitest';
import type { CaptionError } from '../index.js';
import { resolveOptions } from '../options.js';
import { speakFlags } from './speak-flags.js';

describe('speakFlags', () => {
  it('turns the names of options into flags', () => {
    const defaults = {
      ...{
        bos: 0,
        eos: 0,
        pad: 0,
        suppress: [],
        numBeams: 1,
        maxLength: 20,
        minLength: 0,
        lengthPenalty: 1,
        earlyStopping: true,
      },
      noRepeatNgramSize: 0,
      repetitionPenalty: 1,
      tagWeight: 0,
      tagBias: 0,
      tagRepeatPenalty: 0,
    } as const;
    const messageOf = (options: Parameters<typeof resolveOptions>[0]) => {
      try {
        resolveOptions(options, defaults);
      } catch (error) {
        return speakFlags((error as CaptionError).message);
      }
      throw new Error('accepted');
    };
    expect(messageOf({ numBeams: 2, numCaptions: 3 })).toBe(
      '--num-captions (3) must be at most --beams (2), or --sample.',
    );
    expect(messageOf({ temperature: 2 })).toBe('--temperature needs --sample.');
    expect(messageOf({ minLength: 30 })).toBe(
      '--min-length (30) must be at most --max-length (20).',
    );
  });

  it('leaves alone what is no option', () => {
    const message = 'encoder.onnx gave no output "logits" of shape NaN; see onnxruntime-web.';
    expect(speakFlags(message)).toBe(message);
  });

  it.each([
    'There is no flag --numBeams. Did you mean --beams?',
    '--seed must be a whole number from 0 to 4294967295, not "model".',
    'Cannot read numBeams.jpg: there is no such file.',
    'Cannot read topK/a.jpg: there is no such file.',
    'Cannot read C:\\photos\\topK: there is no such file.',
    'Cannot read my-topK: there is no such file.',
  ])('leaves alone what was typed: %s', (message) => {
    expect(speakFlags(message)).toBe(message);
  });

  it('knows names without quotes', () => {
    expect(speakFlags('The file has 9 bytes, and maxBytes allows 5.')).toBe(
      'The file has 9 bytes, and --max-bytes allows 5.',
    );
  });
});
