import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehype } from 'rehype';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScriptedCaptioner } from '../../core/test/alt/scripted-captioner.js';
import rehypeZipcaption, { type FillOptions } from './index.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rehype-zipcaption-'));
  for (const name of ['dog', 'cat']) writeFileSync(join(cwd, `${name}.jpg`), `a ${name}`);
});
afterAll(() => rmSync(cwd, { recursive: true }));

const captioner = () => new ScriptedCaptioner((image) => ({ captions: [[image, 0.8]] }));

async function process(value: string, options: FillOptions = {}) {
  const given = { captioner: captioner(), cache: false, ...options } as const;
  const file = await rehype()
    .data('settings', { fragment: true })
    .use(rehypeZipcaption, given)
    .process({ path: 'page.html', cwd, value });
  return { html: String(file), messages: file.messages.map(({ reason }) => reason) };
}

describe('rehype-zipcaption', () => {
  test.each([
    ['<img src="dog.jpg">', '<img src="dog.jpg" alt="A dog">'],
    ['<img src="/dog.jpg" alt="image">', '<img src="/dog.jpg" alt="A dog">'],
    ['<img srcset="cat.jpg 2x">', '<img srcset="cat.jpg 2x" alt="A cat">'],
    ['<img data-src="cat.jpg">', '<img data-src="cat.jpg" alt="A cat">'],
    ['<img src="dog.jpg" alt="">', '<img src="dog.jpg" alt="">'],
    ['<img src="dog.jpg" alt="Rex">', '<img src="dog.jpg" alt="Rex">'],
    ['<img src="dog.jpg" aria-labelledby="a b">', '<img src="dog.jpg" aria-labelledby="a b">'],
    [
      '<p aria-hidden="true"><img src="dog.jpg"></p>',
      '<p aria-hidden="true"><img src="dog.jpg"></p>',
    ],
  ])('%s becomes %s', async (before, after) => {
    expect(await process(before)).toEqual({ html: after, messages: [] });
  });

  test('tells of images that are left without', async () => {
    const { html, messages } = await process('<img src="none.jpg"><img src="dog.jpg">', {
      minConfidence: 0.9,
    });
    expect(html).not.toContain('alt=');
    expect(messages).toEqual([
      'none.jpg has no alternative text. Its address points to the file none.jpg, which does not exist.',
      'dog.jpg has no alternative text. The confidence is below the minimum.',
    ]);
  });

  test('marks drafts, styles them', async () => {
    const { html } = await process('<img src="dog.jpg">', {
      mark: 'data-alt-draft',
      suffix: ' (draft)',
    });
    expect(html).toBe('<img src="dog.jpg" alt="A dog (draft)" data-alt-draft="">');
  });

  test('does without a cache where its usual place cannot be written, but not without one that is named', async () => {
    const place = join(cwd, 'node_modules');
    writeFileSync(place, 'a file where the folder would be');
    const file = await rehype()
      .data('settings', { fragment: true })
      .use(rehypeZipcaption, { captioner: captioner() })
      .process({ path: 'page.html', cwd, value: '<img src="dog.jpg">' });
    expect(String(file)).toBe('<img src="dog.jpg" alt="A dog">');
    await expect(
      process('<img src="dog.jpg">', { cache: join(place, 'alt.jsonl') }),
    ).rejects.toMatchObject({ code: 'WRITE_FAILED' });
    rmSync(place);
  });

  test('takes captions of an earlier build from its cache', async () => {
    const cache = join(cwd, 'cache/alt.jsonl');
    const [first, second] = [captioner(), captioner()];
    await process('<img src="dog.jpg">', { captioner: first, cache });
    await process('<img src="dog.jpg">', { captioner: second, cache });
    expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
  });

  test('refuses an option that it does not know', () => {
    expect(() => rehypeZipcaption({ minConfidnce: 1 } as FillOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});
