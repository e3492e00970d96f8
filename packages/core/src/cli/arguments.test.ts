import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { CaptionError } from '../index.js';
import { DEFAULT_MAX_BYTES } from '../limits.js';
import { resolveOptions } from '../options.js';
import { parseArguments } from './arguments.js';
import { captionSettings, defaultJobs } from './caption-settings.js';
import { FLAGS, type Flag } from './flags.js';

const flagsOf = (...argv: string[]) => parseArguments(argv).flags;

function refusal(...argv: string[]): string {
  try {
    captionSettings(parseArguments(argv).flags);
  } catch (error) {
    expect(error).toBeInstanceOf(CaptionError);
    expect((error as CaptionError).code).toBe('INVALID_OPTION');
    return (error as CaptionError).message;
  }
  throw new Error(`${argv.join(' ')} was accepted`);
}

describe('the forms of a flag', () => {
  it('takes a value after it, after an equals sign, and right after a short one', () => {
    for (const argv of [['--beams', '5'], ['--beams=5'], ['-b', '5'], ['-b5']]) {
      expect(flagsOf(...argv)).toEqual({ beams: 5 });
    }
  });

  it('takes short switches together', () => {
    expect(flagsOf('-rq')).toEqual({ recursive: true, quiet: true });
  });

  it('takes everything else, and all after --, as photos', () => {
    const { flags, operands } = parseArguments(['a.jpg', '--json', '-', '--', '--beams', '-r']);
    expect(flags).toEqual({ json: true });
    expect(operands).toEqual(['a.jpg', '-', '--beams', '-r']);
  });

  it('counts the last of a flag given twice, and collects repeatable ones', () => {
    expect(flagsOf('--beams', '2', '--beams', '4', '--ban', 'man', '--ban=a dog')).toEqual({
      beams: 4,
      ban: ['man', 'a dog'],
    });
  });

  it('reads negative numbers as values', () => {
    expect(flagsOf('--length-penalty', '-1.5')).toEqual({ 'length-penalty': -1.5 });
    expect(flagsOf('--length-penalty', '-.5')).toEqual({ 'length-penalty': -0.5 });
  });

  it('reads sizes with units', () => {
    const bytes = (text: string) => flagsOf('--max-bytes', text)['max-bytes'];
    expect(['500000', '512KiB', '10MB', '1.5mib', '2k'].map(bytes)).toEqual([
      500_000, 524_288, 10_000_000, 1_572_864, 2048,
    ]);
    expect(flagsOf('--max-pixels=24M')).toEqual({ 'max-pixels': 24_000_000 });
    expect(flagsOf('--max-pixels=12MP')).toEqual({ 'max-pixels': 12_000_000 });
  });
});

describe('a number that may be left out', () => {
  it('follows an equals sign, or is the next word where that is digits alone', () => {
    const read = (...argv: string[]) => parseArguments(argv);
    expect(read('--tags')).toEqual({ flags: { tags: true }, operands: [] });
    expect(read('--tags', 'dog.jpg')).toEqual({ flags: { tags: true }, operands: ['dog.jpg'] });
    expect(read('--tags', '5', '6')).toEqual({ flags: { tags: 5 }, operands: ['6'] });
    expect(read('--tags=5', '6')).toEqual({ flags: { tags: 5 }, operands: ['6'] });
    expect(read('--tags', '--', '5')).toEqual({ flags: { tags: true }, operands: ['5'] });
    expect(read('--tags', '--json')).toEqual({ flags: { tags: true, json: true }, operands: [] });
    expect(read('--tags', '5.jpg').operands).toEqual(['5.jpg']);
  });
});

describe('what is refused', () => {
  it.each([
    ['--beam', '--beams'],
    ['--baems', '--beams'],
    ['--jsonlines', '--jsonl'],
    ['--recusive', '--recursive'],
    ['--attentoin=x.png', '--attention'],
    // The library's names, which people know from code.
    ['--num-beams', '--beams'],
    ['--banned-words', '--ban'],
    ['--no-repeat-ngram-size', '--no-repeat-ngram'],
  ])('%s, with %s as what was probably meant', (given, meant) => {
    expect(refusal(given)).toContain(`Did you mean ${meant}?`);
  });

  it('an unknown flag that is near to none, with a way to the list', () => {
    expect(refusal('--xylophone-mode')).toBe(
      'There is no flag --xylophone-mode. --help lists them all.',
    );
    expect(refusal('-z')).toContain('There is no flag -z.');
  });

  it('a value that is missing, also when another flag follows', () => {
    expect(refusal('--beams')).toBe('--beams needs a whole number from 1 to 64 after it.');
    expect(refusal('--attention', '--json')).toBe('--attention needs a file after it.');
  });

  it('a value for a switch', () => {
    expect(refusal('--json=yes')).toBe('--json takes no value: remove "yes".');
  });

  it.each([
    [['--beams', '0'], '--beams must be a whole number from 1 to 64, not "0".'],
    [['--beams', '2.5'], '--beams must be a whole number from 1 to 64, not "2.5".'],
    [['--beams', '0x4'], '--beams must be a whole number from 1 to 64, not "0x4".'],
    [['--top-p', '0'], '--top-p must be a number above 0, at most 1, not "0".'],
    [['--format', 'xml'], '--format must be one of text, json, jsonl, csv, md, not "xml".'],
    [['--max-bytes', '10 parsecs'], 'not "10 parsecs".'],
    [['--max-bytes', '0'], 'not "0".'],
    [['--min-confidence', 'NaN'], '--min-confidence must be a number from 0 to 1, not "NaN".'],
    [['--attention', 'map.gif'], '--attention must be a file that ends in .png or .html'],
    [['--tags', '0'], '--tags must be a whole number from 1 to 100, not "0".'],
    [['--tags=many'], '--tags must be a whole number from 1 to 100, not "many".'],
    [['--tags='], '--tags must be a whole number from 1 to 100, not "".'],
    [['--model='], '--model needs a folder, not an empty text.'],
  ])('%j, naming the flag and what is allowed', (argv, message) => {
    expect(refusal(...argv)).toContain(message);
  });

  it('flags that contradict each other', () => {
    expect(refusal('--json', '--format', 'csv')).toContain('csv and json');
    expect(refusal('--alternatives', '--no-alternatives')).toContain('cannot be used together');
    expect(refusal('--alternatives', '-n1')).toContain('--num-captions 2 or more');
    expect(refusal('--runtime', 'node', '--jobs', '2')).toContain('--threads');
    expect(refusal('--beams=2', '-n3')).toContain(
      '"numCaptions" (3) must be at most "numBeams" (2)',
    );
    expect(refusal('--min-length=9', '--max-length=8')).toContain('"minLength" (9)');
    expect(refusal('--top-k', '5')).toContain('needs "sample" true');
  });
});

