import type { NamedPhoto } from './named-photo.js';

/** So many photos of dropped folders are taken, and so many files looked at: somebody may drop a whole disk. */
const MOST_PHOTOS = 2000;
const MOST_ENTRIES = 50_000;

/** What photos are called. A folder holds other files as well; those that are dropped by themselves are all tried. */
const PHOTO_NAME = /\.(jpe?g|jfif|png|webp|gif|avif|hei[cf]|bmp|tiff?)$/i;

/** 9 comes before 10. One collator for all: making one takes longer than many comparisons. */
const { compare } = new Intl.Collator(undefined, { numeric: true });
const byName = (a: FileSystemEntry, b: FileSystemEntry) => compare(a.name, b.name);

export interface Dropped {
  readonly photos: readonly NamedPhoto[];
  /** What a visitor must know of it. */
  readonly note?: string;
}

/**
 * The files of a drop, and the photos in folders among them, named by their paths. Has to be called while the event is
 * handled: later the browser has forgotten what was dropped.
 */
export function droppedFiles({ items, files }: DataTransfer): Promise<Dropped> {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? undefined);
  if (!entries.some((entry) => entry?.isDirectory)) {
    const photos = [...files].map((file) => ({ file, name: file.name || 'photo' }));
    return Promise.resolve({ photos });
  }
  return inFolders(entries.filter((entry) => entry !== undefined));
}

async function inFolders(entries: readonly FileSystemEntry[]): Promise<Dropped> {
  const photos: NamedPhoto[] = [];
  let looked = entries.length;
  let isCut = false;
  // Folders are read one after another, the first found first.
  const open = [...entries];
  for (const entry of open) {
    if (isFolder(entry)) {
      if (looked >= MOST_ENTRIES) {
        isCut = true;
        continue;
      }
      const children = await childrenOf(entry, MOST_ENTRIES - looked);
      looked += children.length;
      isCut ||= looked > MOST_ENTRIES;
      const wanted = children.filter((child) => isFolder(child) || isPhoto(child));
      for (const child of wanted.sort(byName)) open.push(child);
    } else if (isFile(entry)) {
      if (photos.length >= MOST_PHOTOS) {
        isCut = true;
        break;
      }
      const file = await fileOf(entry);
      if (file) photos.push({ file, name: entry.fullPath.replace(/^\//, '') });
    }
  }
  const note = noteOn(photos.length, isCut);
  return { photos, ...(note && { note }) };
}

function noteOn(count: number, isCut: boolean): string | undefined {
  if (!isCut) return count > 0 ? undefined : 'There is no photo in that folder.';
  if (count > 0) return `Too much for once: the first ${grouped(count)} photos were taken.`;
  return `There is no photo among the first ${grouped(MOST_ENTRIES)} files of that folder.`;
}

const grouped = (count: number) => count.toLocaleString('en');

/** Names that begin with a dot are notes of the system's. */
function isPhoto({ name }: FileSystemEntry): boolean {
  return PHOTO_NAME.test(name) && !name.startsWith('.');
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

/** All in a folder; nothing of one that may not be read. Of more than `most` it gives more, but not all. */
async function childrenOf(
  folder: FileSystemDirectoryEntry,
  most: number,
): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // Each call gives some more of them, the last none.
    const more = await new Promise<FileSystemEntry[]>((resolve) => {
      reader.readEntries(resolve, () => resolve([]));
    });
    children.push(...more);
    if (more.length === 0 || children.length > most) break;
  }
  return children;
}

function fileOf(entry: FileSystemFileEntry): Promise<File | undefined> {
  return new Promise((resolve) => {
    entry.file(resolve, () => resolve(undefined));
  });
}
