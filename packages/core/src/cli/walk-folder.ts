import type { Dirent } from 'node:fs';
import { opendir, readdir, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { KeyTable } from './key-table.js';
import { decodeName, encodeName, hasBytes, nameKey } from './names.js';
import { naturalOrder } from './natural-order.js';
import { kindByName } from './photo-files.js';

/** Something in a folder that is worth a word. */
export interface FolderEntry {
  readonly kind: 'photo' | 'unread photo' | 'closed folder';
  /** From the folder given, with `/` between folders; empty for that folder itself. */
  readonly name: string;
  /** Where to open it: bytes where the name is not UTF-8. */
  readonly path: string | Buffer;
  /** Why a folder could not be opened. */
  readonly cause?: unknown;
}

export interface WalkOptions {
  /** Folders in the folder too? */
  readonly recursive: boolean;
  /** Folders that were entered before, by their real paths; those are added that are entered now. */
  readonly entered?: KeyTable;
}

/**
 * What is in a folder, one after the other, in the order of people within each folder. Of all folders
 * only the one at hand and those that it is in are held in memory. Hidden files and folders are left
 * alone. Symbolic links are followed, but no folder is entered twice, so a loop of links ends.
 */
export async function* walkFolder(
  folder: string,
  { recursive, entered = new KeyTable() }: WalkOptions,
): AsyncGenerator<FolderEntry, void, undefined> {
  async function* enter(
    path: string | Buffer,
    name: string,
  ): AsyncGenerator<FolderEntry, void, undefined> {
    let listing: Listing;
    try {
      const known = entered.size;
      entered.add(nameKey(decodeName(await realpath(path, 'buffer'))));
      if (entered.size === known) return;
      listing = await list(path);
    } catch (cause) {
      yield { kind: 'closed folder', name, path, cause };
      return;
    }
    for (const entry of listing.names) {
      const child = extend(path, entry);
      const childName = name === '' ? entry : `${name}/${entry}`;
      let kind: 'folder' | 'link' | 'file' | 'other' = listing.folders.get(entry) ?? 'file';
      if (kind === 'link') {
        const target = await stat(child).catch(() => undefined);
        // A link that leads nowhere is not in the folder.
        kind = target?.isDirectory() ? 'folder' : target?.isFile() ? 'file' : 'other';
      }
      const photo = kindByName(entry);
      if (kind === 'folder' && recursive) yield* enter(child, childName);
      else if (kind === 'file' && photo !== 'other') {
        yield { kind: photo, name: childName, path: child };
      }
    }
  }
  yield* enter(folder, '');
}

interface Listing {
  /** Of photos, folders and links, in the order of people. */
  readonly names: readonly string[];
  readonly folders: ReadonlyMap<string, 'folder' | 'link'>;
}

async function list(path: string | Buffer): Promise<Listing> {
  const names: string[] = [];
  const folders = new Map<string, 'folder' | 'link'>();
  let isText = true;
  const add = (name: string, entry: Pick<Dirent, 'isDirectory' | 'isSymbolicLink' | 'isFile'>) => {
    if (name.startsWith('.')) return;
    if (entry.isDirectory()) folders.set(name, 'folder');
    else if (entry.isSymbolicLink()) folders.set(name, 'link');
    // Only what is used is kept and sorted: a folder may hold a sidecar for each photo.
    else if (!entry.isFile() || kindByName(name) === 'other') return;
    names.push(name);
  };
  for await (const entry of await opendir(path as string, { bufferSize: 1024 })) {
    // What stands for bytes that are no UTF-8; a name may also really have that character.
    if (entry.name.includes('\ufffd')) isText = false;
    add(entry.name, entry);
  }
  if (!isText) {
    names.length = 0;
    folders.clear();
    const options = { withFileTypes: true, encoding: 'buffer' } as const;
    for (const entry of await readdir(path, options)) add(decodeName(entry.name), entry);
  }
  return { names: names.sort(naturalOrder), folders };
}

/** A path in a folder, in bytes where a name is not UTF-8. */
function extend(folder: string | Buffer, name: string): string | Buffer {
  const separated = folder.length === 0 || isSeparator(folder.at(-1));
  const added = separated ? name : `${sep}${name}`;
  if (typeof folder === 'string' && !hasBytes(name)) return folder + added;
  return Buffer.concat([Buffer.from(folder as string), encodeName(added)]);
}

function isSeparator(last: string | number | undefined): boolean {
  const character = typeof last === 'number' ? String.fromCharCode(last) : last;
  return character === '/' || character === sep;
}