describe('settings', () => {
  const settingsOf = (...argv: string[]) => captionSettings(flagsOf(...argv));

  it('are the defaults when no flag is given', () => {
    expect(settingsOf()).toMatchObject({
      format: 'text',
      options: { numCaptions: 1, attention: false },
      alternatives: false,
      minConfidence: 0,
      runtime: undefined,
      maxBytes: DEFAULT_MAX_BYTES,
      timeoutMs: 30_000,
    });
  });

  it('hand the library its options under its names', () => {
    const { options } = settingsOf(
      '--beams=5',
      '--max-length=12',
      '--min-length=3',
      '--length-penalty=0.7',
      '--prefix',
      '',
      '--early-stopping',
      'false',
      '--no-repeat-ngram',
      '2',
      '--repetition-penalty',
      '1.2',
      '--num-captions',
      '3',
      '--ban',
      'man',
      '--max-bytes',
      '1M',
      '--max-pixels',
      '1M',
      '--attention',
      'x.png',
    );
    expect(options).toEqual({
      numBeams: 5,
      maxLength: 12,
      minLength: 3,
      lengthPenalty: 0.7,
      prefix: '',
      earlyStopping: false,
      noRepeatNgramSize: 2,
      repetitionPenalty: 1.2,
      numCaptions: 3,
      bannedWords: ['man'],
      maxBytes: 1_048_576,
      maxPixels: 1_000_000,
      attention: true,
    });
    const sampled = settingsOf(
      '--sample',
      '--temperature=0.8',
      '--top-k=40',
      '--top-p=0.9',
      '--seed=7',
    );
    expect(sampled.options).toMatchObject({
      sample: true,
      temperature: 0.8,
      topK: 40,
      topP: 0.9,
      seed: 7,
    });
  });

  it('show further captions when there are any, unless told otherwise', () => {
    expect(settingsOf('-n3').alternatives).toBe(true);
    expect(settingsOf('-n3', '--no-alternatives').alternatives).toBe(false);
    expect(settingsOf('--alternatives').options.numCaptions).toBe(3);
    expect(settingsOf('--alternatives', '-b2').options.numCaptions).toBe(2);
  });

  it('take --json and --format json for the same', () => {
    expect(settingsOf('--json', '--format', 'json').format).toBe('json');
    expect(settingsOf('--jsonl').format).toBe('jsonl');
  });
});

describe('defaultJobs', () => {
  it('grows with the photos and the cores, and stays between 1 and 4', () => {
    const cores = availableParallelism();
    expect([1, 31, 32, 48, 1000].map((photos) => defaultJobs(photos, 'web'))).toEqual(
      [1, 1, 2, 3, 4].map((jobs) => Math.min(jobs, cores)),
    );
  });

  it('is 1 with the native runtime, which cannot be passed to another thread', () => {
    expect(defaultJobs(1000, 'node')).toBe(1);
  });
});

describe('ranges', () => {
  const defaults = {
    ...{
      bos: 0,
      eos: 0,
      pad: 0,
      suppress: [],
      numBeams: 3,
      maxLength: 512,
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
  const flags: readonly Flag[] = FLAGS;
  const numeric = flags.flatMap(({ name, option, value }) =>
    option && (value.kind === 'integer' || value.kind === 'number')
      ? [{ name, option, ...value }]
      : [],
  );

  it.each(numeric)('of --$name are those of the option $option', ({ option, min, max, above }) => {
    const sampling = ['temperature', 'topK', 'topP', 'seed'].includes(option);
    const accepted = (value: number) => {
      const enough = option === 'numCaptions' ? { numBeams: 64 } : {};
      try {
        resolveOptions({ ...enough, ...(sampling && { sample: true }), [option]: value }, defaults);
        return true;
      } catch {
        return false;
      }
    };
    const below = above ? min : min - 1;
    expect([accepted(above ? min + 1e-9 : min), accepted(max)]).toEqual([true, true]);
    expect([accepted(below), accepted(max + 1)]).toEqual([false, false]);
  });
});
