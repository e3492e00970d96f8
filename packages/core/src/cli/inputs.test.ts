import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseName, findInputs, type PhotoSource } from './inputs.js';
import { naturalOrder } from './natural-order.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-inputs-'));
  const files = [
    'photo10.jpg',
    'photo2.JPG',
    'photo1.png',
    'note.txt',
    'phone.heic',
    '.hidden.jpg',
    ...[
      'deep/x.webp',
      'deep/deeper/y.gif',
      '.git/z.jpg',
      'odd[1].jpg',
      'empty/readme.md',
      'raw.bin',
    ],
  ];
  for (const file of files) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  await symlink('..', join(folder, 'deep/loop'));
});
afterAll(() => rm(folder, { recursive: true }));

async function found(operands: readonly string[], recursive = false) {
  const { sources, notes } = await findInputs(
    operands.map((operand) => operand.replace('%', folder)),
    { recursive },
  );
  const short = (text: string) => text.replaceAll(folder, '%');
  return {
    names: sources.map(({ kind, name }) => `${kind} ${short(name)}`),
    notes: notes.map(short),
    errors: sources.flatMap((source) => (source.kind === 'missing' ? [source.error] : [])),
  };
}

describe('a folder', () => {
  it('stands for the photos in it, in the order of people, hidden and other files left out', async () => {
    const { names, notes } = await found(['%']);
    expect(names).toEqual([
      'file %/odd[1].jpg',
      'file %/photo1.png',
      'file %/photo2.JPG',
      'file %/photo10.jpg',
    ]);
    expect(notes).toEqual([
      '%: skipped 1 file in unsupported formats (.heic); convert to JPEG first.',
    ]);
  });

  it('is searched deeply when asked for, a loop of links included', async () => {
    const { names } = await found(['%'], true);
    expect(names.slice(0, 2)).toEqual(['file %/deep/deeper/y.gif', 'file %/deep/x.webp']);
    expect(names).toHaveLength(6);
  });

  it('without photos is a failure of its own', async () => {
    const { names, errors } = await found(['%/empty', '%/photo1.png']);
    expect(names).toEqual(['missing %/empty', 'file %/photo1.png']);
    expect(errors[0]).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(errors[0]?.message).toContain('Use -r');
  });
});

describe('a glob', () => {
  it('stands for what it matches, in the order of people', async () => {
    expect((await found(['%/photo*'])).names).toEqual([
      'file %/photo1.png',
      'file %/photo2.JPG',
      'file %/photo10.jpg',
    ]);
  });

  it('takes files of any extension only when it names the extension', async () => {
    expect((await found(['%/*.bin'])).names).toEqual(['file %/raw.bin']);
    expect((await found(['%/*.*'])).names).not.toContain('file %/raw.bin');
  });

  it('is no glob when there is a file of that very name', async () => {
    expect((await found(['%/odd[1].jpg'])).names).toEqual(['file %/odd[1].jpg']);
  });

  it('that matches nothing is a failure', async () => {
    const { names, errors } = await found(['%/*.tiff']);
    expect(names).toEqual(['missing %/*.tiff']);
    expect(errors[0]?.message).toBe('No photo matches this pattern.');
  });
});

describe('other words', () => {
  it('are files, addresses, standard input', async () => {
    const url = pathToFileURL(join(folder, 'photo1.png')).href;
    expect((await found(['%/note.txt', 'https://example.org/a.jpg', url, '-'])).names).toEqual([
      'file %/note.txt',
      'url https://example.org/a.jpg',
      'file file://%/photo1.png',
      'stdin -',
    ]);
  });

  it('that lead nowhere fail in their turn', async () => {
    const { names, errors } = await found(['%/none.jpg', '%/note.txt/x.jpg', 'http://', '']);
    expect(names.every((name) => name.startsWith('missing'))).toBe(true);
    expect(errors.map(({ code }) => code)).toEqual(Array(4).fill('FILE_NOT_FOUND'));
  });

  it('with another kind of address say which kinds are read', async () => {
    const { errors } = await found(['s3://bucket/photo.jpg', 'C:\\photos\\none.jpg']);
    expect(errors.map(({ message }) => message)).toEqual([
      'Only http:, https: and file: addresses are read. Download the photo first.',
      'There is no such file or folder.',
    ]);
  });

  it('refuse standard input twice', async () => {
    await expect(findInputs(['-', '-'], { recursive: false })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('naturalOrder', () => {
  it('counts numbers, goes folder by folder, and is total', () => {
    const names = ['b/1.jpg', 'a10.jpg', 'a/2.jpg', 'a2.jpg', 'a/10.jpg', 'a', '02', '2'];
    expect(names.toSorted(naturalOrder)).toEqual([
      '02',
      '2',
      'a',
      'a/2.jpg',
      'a/10.jpg',
      'a2.jpg',
      'a10.jpg',
      'b/1.jpg',
    ]);
  });
});

describe('baseName', () => {
  const url = (href: string): PhotoSource => ({ kind: 'url', name: href, url: new URL(href) });
  it.each<[PhotoSource, string]>([
    [{ kind: 'file', name: 'a/dog.one.jpg', path: '' }, 'dog.one'],
    [url('https://example.org/x/my%20dog.jpg?size=2'), 'my dog'],
    [url('https://example.org/'), 'photo'],
    [url('https://example.org/a%2F..%2F..%2Fetc'), 'etc'],
    [url('https://example.org/%2e%2e%5c%00x%E0%A4%A.jpg'), '%2e%2e%5c%00x%E0%A4%A'],
    [{ kind: 'stdin', name: '-' }, 'stdin'],
    [{ kind: 'file', name: 'what?<1>.png', path: '' }, 'what__1_'],
  ])('of %j is %j', (source, expected) => {
    expect(baseName(source)).toBe(expected);
  });
});
