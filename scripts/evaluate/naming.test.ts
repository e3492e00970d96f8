import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadCaptioner } from 'zipcaption';
import { names, namingLines, readNamingSet, scoreNaming } from './naming.js';

const photo = (name: string) => fileURLToPath(new URL(`../../samples/${name}`, import.meta.url));
const tinyModel = fileURLToPath(
  new URL('../../packages/core/test/fixtures/tiny-model/', import.meta.url),
);

function folderWith(list: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'zipcaption-naming-'));
  mkdirSync(join(folder, 'images'));
  writeFileSync(join(folder, 'images/here.jpg'), '');
  writeFileSync(join(folder, 'naming.json'), JSON.stringify(list));
  return folder;
}

test('a caption names a thing by a whole word of it', () => {
  const words = new Set(['castle', 't-shirt']);
  expect(names('A Castle, on a hill', words)).toBe(true);
  expect(names('a man in a t-shirt', words)).toBe(true);
  expect(names('sandcastles', words)).toBe(false);
});

test.each([
  [{}, 'must hold a list'],
  [[], 'must hold a list'],
  [[{ file: 'here.jpg', words: ['x'] }], 'Entry 0'],
  [[{ file: 'here.jpg', label: 'x', words: [1] }], 'Entry 0'],
  [[{ file: 'gone.jpg', label: 'x', words: ['x'] }], 'gone.jpg is named'],
])('%j is refused', (list, message) => {
  expect(() => readNamingSet(folderWith(list))).toThrow(message);
});

test('captions and tags are counted', async () => {
  const captioner = await loadCaptioner({ model: tinyModel });
  const { text, tags = [] } = await captioner.caption(photo('rocket.jpg'), { numTags: 5 });
  const [first, second] = tags.map((tag) => tag.text);
  const about = (...words: (string | undefined)[]) => ({
    file: 'rocket.jpg',
    path: photo('rocket.jpg'),
    label: 'rocket',
    words: new Set(words.map(String)),
  });
  const scores = await scoreNaming(
    captioner,
    [
      ...[about(first), about(second), about(text.split(' ')[0]), about('rocket')],
      { ...about('x'), path: 'missing.jpg' },
    ],
    { concurrency: 1 },
  );
  await captioner.dispose();
  const isTag = tags.some((tag) => tag.text === text.split(' ')[0]);
  expect(scores).toMatchObject({
    photos: 4,
    failed: 1,
    tagged: { first: 1, amongBest: isTag ? 3 : 2 },
  });
  expect(scores.named).toBeGreaterThanOrEqual(1);
  expect(scores.perPhoto.map(({ named }) => named).slice(2)).toEqual([true, false]);
  expect(namingLines(scores).join('\n')).toMatch(/first tag +25\.0 % \(1\)/);
});
