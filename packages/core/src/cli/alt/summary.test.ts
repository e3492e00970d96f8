import { expect, test } from 'vitest';
import { readArguments } from '../arguments.js';
import { altSettings } from './alt-settings.js';
import { ALT_FLAGS } from './flags.js';
import { stopped } from './summary.js';

test.each([
  [['--write'], [], 'stopped: no page was changed. With --resume captions are kept'],
  [['--resume'], [], 'captions made so far are kept, the same command goes on from there.'],
  [['--write'], ['a.html', 'b.md'], 'stopped: written were a.html, b.md, each whole.'],
  [['--check'], [], 'stopped: no page was changed.'],
])('a run with %j that was stopped says what is kept', (argv, written, message) => {
  const settings = altSettings(readArguments(argv, ALT_FLAGS).flags);
  expect(stopped(settings, written)).toContain(message);
});
