import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchSources, type SourceRequest } from './batch-sources.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-sources-'));
  const files = [
    'photo10.jpg',
    'photo2.JPG',
    'deep/x.webp',
    'deep/deeper/y.gif',
    'deep.jpg',
    'a\\b.jpg',
    'phone.heic',
    'photo2.JPG.txt',
    'deep/x.webp.json',
    'out.jsonl',
    '.hidden.jpg',
  ];
  for (const file of files) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), '');
  }
  await symlink('..', join(folder, 'deep/loop'));
  await symlink('nowhere', join(folder, 'dangling.jpg'));
  await symlink('photo10.jpg', join(folder, 'link.jpg'));
});
afterAll(() => rm(folder, { recursive: true }));

async function found(operands: readonly string[], request: Partial<SourceRequest> = {}) {
  const names: string[] = [];
  const paths: (string | Buffer)[] = [];
  const missing: string[] = [];
  const unread: string[] = [];
  const all = {
    recursive: true,
    filesFrom: undefined,
    shard: undefined,
    results: [],
    sidecars: false,
    operands,
    ...request,
  };
  const report = {
    onMissing: async (name: string) => void missing.push(name),
    onUnread: (extension: string) => void unread.push(extension),
  };
  for await (const source of batchSources(all, report)) {
    names.push(source.name);
    if (source.kind === 'file') paths.push(source.path);
  }
  return { names, paths, missing, unread };
}

const ALL = [
  'a\\b.jpg',
  'deep/deeper/y.gif',
  'deep/x.webp',
  'deep.jpg',
  'link.jpg',
  'photo2.JPG',
  'photo10.jpg',
];

describe('one folder', () => {
  it('gives names relative to it, in the order of people, whatever it is called', async () => {
    for (const operand of [folder, `${folder}/`, relative('.', folder), `file://${folder}`]) {
      const { names, paths, missing, unread } = await found([operand]);
      expect(names).toEqual(ALL);
      expect(paths[6]).toBe(
        operand.startsWith('file:')
          ? join(folder, 'photo10.jpg')
          : `${operand.replace(/\/$/, '')}/photo10.jpg`,
      );
      expect({ missing, unread }).toEqual({ missing: [], unread: ['.heic'] });
    }
  });

  it('without -r has only its own photos', async () => {
    const { names } = await found([folder], { recursive: false });
    expect(names).toEqual(ALL.filter((name) => !name.includes('/')));
  });

  it('is divided into shards: each photo is in one of them', async () => {
    const parts = await Promise.all(
      [1, 2, 3].map((index) => found([folder], { shard: { index, count: 3 } })),
    );
    expect(parts.flatMap(({ names }) => names).sort()).toEqual(ALL.toSorted());
  });

  it('that is empty or absent is missing', async () => {
    await mkdir(join(folder, '.empty'), { recursive: true });
    for (const operand of [join(folder, '.empty'), join(folder, 'none')]) {
      expect(await found([operand])).toMatchObject({ names: [], missing: [operand] });
    }
  });
});

describe('several operands', () => {
  it('that overlap give each photo once, under the name by which it comes first', async () => {
    const deep = join(folder, 'deep');
    const photo = join(deep, 'x.webp');
    const names = ALL.map((name) => join(folder, name));
    expect((await found([folder, deep, photo, `${deep}//./x.webp`])).names).toEqual(names);
    const first = await found([`${deep}/../deep/x.webp`, `${folder}/*.JPG`, folder]);
    const early = [photo, join(folder, 'photo2.JPG')];
    expect(first.names).toEqual([...early, ...names.filter((name) => !early.includes(name))]);
    expect(first.missing).toEqual([]);
  });

  it('that lead nowhere do not stop the others', async () => {
    const { names, missing } = await found(['none.jpg', join(folder, 'deep.jpg'), 'http://']);
    expect(names).toEqual([join(folder, 'deep.jpg')]);
    expect(missing).toEqual(['none.jpg', 'http://']);
  });
});

it('results and sidecars are no photos, even where a shell names them', async () => {
  const shell = ['out.jsonl', 'photo2.JPG', 'photo2.JPG.txt', 'deep/x.webp.json'];
  const operands = shell.map((name) => join(folder, name));
  const results = [join(folder, 'out.jsonl')];
  const { names } = await found(operands, { results, sidecars: true });
  expect(names).toEqual([join(folder, 'photo2.JPG')]);
});

describe('a list', () => {
  const listed = async (content: string | Buffer, request: Partial<SourceRequest> = {}) => {
    await writeFile(join(folder, 'list'), content);
    return found([], { filesFrom: join(folder, 'list'), ...request });
  };

  it('names a photo a line, each once; none of them needs to be there', async () => {
    const { names } = await listed('./a b.jpg\r\n\nhttps://example.org/x.jpg\na b.jpg\nlast.jpg');
    expect(names).toEqual(['a b.jpg', 'https://example.org/x.jpg', 'last.jpg']);
  });

  it('with NUL between names may hold any name', async () => {
    const { names, paths } = await listed(Buffer.from('a\nb.jpg\0\xff.jpg\0c\r\0', 'latin1'));
    expect(names).toEqual(['a\nb.jpg', '\udcff.jpg', 'c\r']);
    expect(paths).toEqual(['a\nb.jpg', Buffer.from('\xff.jpg', 'latin1'), 'c\r']);
  });

  it('may begin with a byte order mark', async () => {
    for (const end of ['\r\n', '\0']) {
      const { names } = await listed(`\ufeffa.jpg${end}\ufeffb.jpg${end}`);
      expect(names).toEqual(['a.jpg', '\ufeffb.jpg']);
    }
    expect((await listed('\ufeff')).names).toEqual([]);
    expect((await listed('ab')).names).toEqual(['ab']);
    expect((await listed(Buffer.from('\xff\xfe.jpg\0', 'latin1'))).names).toEqual([
      '\udcff\udcfe.jpg',
    ]);
  });

  it('in UTF-16 is refused with what to do', async () => {
    const little = Buffer.from('\ufeffphoto.jpg\r\n', 'utf16le');
    await expect(listed(little)).rejects.toThrow('Out-File -Encoding utf8');
    await expect(listed(Buffer.from(little).swap16())).rejects.toThrow('is in UTF-16');
  });

  it('that is none, or is not there, is refused', async () => {
    await expect(listed(Buffer.alloc(1 << 17, 'x'))).rejects.toThrow('is no list of names');
    await expect(found([], { filesFrom: 'nowhere.txt' })).rejects.toThrow(
      'cannot be read: there is no such file',
    );
  });
});

describe.runIf(process.platform === 'linux')('names that are not UTF-8', () => {
  it('are opened by their bytes, in folders of such names, too', async () => {
    const odd = Buffer.concat([Buffer.from(`${folder}/.odd/`), Buffer.from([0xff, 0x2f])]);
    await mkdir(odd, { recursive: true });
    for (const name of ['\xfe.jpg', 'plain.jpg', '\xef\xbf\xbd.jpg']) {
      await writeFile(Buffer.concat([odd, Buffer.from(name, 'latin1')]), '');
    }
    const { names, paths } = await found([join(folder, '.odd')]);
    expect(names.toSorted()).toEqual(
      ['\udcff/plain.jpg', '\udcff/\udcfe.jpg', '\udcff/\ufffd.jpg'].toSorted(),
    );
    for (const path of paths) expect(path).toBeInstanceOf(Buffer);
  });
});
