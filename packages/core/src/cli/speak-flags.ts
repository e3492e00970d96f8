import { CaptionError } from '../index.js';
import { FLAGS, type Flag } from './flags.js';

const flags: readonly Flag[] = FLAGS;
const flagOf = new Map<string, string>([
  ...flags.flatMap(({ option, name }) => (option ? [[option, name] as const] : [])),
  ['concurrency', 'jobs'],
  // Those of `zipcaption alt`.
  ['minConfidence', 'min-confidence'],
  ...['template', 'suffix', 'gender', 'remote'].map((name) => [name, name] as const),
  ['fetchTimeout', 'timeout'],
  ...['model', 'dtype', 'runtime', 'threads'].map((name) => [name, name] as const),
]);

const switches = new Set(
  flags.filter(({ value }) => value.kind === 'switch').map(({ name }) => name),
);

/**
 * The library's messages name options (`The option "numBeams" must be …`, `maxBytes allows …`); who
 * typed a command line knows them as flags. A message that names a flag is the command line's own and stays
 * as it is: what it quotes was typed.
 */
export function speakFlags(message: string): string {
  if (/(?:^|[\s(])--[a-z]/i.test(message)) return message;
  const quoted = /(?:\bthe option )?"(\w+)"( true\b)?/gi;
  // Not a part of a path.
  const bare = /(?<![\w./\\-])[a-z]+(?:[A-Z][a-z]*)+(?![\w/\\-]|\.\w)/g;
  return message
    .replace(quoted, (whole, option: string, on = '') => {
      const flag = flagOf.get(option);
      if (!flag) return whole;
      return `--${flag}${switches.has(flag) ? '' : on}`;
    })
    .replace(bare, (option) => {
      const flag = flagOf.get(option);
      return flag ? `--${flag}` : option;
    });
}

/** The same error, with flags in its message. */
export function inFlags(error: CaptionError): CaptionError {
  const message = speakFlags(error.message);
  return message === error.message
    ? error
    : new CaptionError(error.code, message, { cause: error });
}
