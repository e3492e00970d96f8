import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * Expands globs like a shell, for shells that do not (Windows) and for quoted globs:
 * `*` and `?` inside a name, `[abc]`, `[a-z]`, `[!a]`, `{one,two}`, `**` for any folders, `\` before
 * a character that is meant literally. Names that begin with a dot match only a pattern that does.
 *
 * tinyglobby 0.2 (with fdir and picomatch: 3 packages, 0.2 MB) reads other things into names that photos have:
 * `photo (1)*`, `!top*` and `@(me)*` find no file of that name. It gives paths without the `./` or the root
 * that the pattern begins with, and follows links in `**` (the same photo under several names) or nowhere.
 */

/** True if the text has a character with a meaning in globs. */
export function hasGlobCharacters(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** `a{b,c{d,e}}` to `ab`, `acd`, `ace`. Braces without a comma are literal. */
export function expandBraces(pattern: string): string[] {
  const group = firstBraceGroup(pattern);
  if (!group) return [pattern];
  const before = pattern.slice(0, group.start);
  const after = expandBraces(pattern.slice(group.end + 1));
  if (group.choices.length < 2) {
    const literal = pattern.slice(group.start + 1, group.end);
    return expandBraces(literal).flatMap((inside) =>
      after.map((rest) => `${before}\\{${inside}\\}${rest}`),
    );
  }
  return group.choices
    .flatMap(expandBraces)
    .flatMap((choice) => after.map((rest) => before + choice + rest));
}

interface BraceGroup {
  readonly start: number;
  readonly end: number;
  readonly choices: readonly string[];
}

function firstBraceGroup(pattern: string): BraceGroup | undefined {
  let start = -1;
  let depth = 0;
  let choiceStart = 0;
  const choices: string[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === '\\') i++;
    else if (character === '{') {
      if (depth++ === 0) {
        start = i;
        choiceStart = i + 1;
      }
    } else if (character === ',' && depth === 1) {
      choices.push(pattern.slice(choiceStart, i));
      choiceStart = i + 1;
    } else if (character === '}' && depth > 0 && --depth === 0) {
      choices.push(pattern.slice(choiceStart, i));
      return { start, end: i, choices };
    }
  }
  return undefined;
}

type Piece =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'literal'; readonly character: string }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      /** First and last character of each range, in order of code points. */
      readonly ranges: readonly (readonly [string, string])[];
    };

function pieces(segment: string): Piece[] {
  const characters = [...segment];
  const result: Piece[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character === '*') {
      if (result.at(-1)?.kind !== 'star') result.push({ kind: 'star' });
    } else if (character === '?') result.push({ kind: 'any' });
    else if (character === '[') {
      const found = characterClass(characters, i);
      if (found) {
        result.push(found.piece);
        i = found.end;
      } else result.push({ kind: 'literal', character });
    } else if (character === '\\' && i + 1 < characters.length) {
      i++;
      result.push({ kind: 'literal', character: characters[i] ?? '' });
    } else result.push({ kind: 'literal', character });
  }
  return result;
}

/** The class that begins at `[`; undefined if it has no end, so that the bracket is literal. */
function characterClass(
  characters: readonly string[],
  start: number,
): { piece: Piece; end: number } | undefined {
  let i = start + 1;
  const negated = characters[i] === '!' || characters[i] === '^';
  if (negated) i++;
  const ranges: [string, string][] = [];
  for (let first = true; i < characters.length; i++, first = false) {
    // A `]` right after the opening is literal.
    if (characters[i] === ']' && !first) {
      return { piece: { kind: 'class', negated, ranges }, end: i };
    }
    if (characters[i] === '\\') i++;
    const from = characters[i] ?? '';
    const isRange = characters[i + 1] === '-' && characters[i + 2] !== ']';
    const to = isRange ? characters[i + 2] : from;
    if (isRange) i += 2;
    if (to !== undefined) ranges.push([from, to]);
  }
  return undefined;
}

function matchesOne(piece: Piece, character: string): boolean {
  if (piece.kind === 'any') return true;
  if (piece.kind === 'literal') return piece.character === character;
  if (piece.kind === 'star') return false;
  const code = character.codePointAt(0) ?? 0;
  const inside = piece.ranges.some(
    ([from, to]) => code >= (from.codePointAt(0) ?? 0) && code <= (to.codePointAt(0) ?? 0),
  );
  return inside !== piece.negated;
}

/**
 * Does one name (no slashes) match one segment of a glob (no braces)? Time grows with the product
 * of their lengths, whatever the pattern: on a mismatch only the last star takes one more character.
 *
 * @example matchesSegment('IMG_*.[jJ]pg', 'IMG_1234.jpg') // true
 */
export function matchesSegment(segment: string, name: string): boolean {
  if (name.startsWith('.') && !segment.startsWith('.')) return false;
  const wanted = pieces(segment);
  const given = [...name];
  let atPiece = 0;
  let atCharacter = 0;
  let star = -1;
  let starTook = 0;
  while (atCharacter < given.length) {
    const piece = wanted[atPiece];
    if (piece?.kind === 'star') {
      star = atPiece++;
      starTook = atCharacter;
    } else if (piece && matchesOne(piece, given[atCharacter] ?? '')) {
      atPiece++;
      atCharacter++;
    } else if (star >= 0) {
      atPiece = star + 1;
      atCharacter = ++starTook;
    } else return false;
  }
  while (wanted[atPiece]?.kind === 'star') atPiece++;
  return atPiece === wanted.length;
}

/**
 * Paths of the files (not folders) that a glob matches, in no particular order, each once. Paths
 * begin as the pattern does. `**` does not go through symbolic links, so that no loop catches it.
 *
 * @param cwd folder that a relative pattern starts from
 */
export async function glob(pattern: string, cwd = process.cwd()): Promise<string[]> {
  const found = new Set<string>();
  // On Windows a backslash divides folders and cannot take a character's meaning away.
  const portable = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
  for (const plain of expandBraces(portable)) {
    const root = /^(?:[A-Za-z]:)?\/+/.exec(plain)?.[0] ?? '';
    const segments = plain
      .slice(root.length)
      .split('/')
      .filter((segment) => segment !== '');
    await walk(root, segments, cwd, found);
  }
  return [...found];
}

async function walk(
  base: string,
  segments: readonly string[],
  cwd: string,
  found: Set<string>,
): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  const last = rest.length === 0;

  if (segment === '**') {
    if (rest[0] === '**') return walk(base, rest, cwd, found);
    await walk(base, last ? ['*'] : rest, cwd, found);
    for (const name of await namesIn(base, cwd)) {
      if (name.startsWith('.')) continue;
      const path = extend(base, name);
      const kind = await lstat(absolute(path, cwd)).catch(() => undefined);
      if (kind?.isDirectory()) await walk(path, segments, cwd, found);
    }
    return;
  }

  const literal = literalName(segment);
  const names =
    literal === undefined
      ? (await namesIn(base, cwd)).filter((name) => matchesSegment(segment, name))
      : [literal];
  for (const name of names) {
    const path = extend(base, name);
    if (!last) await walk(path, rest, cwd, found);
    else if ((await stat(absolute(path, cwd)).catch(() => undefined))?.isFile()) found.add(path);
  }
}

/** The one name that a segment without wildcards means; needed for `.` and `..`, which no folder lists. */
function literalName(segment: string): string | undefined {
  const parts = pieces(segment);
  if (!parts.every((piece) => piece.kind === 'literal')) return undefined;
  return parts.map((piece) => piece.character).join('');
}

async function namesIn(folder: string, cwd: string): Promise<string[]> {
  // Unreadable folders match nothing, as in a shell.
  return readdir(absolute(folder, cwd)).catch(() => []);
}

function extend(base: string, name: string): string {
  return base === '' || base.endsWith('/') ? base + name : `${base}/${name}`;
}

function absolute(path: string, cwd: string): string {
  if (path === '') return cwd;
  return /^(?:[A-Za-z]:)?\//.test(path) ? path : join(cwd, path);
}
