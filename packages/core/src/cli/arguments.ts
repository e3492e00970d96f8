import { parseArgs } from 'node:util';
import { CaptionError } from '../index.js';
import { allowed, readValue } from './flag-value.js';
import { FLAGS, type Flag, type FlagValues, type ValuesOf } from './flags.js';
import { nearest } from './nearest.js';

export interface Arguments {
  readonly flags: FlagValues;
  /** What is not a flag: files, folders, globs, addresses, `-`. */
  readonly operands: readonly string[];
}

/**
 * Reads a command line: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-qr` for two
 * switches, `--` before operands that begin with a dash. If a flag occurs twice, the last one counts,
 * except for repeatable flags. An optional number follows `=`, or is the next word if that has only
 * digits.
 *
 * @param argv the words after the program's name
 * @throws CaptionError `INVALID_OPTION` for an unknown flag, a missing or surplus or wrong value
 *
 * @example parseArguments(['--beams=5', 'dog.jpg']) // { flags: { beams: 5 }, operands: ['dog.jpg'] }
 */
export function parseArguments(argv: readonly string[]): Arguments {
  return readArguments(argv, FLAGS);
}

/** {@link parseArguments} for a command with flags of its own. */
export function readArguments<const Table extends readonly Flag[]>(
  argv: readonly string[],
  flags: Table,
): { readonly flags: ValuesOf<Table>; readonly operands: readonly string[] } {
  const byName = new Map<string, Flag>(flags.map((flag) => [flag.name, flag]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(flags.map((flag) => [flag.name, nodeOption(flag)])),
    // The messages of parseArgs have no ranges and no suggestions, so errors are detected here.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  const operands: string[] = [];
  for (let place = 0; place < tokens.length; place++) {
    const token = tokens[place];
    if (token?.kind === 'positional') operands.push(token.value);
    if (token?.kind !== 'option') continue;
    const flag = byName.get(token.name);
    if (!flag) throw unknownFlag(token.rawName, flags);
    let given: GivenValue = token;
    const next = tokens[place + 1];
    if (flag.value.kind === 'count' && token.value === undefined && isNumber(next)) {
      given = { value: next.value };
      place++;
    }
    const value = givenValue(flag, given);
    const before = values[flag.name];
    values[flag.name] = flag.repeatable ? [...(Array.isArray(before) ? before : []), value] : value;
  }
  // Each value was read by its flag's rule, so it has the flag's type.
  return { flags: values as ValuesOf<Table>, operands };
}

function nodeOption(flag: Flag) {
  const { kind } = flag.value;
  const type = kind === 'switch' || kind === 'count' ? ('boolean' as const) : ('string' as const);
  return flag.short ? { type, short: flag.short } : { type };
}

function isNumber<Token extends { kind: string; value?: string | undefined }>(
  token: Token | undefined,
): token is Token & { value: string } {
  return token?.kind === 'positional' && /^\d+$/.test(token.value ?? '');
}

/** Flags whose text may be empty. */
const MAY_BE_EMPTY = new Set(['prefix', 'suffix']);

interface GivenValue {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function givenValue(flag: Flag, { value, inlineValue }: GivenValue): unknown {
  const name = `--${flag.name}`;
  if (flag.value.kind === 'switch') {
    if (value === undefined) return true;
    throw refuse(`${name} takes no value: remove "${value}".`);
  }
  if (flag.value.kind === 'count' && value === undefined) return true;
  // In `--beams --json` the second is the next flag, not the number of beams.
  const isFlag = !inlineValue && value !== undefined && /^-[^\d.]/.test(value);
  if (value === undefined || isFlag) {
    throw refuse(`${name} needs ${allowed(flag.value)} after it.`);
  }
  if (value === '' && flag.value.kind === 'text' && !MAY_BE_EMPTY.has(flag.name)) {
    throw refuse(`${name} needs ${allowed(flag.value)}, not an empty text.`);
  }
  const read = readValue(flag.value, value);
  if (read === undefined) {
    throw refuse(`${name} must be ${allowed(flag.value)}, not "${value}".`);
  }
  return read;
}

function unknownFlag(rawName: string, flags: readonly Flag[]): CaptionError {
  // Names that people may type, each with the flag that it means: names of flags and of options.
  const known = new Map([
    ...flags.flatMap(({ name, option }) => (option ? [[kebab(option), name] as const] : [])),
    ...flags.map(({ name }) => [name, name] as const),
  ]);
  const given = rawName.replace(/^-+/, '');
  const guess = rawName.startsWith('--') ? nearest(given.toLowerCase(), known.keys()) : undefined;
  const meant = guess === undefined ? undefined : known.get(guess);
  const hint = meant ? ` Did you mean --${meant}?` : ' --help lists them all.';
  return refuse(`There is no flag ${rawName}.${hint}`);
}

function kebab(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function refuse(message: string): CaptionError {
  return new CaptionError('INVALID_OPTION', message);
}
