import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { remark } from 'remark';
import remarkMdx from 'remark-mdx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScriptedCaptioner } from '../../core/test/alt/scripted-captioner.js';
import remarkZipcaption from './index.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'remark-zipcaption-'));
  for (const name of ['dog', 'cat']) writeFileSync(join(cwd, `${name}.jpg`), `a ${name}`);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const captioner = new ScriptedCaptioner((image) => ({ captions: [[image, 0.8]] }));
const options = { captioner, cache: false } as const;
const input = (value: string) => ({ path: 'docs/page.md', cwd, value });

describe('remark-zipcaption', () => {
  test.each([
    ['![](../dog.jpg)', '![A dog](../dog.jpg)'],
    ['![image](/dog.jpg "T")', '![A dog](/dog.jpg "T")'],
    ['![][x]\n\n[x]: ../cat.jpg', '![A cat][x]\n\n[x]: ../cat.jpg'],
    ['![Rex](../dog.jpg)', '![Rex](../dog.jpg)'],
    ['`![](../dog.jpg)`', '`![](../dog.jpg)`'],
  ])('%j becomes %j', async (before, after) => {
    const file = await remark().use(remarkZipcaption, options).process(input(before));
    expect([String(file).trimEnd(), file.messages]).toEqual([after, []]);
  });

  test('fills in elements of MDX, imported images too', async () => {
    const before = `import dog from '../dog.jpg'\n\n<Image src={dog} />\n\n<img src="../cat.jpg" alt="photo" />\n\n<img src="../cat.jpg" alt="" />\n`;
    const file = await remark()
      .use(remarkMdx)
      .use(remarkZipcaption, { ...options, mark: 'data-alt-draft' })
      .process(input(before));
    expect(String(file)).toBe(
      before
        .replace('{dog}', '{dog} alt="A dog" data-alt-draft=""')
        .replace('alt="photo"', 'alt="A cat" data-alt-draft=""'),
    );
  });

  test('tells of images that are left without', async () => {
    const file = await remark().use(remarkZipcaption, options).process(input('\n![](none.jpg)'));
    expect(file.messages.map(({ reason, line }) => [reason, line])).toEqual([
      [
        'none.jpg has no alternative text. Its address points to the file none.jpg, which does not exist.',
        2,
      ],
    ]);
  });
});
