import { describe, expect, test } from 'vitest';
import { readArguments } from '../arguments.js';
import { altSettings } from './alt-settings.js';
import { ALT_FLAGS } from './flags.js';

const settings = (...argv: readonly string[]) => altSettings(readArguments(argv, ALT_FLAGS).flags);

describe('the flags of zipcaption alt', () => {
  test('list, with the defaults of the library, when there are none', () => {
    expect(settings()).toMatchObject({
      task: 'list',
      minConfidence: 0.5,
      gender: false,
      find: { empty: false, placeholders: [], components: [], fields: {} },
      style: {},
      format: 'text',
      remote: false,
    });
  });

  test('become settings', () => {
    expect(
      settings(
        '--write',
        '--mark',
        '--field',
        'cover_alt=cover',
        '--field=hero.alt = hero.image',
        ...[
          '--placeholder',
          'Bild',
          '--suffix',
          '',
          '--beams',
          '5',
          '--json',
          '--cache',
          'c.jsonl',
        ],
        '--site',
        'https://example.org/x',
        '--root',
        'a',
        '--root',
        'b',
      ),
    ).toMatchObject({
      task: 'write',
      mark: 'data-alt-draft',
      find: {
        fields: { cover_alt: 'cover', 'hero.alt': 'hero.image' },
        placeholders: ['Bild'],
      },
      style: { suffix: '' },
      search: { numBeams: 5 },
      format: 'json',
      cache: { file: 'c.jsonl' },
      site: new URL('https://example.org/x'),
      roots: ['a', 'b'],
    });
  });

  test.each([
    [['--write', '--check'], '--write and --check cannot be used together'],
    [['--apply', 'a.json', '--write'], '--write and --apply cannot be used together'],
    [['--report', 'a.html', '--check'], '--report and --check cannot be used together'],
    [['--mark'], '--mark needs --write or --apply'],
    [['--field', 'cover'], '--field must be two field names'],
    [['--field', 'a=a'], '--field must be two field names'],
    [['--site', 'example.org'], '--site must be an http(s) address'],
    [['--min-confidence', '2'], 'a number from 0 to 1'],
    [['--json', '--format', 'sarif'], 'Only one format'],
    [['--runtime', 'node', '--jobs', '2'], '--jobs must be 1'],
    [['--max-length', '10'], 'from 20 to 1000'],
    [['--prefix', 'x'.repeat(120)], 'leave fewer than 20'],
    [['--gendr'], 'Did you mean --gender?'],
    [['--root', ''], 'not an empty text'],
  ])('%j is refused: %s', (argv, message) => {
    expect(() => settings(...argv)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(message),
      }),
    );
  });
});
