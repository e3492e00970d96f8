import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResults } from './result-lines.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zipcaption-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

const line = (file: string) => `${JSON.stringify({ file, caption: 'é' })}\n`;

async function read(content: string | Buffer) {
  const path = join(folder, 'out.jsonl');
  await writeFile(path, content);
  const files: string[] = [];
  const state = await readResults(path, ({ file }) => files.push(file));
  return { files, ...state };
}

describe('a file of results', () => {
  it('may be cut anywhere: what is whole stays, what is not is cut off', async () => {
    const whole = Buffer.from(line('a.jpg') + line('b\n"é.jpg') + line('c.jpg'));
    const ends = [0, line('a.jpg'), line('a.jpg') + line('b\n"é.jpg')].map((text) =>
      Buffer.byteLength(String(text || '')),
    );
    for (let cut = 0; cut < whole.length; cut++) {
      const { files, length, needsLineFeed } = await read(whole.subarray(0, cut));
      const lines = ends.filter((end) => end > 0 && end <= cut).length;
      // Only the line feed is missing: the object is whole.
      const complete = [...ends.slice(1), whole.length].some((end) => cut === end - 1);
      expect(files).toEqual(['a.jpg', 'b\n"é.jpg', 'c.jpg'].slice(0, lines + (complete ? 1 : 0)));
      expect(needsLineFeed).toBe(complete);
      expect(length).toBe(complete ? cut : Math.max(...ends.filter((end) => end <= cut)));
    }
  });

  it('tells what is known of each photo', async () => {
    const path = join(folder, 'states.jsonl');
    const source = { bytes: 5, mtimeMs: 7, sha256: 'ab' };
    const lines = [
      { file: 'a', caption: 'x', source },
      { file: 'b', error: { code: 'DECODE_FAILED', message: '' }, source: { bytes: 1 } },
    ];
    await writeFile(path, lines.map((each) => `${JSON.stringify(each)}\r\n`).join('\r\n'));
    const found: unknown[] = [];
    await readResults(path, (result) => found.push(result));
    expect(found).toEqual([
      { file: 'a', state: source, failed: false },
      { file: 'b', state: undefined, failed: true },
    ]);
  });

  it('larger than what is read at once is read line by line', async () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `${'folder/'.repeat(i % 9)}${i}.jpg`);
    const { files, length } = await read(`${names.map(line).join('')}{"file":"cut`);
    expect(files).toEqual(names);
    expect(length).toBe(Buffer.byteLength(names.map(line).join('')));
  });

  it('with zeros in it, as a power cut leaves them, loses only those lines', async () => {
    const zeros = '\0'.repeat(50);
    expect(await read(`${line('a')}${zeros}\n${line('b')}`)).toMatchObject({
      files: ['a', 'b'],
      unreadable: 1,
    });
    expect(await read(`${line('a')}${zeros}`)).toMatchObject({
      files: ['a'],
      unreadable: 0,
      length: line('a').length + 1,
    });
    expect(await read(zeros)).toMatchObject({ files: [], length: 0 });
  });

  it('that is something else is refused, lest it be cut', async () => {
    const photo = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46]);
    for (const other of [
      photo,
      'a,b\n1,2\n',
      '{"name": "x"}\n',
      '[1]',
      '{"files": 1}',
      'x'.repeat(1 << 25),
    ]) {
      await expect(read(other)).rejects.toThrow('does not hold results of zipcaption');
    }
  });
});
