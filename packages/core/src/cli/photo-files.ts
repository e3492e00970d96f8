import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const READ = new Set(['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.gif']);

/** Photos too, but of kinds that the library refuses: worth a word when a folder holds them. */
const NOT_READ = new Set([
  ...[
    '.heic',
    '.heif',
    '.hif',
    '.avif',
    '.jxl',
    '.jp2',
    '.tif',
    '.tiff',
    '.bmp',
    '.tga',
    '.ppm',
    '.pgm',
    '.pnm',
    '.svg',
  ],
  '.dng',
  '.cr2',
  '.cr3',
  '.nef',
  '.arw',
  '.raf',
  '.orf',
  '.rw2',
]);

/** What the end of a file's name promises. */
export function kindByName(path: string): 'photo' | 'unread photo' | 'other' {
  const extension = extname(path).toLowerCase();
  if (READ.has(extension)) return 'photo';
  return NOT_READ.has(extension) ? 'unread photo' : 'other';
}

export interface FolderContents {
  /** Paths of the photos, beginning with the folder's own path, in no particular order. */
  readonly photos: readonly string[];
  /** Paths of photos of kinds that are not read. */
  readonly unread: readonly string[];
  /** Paths of folders that could not be opened, with the reason. */
  readonly closed: readonly { readonly path: string; readonly cause: unknown }[];
}

/**
 * The photos in a folder, by their extensions; hidden files and folders are left alone. Symbolic
 * links are followed, but no folder is entered twice, so a loop of links ends.
 *
 * @param recursive folders in the folder too?
 */
export async function photosInFolder(folder: string, recursive: boolean): Promise<FolderContents> {
  const photos: string[] = [];
  const unread: string[] = [];
  const closed: { path: string; cause: unknown }[] = [];
  const entered = new Set<string>();

  async function enter(path: string): Promise<void> {
    let entries: Dirent[];
    try {
      const real = await realpath(path);
      if (entered.has(real)) return;
      entered.add(real);
      entries = await readdir(path, { withFileTypes: true });
    } catch (cause) {
      closed.push({ path, cause });
      return;
    }
    for (const entry of entries) {
      const { name } = entry;
      if (name.startsWith('.')) continue;
      const child = join(path, name);
      // A dangling link, or a file that has just gone, is not in the folder.
      const found = entry.isSymbolicLink() ? await stat(child).catch(() => undefined) : entry;
      if (found?.isDirectory() && recursive) await enter(child);
      if (!found?.isFile()) continue;
      const kind = kindByName(name);
      if (kind === 'photo') photos.push(child);
      if (kind === 'unread photo') unread.push(child);
    }
  }

  await enter(folder);
  return { photos, unread, closed };
}
