import { statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { CaptionError } from '../../index.js';
import { baseName, type PhotoSource } from '../inputs.js';

/** Where maps are drawn to, and how. */
export interface AttentionTarget {
  readonly kind: 'png' | 'html';
  /** A path; `{name}` in it stands for the photo's name without folder and extension. */
  readonly path: string;
}

/**
 * Reads the value of `--attention`: `out.png`, `out.html`, `maps/` (a picture each in that folder),
 * `maps/{name}.html`.
 *
 * @throws CaptionError `INVALID_OPTION` when it is none of these
 */
export function attentionTarget(value: string): AttentionTarget {
  if (/[/\\]$/.test(value) || isFolder(value))
    return { kind: 'png', path: join(value, '{name}.png') };
  const extension = extname(value).toLowerCase();
  if (extension === '.png') return { kind: 'png', path: value };
  if (extension === '.html' || extension === '.htm') return { kind: 'html', path: value };
  throw new CaptionError(
    'INVALID_OPTION',
    `--attention must be a file that ends in .png or .html, or a folder that ends in /, not "${value}".`,
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // Whatever the reason: it will be told when the file is written.
  }
}

/**
 * The file that each photo's maps are drawn to, in the photos' order, no two alike.
 *
 * @throws CaptionError `INVALID_OPTION` when several photos would go to one file, or a photo of
 *   the input would be written over
 */
export function attentionPaths(
  { path }: AttentionTarget,
  sources: readonly PhotoSource[],
): string[] {
  if (sources.length > 1 && !path.includes('{name}')) {
    throw new CaptionError(
      'INVALID_OPTION',
      `--attention: the maps of ${sources.length} photos do not fit in the one file ${path}. Name a folder (${join(dirname(path), 'maps')}/) or a pattern (${join(dirname(path), `{name}${extname(path)}`)}).`,
    );
  }
  const photos = new Map(
    sources.flatMap((source) =>
      source.kind === 'file' ? [[key(source.path), source.name] as const] : [],
    ),
  );
  const taken = new Set<string>();
  return sources.map((source) => {
    const file = untaken(path, baseName(source), taken);
    const photo = photos.get(key(file));
    if (photo !== undefined) {
      throw new CaptionError(
        'INVALID_OPTION',
        `--attention would overwrite the photo ${photo}. Name another folder or file.`,
      );
    }
    taken.add(key(file));
    return file;
  });
}

/** The pattern's path for a name; for a second photo of that name, with a number. */
function untaken(pattern: string, name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const unique = number === 1 ? name : `${name}-${number}`;
    const file = pattern.replaceAll('{name}', () => unique);
    if (!taken.has(key(file))) return file;
  }
}

/** Two paths with the same key may be the same file: not all file systems tell `A` from `a`. */
function key(path: string): string {
  return resolve(path).toLowerCase();
}
