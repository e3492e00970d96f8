import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CaptionError } from '../index.js';
import { isDataUrl } from '../input/data-url.js';
import { excerpt } from '../input/excerpt.js';
import { isPhotoInBase64 } from '../node/files.js';
import { glob, hasGlobCharacters } from './glob.js';
import { naturalOrder } from './natural-order.js';
import { kindByName } from './photo-files.js';
import { walkFolder } from './walk-folder.js';

/** One photo to caption. `name` is what the output calls it. */
export type PhotoSource =
  /** Bytes of a path that are not UTF-8 are lone surrogates (see `decodeName`). */
  | { readonly kind: 'file'; readonly name: string; readonly path: string }
  | { readonly kind: 'url'; readonly name: string; readonly url: URL }
  | { readonly kind: 'stdin'; readonly name: string }
  | { readonly kind: 'missing'; readonly name: string; readonly error: CaptionError };

export interface Inputs {
  readonly sources: readonly PhotoSource[];
  /** Lines for stderr: files that were skipped. */
  readonly notes: readonly string[];
}

/**
 * The photos named by the operands of a command line, in their order: files, folders, globs, `http(s):`
 * and `file:` addresses, `-` for standard input. An operand without a photo becomes a source of the kind
 * `missing`, so that it fails in its turn without stopping the others.
 *
 * @throws CaptionError `INVALID_OPTION` when standard input is named twice
 */
export async function findInputs(
  operands: readonly string[],
  { recursive }: { recursive: boolean },
): Promise<Inputs> {
  if (operands.filter((operand) => operand === '-').length > 1) {
    throw new CaptionError('INVALID_OPTION', 'Standard input (-) can be read only once.');
  }
  const found = await Promise.all(operands.map((operand) => findInput(operand, recursive)));
  return {
    sources: found.flatMap(({ sources }) => sources),
    notes: found.flatMap(({ notes }) => notes),
  };
}

async function findInput(operand: string, recursive: boolean): Promise<Inputs> {
  if (operand === '-') return only({ kind: 'stdin', name: '-' });
  if (/^https?:\/\//i.test(operand)) return address(operand);
  // The photo itself: the library reads it as it does a path.
  if (isDataUrl(operand)) return only({ kind: 'file', name: excerpt(operand), path: operand });
  if (/^file:/i.test(operand)) return fileAddress(operand, recursive);
  return pathOrGlob(operand, operand, recursive);
}

function address(operand: string): Inputs {
  if (!URL.canParse(operand)) return missing(operand, 'This is not a valid address.');
  return only({ kind: 'url', name: operand, url: new URL(operand) });
}

function fileAddress(operand: string, recursive: boolean): Promise<Inputs> | Inputs {
  try {
    return pathOrGlob(operand, fileURLToPath(operand), recursive);
  } catch (cause) {
    return missing(operand, 'This is not the address of a file on this machine.', cause);
  }
}

async function pathOrGlob(name: string, path: string, recursive: boolean): Promise<Inputs> {
  let cause: unknown;
  // An existing file whose name looks like a glob is that file.
  const found = await stat(path).catch((error: unknown) => {
    cause = error;
    return undefined;
  });
  if (found?.isDirectory()) return folder(path, recursive);
  if (found) return only({ kind: 'file', name, path });
  if (hasGlobCharacters(path)) return globbed(path);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (isPhotoInBase64(path)) {
    return missing(
      name,
      'This is not a path; it looks like a photo in base64. Put "data:image/jpeg;base64," before it, or decode it: base64 -d photo.txt | zipcaption -',
      cause,
    );
  }
  if (path === '') return missing('""', 'The name of a photo is empty.');
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(path)) {
    const message = 'Only http:, https: and file: addresses are read. Download the photo first.';
    return missing(name, message, cause);
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return missing(name, 'There is no such file or folder.', cause);
  }
  if (code === 'ENAMETOOLONG') return missing(name, 'The path is too long.', cause);
  return missing(name, `It cannot be opened (${String(code ?? cause)}).`, cause);
}

async function folder(path: string, recursive: boolean): Promise<Inputs> {
  const photos: string[] = [];
  const unread: string[] = [];
  const notes: string[] = [];
  for await (const { kind, name, cause } of walkFolder(path, { recursive })) {
    const file = join(path, name);
    if (kind === 'photo') photos.push(file);
    else if (kind === 'unread photo') unread.push(file);
    else if (name === '') {
      return missing(path, `The folder cannot be opened (${reason(cause)}).`, cause);
    } else notes.push(`${file} was skipped: it cannot be opened (${reason(cause)}).`);
  }
  if (unread.length > 0) notes.push(unreadNote(path, unread));
  if (photos.length === 0) return { ...missing(path, noPhotos(recursive)), notes };
  return { sources: photos.toSorted(naturalOrder).map(fileSource), notes };
}

/** Message about a folder without photos. */
export function noPhotos(recursive: boolean): string {
  const deeper = recursive ? '' : ' Use -r to search its subfolders.';
  return `This folder has no photos (JPEG, PNG, WebP, GIF).${deeper}`;
}

function unreadNote(path: string, unread: readonly string[]): string {
  const extensions = new Set(unread.map((file) => extname(file).toLowerCase()));
  return `${path}: ${skipped(unread.length, extensions)}`;
}

/** Message about photos in formats that are not supported. */
export function skipped(count: number, extensions: ReadonlySet<string>): string {
  const files = count === 1 ? '1 file' : `${count} files`;
  return `skipped ${files} in unsupported formats (${[...extensions].sort().join(', ')}); convert to JPEG first.`;
}

async function globbed(pattern: string): Promise<Inputs> {
  const matches = await glob(pattern);
  // `photos/**` means the photos there; `scans/*.img` means those files, whatever their name.
  const namesExtension = /[^.*?]/.test(extname(pattern));
  const files = namesExtension ? matches : matches.filter((file) => kindByName(file) === 'photo');
  if (files.length === 0) return missing(pattern, 'No photo matches this pattern.');
  return { sources: files.toSorted(naturalOrder).map(fileSource), notes: [] };
}

function fileSource(path: string): PhotoSource {
  return { kind: 'file', name: path, path };
}

function only(source: PhotoSource): Inputs {
  return { sources: [source], notes: [] };
}

function missing(name: string, message: string, cause?: unknown): Inputs {
  return only({
    kind: 'missing',
    name: excerpt(name),
    error: new CaptionError('FILE_NOT_FOUND', message, { cause }),
  });
}

/** A system error's code, in brackets after a sentence. */
export function reason(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}

/** A name for files made from a photo: its own without folder and extension, safe in any file system. */
export function baseName(source: PhotoSource): string {
  if (source.kind === 'stdin') return 'stdin';
  const path = source.kind === 'url' ? decodedPath(source.url) : source.name;
  const last = basename(path.replaceAll('\\', '/'));
  const stem = last.slice(0, last.length - extname(last).length);
  // Characters that Windows forbids in names, which is more than any other system does.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return stem.replace(/[\u0000-\u001f<>:"/\\|?*]/g, '_').replace(/^\.+$/, '') || 'photo';
}

function decodedPath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    return url.pathname;
  }
}
