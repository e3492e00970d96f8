import { expect, test } from 'vitest';
import { findInText } from '../../../alt/index.js';
import { draftInWords, type Listed } from './alt-result.js';

const draft = { alt: 'A house', caption: 'a house', confidence: 0.8, alternatives: [] };

async function listed(text: string, more: Partial<Listed> = {}): Promise<string[]> {
  const uses = await findInText({ text, kind: 'html' });
  return uses.map((use) => draftInWords({ ...use, file: 'a.html', occurrence: 0, draft, ...more }));
}

test('a draft for an image that does something says what its text has to say', async () => {
  const text = '<a href=/home><img src=a.jpg></a><input type=image src=a.jpg><img src=a.jpg>';
  expect(await listed(text)).toEqual([
    'A house (80 %) [in a link to /home: say where it leads]',
    'A house (80 %) [a button: say what it does]',
    'A house (80 %)',
  ]);
  expect((await listed(text, { outcome: 'written' }))[0]).toBe(
    'A house (80 %), written [in a link to /home: say where it leads]',
  );
});

test('what a reviewer decided is left at that', async () => {
  const decided = { decided: 'Home', outcome: 'written' } as const;
  expect(await listed('<a href=/home><img src=a.jpg></a>', decided)).toEqual(['Home, written']);
});
