import { expect, it } from 'vitest';
import { commandToGoOn } from './go-on.js';

it.each([
  [['-r', 'a/', '--out', 'o.jsonl'], 'zipcaption -r a/ --out o.jsonl --resume'],
  [['a b', '--sidecar=txt', '--overwrite'], "zipcaption 'a b' --sidecar=txt --resume"],
  [['a', '--out', "it's", '--resume'], "zipcaption a --out 'it'\\''s' --resume"],
  [['a', '--out=o', '--retry-failed'], 'zipcaption a --out=o --retry-failed'],
  [['--out', 'o', '--', '--resume'], 'zipcaption --out o --resume -- --resume'],
])('%j goes on as %s', (argv, expected) => {
  expect(commandToGoOn(argv)).toBe(expected);
});

it.each([
  [['-r', 'C:\\photos', '--out', 'o.jsonl'], 'zipcaption -r C:\\photos --out o.jsonl --resume'],
  [['C:\\my photos\\', '--out', 'o'], 'zipcaption "C:\\my photos\\\\" --out o --resume'],
  [["it's here", '--sidecar', 'txt'], `zipcaption "it's here" --sidecar txt --resume`],
])('on Windows %j goes on as %s', (argv, expected) => {
  expect(commandToGoOn(argv, 'win32')).toBe(expected);
});
