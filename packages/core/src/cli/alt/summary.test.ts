import { expect, test } from 'vitest';
import { readArguments } from '../arguments.js';
import { altSettings } from './alt-settings.js';
import { ALT_FLAGS } from './flags.js';
import { stopped } from './summary.js';

test.each([
  [['--write'], [], 'stopped: no page was changed. With --resume, captions are cached'],
  [['--resume'], [], 'Captions made so far are cached; run the same command to continue.'],
  [['--write'], ['a.html', 'b.md'], 'stopped: completely written: a.html, b.md.'],
  [['--check'], [], 'stopped: no page was changed.'],
])('a run with %j that was stopped says what is kept', (argv, written, message) => {
  const settings = altSettings(readArguments(argv, ALT_FLAGS).flags);
  expect(stopped(settings, written)).toContain(message);
});
