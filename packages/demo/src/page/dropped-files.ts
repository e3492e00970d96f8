import type { NamedPhoto } from './named-photo.js';

/** So many photos of dropped folders are taken, and so many files looked at: somebody may drop a whole disk. */
const MOST_PHOTOS = 2000;
const MOST_ENTRIES = 50_000;

/** What photos are called. A folder holds other files as well; those that are dropped by themselves are all tried. */
const PHOTO_NAME = /\.(jpe?g|jfif|png|webp|gif|avif|hei[cf]|bmp|tiff?)$/i;

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
  // Folders are read one after another, the first found first.
  const open = [...entries];
  for (const entry of open) {
    if (photos.length >= MOST_PHOTOS || open.length > MOST_ENTRIES) {
      return { photos, note: `Too much for once: the first ${photos.length} photos were taken.` };
    }
    if (isFolder(entry)) for (const child of await childrenOf(entry)) open.push(child);
    else if (isFile(entry)) {
      const isInFolder = !entries.includes(entry);
      if (isInFolder && !isPhoto(entry)) continue;
      const file = await fileOf(entry);
      if (file) photos.push({ file, name: entry.fullPath.replace(/^\//, '') });
    }
  }
  return photos.length > 0 ? { photos } : { photos, note: 'There is no photo in that folder.' };
}

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

/** All in a folder, by name; nothing of one that may not be read. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    // Each call gives some more of them, the last none.
    const more = await new Promise<FileSystemEntry[]>((resolve) => {
      reader.readEntries(resolve, () => resolve([]));
    });
    children.push(...more);
    if (more.length === 0 || children.length > MOST_ENTRIES) break;
  }
  return children.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File | undefined> {
  return new Promise((resolve) => {
    entry.file(resolve, () => resolve(undefined));
  });
}
