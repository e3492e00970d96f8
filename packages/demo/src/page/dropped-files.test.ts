import { describe, expect, test } from 'vitest';
import { droppedFiles } from './dropped-files.js';

/** A folder on a visitor's disk, whose entries are made when they are read. */
interface Folder {
  readonly length: number;
  /** @returns a name, and what is in the folder of that name; `undefined` for a file */
  at(index: number): readonly [name: string, content: Folder | undefined];
}

/** What has been asked of the disk. */
interface Reads {
  batches: number;
  files: number;
}

function entryOf(folder: Folder, index: number, reads: Reads, parent = ''): FileSystemEntry {
  const [name, content] = folder.at(index);
  const fullPath = `${parent}/${name}`;
  const entry = { name, fullPath, isFile: !content, isDirectory: content !== undefined };
  const file = (found: (file: File) => void) => {
    reads.files++;
    found(new File([], name));
  };
  // A hundred at a time, as Chromium gives them, and none at the end.
  const createReader = () => {
    let next = 0;
    const readEntries = (found: (batch: FileSystemEntry[]) => void) => {
      reads.batches++;
      const batch: FileSystemEntry[] = [];
      for (; content && next < content.length && batch.length < 100; next++) {
        batch.push(entryOf(content, next, reads, fullPath));
      }
      found(batch);
    };
    return { readEntries };
  };
  return { ...entry, ...(content ? { createReader } : { file }) } as unknown as FileSystemEntry;
}

/** What comes of a drop of everything at the disk's top. */
async function drop(disk: Readonly<Record<string, Folder>>) {
  const reads: Reads = { batches: 0, files: 0 };
  const top = folder(disk);
  const items = Object.keys(disk).map((_, i) => ({
    webkitGetAsEntry: () => entryOf(top, i, reads),
  }));
  const transfer = { items, files: [] } as unknown as DataTransfer;
  const { photos, note } = await droppedFiles(transfer);
  return { names: photos.map(({ name }) => name), note, reads };
}

function folder(content: Readonly<Record<string, Folder>>): Folder {
  const entries = Object.entries(content);
  return { length: entries.length, at: (i) => entries[i] ?? ['', undefined] };
}

function many(length: number, ending: string): Folder {
  return { length, at: (i) => [`${i}.${ending}`, undefined] };
}

function together(...[first, second]: readonly [Folder, Folder]): Folder {
  const length = first.length + second.length;
  return { length, at: (i) => (i < first.length ? first.at(i) : second.at(i - first.length)) };
}

describe('of a dropped folder', () => {
  test('2,000 photos are all taken, whatever else lies behind them', async () => {
    const { names, note } = await drop({ trip: together(many(2000, 'jpg'), many(5, 'txt')) });
    expect(names).toHaveLength(2000);
    expect(names.at(-1)).toBe('trip/1999.jpg');
    expect(note).toBeUndefined();
  });

  test('the first 2,000 photos are taken of more, and no other file is opened', async () => {
    const { names, note, reads } = await drop({
      a: many(1500, 'jpg'),
      b: folder({ c: many(501, 'png'), d: many(3000, 'webp') }),
    });
    expect(names).toHaveLength(2000);
    expect(names.at(-1)).toBe('b/c/499.png');
    expect(reads.files).toBe(2000);
    expect(note).toBe('Too much for once: the first 2,000 photos were taken.');
  });

  test('50,000 entries are looked at, itself included', async () => {
    const disk = together(many(49_998, 'txt'), many(1, 'jpg'));
    const { names, note } = await drop({ disk });
    expect(names).toEqual(['disk/0.jpg']);
    expect(note).toBeUndefined();
  });

  test('what lies behind 50,000 entries is not looked for, photos before them are taken', async () => {
    const { names, note, reads } = await drop({
      album: many(3, 'jpg'),
      disk: many(1e9, 'txt'),
      more: many(1e9, 'txt'),
    });
    expect(names).toEqual(['album/0.jpg', 'album/1.jpg', 'album/2.jpg']);
    expect(note).toBe('Too much for once: the first 3 photos were taken.');
    expect(reads.batches).toBeLessThan(510);
  });

  test('where there is no photo before that, the note says so', async () => {
    const { names, note } = await drop({ disk: many(1e9, 'txt') });
    expect(names).toEqual([]);
    expect(note).toBe('There is no photo among the first 50,000 files of that folder.');
  });

  test('folders without end are left after 50,000', async () => {
    const endless: Folder = { length: 3, at: (i) => [`${i}`, endless] };
    const { names, note, reads } = await drop({ endless });
    expect(names).toEqual([]);
    expect(note).toContain('50,000');
    expect(reads.batches).toBeLessThan(100_010);
  });
});
