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
