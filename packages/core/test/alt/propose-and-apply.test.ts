import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { appendFile, lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  applyAlts,
  decisionOf,
  fileCache,
  findImages,
  type ProposeOptions,
  parseDecisions,
  proposeAlts,
} from '../../src/alt/index.js';
import { CaptionError } from '../../src/index.js';
import { type Said, ScriptedCaptioner } from './scripted-captioner.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zipcaption-alt-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** Images are files whose text is their caption. */
const saysItsText = new ScriptedCaptioner((image) => ({ captions: [[image, 0.9]] }));

async function drafts(captioner: ScriptedCaptioner, options: ProposeOptions = {}) {
  const { images, problems } = await findImages([folder]);
  expect(problems).toEqual([]);
  return proposeAlts(images, async () => captioner, { roots: [folder], ...options });
}
const alts = async (...given: Parameters<typeof drafts>) =>
  (await drafts(...given)).map(({ draft, reason }) => draft?.alt ?? reason);

describe('images are found as the page would find them', () => {
  test('relative, from the root, by srcset, in data URLs, on the site itself, below <base>', async () => {
    await put({
      'a/b.jpg': 'below a',
      'img/x y.jpg': 'a name with a space',
      'img/big.jpg': 'the largest',
      'a/index.html': [
        '<img src=b.jpg><img src="../img/x%20y.jpg?v=1#z"><img src="/img/x y.jpg">',
        '<img src=small.jpg srcset="small.jpg 100w, /img/big.jpg 900w, /img/none.jpg 1900w">',
        '<img src="data:image/jpeg;base64,aW4gdGhlIHBhZ2U="><img src="data:image/png,plain%20text">',
        '<img src="https://example.org/blog/img/big.jpg"><img src="//example.org/blog/a/b.jpg">',
      ].join('\n'),
      'base.html': '<base href="/img/"><img src="x%20y.jpg"><img src=/a/b.jpg>',
    });
    const site = new URL('https://example.org/blog');
    expect(await alts(saysItsText, { site })).toEqual([
      ...['Below a', 'A name with a space', 'A name with a space', 'The largest', 'In the page'],
      ...['Plain text', 'The largest', 'Below a', 'A name with a space', 'Below a'],
    ]);
  });

  test('one that is not to be had has a reason', async () => {
    await put({
      'index.html': [
        '<img src=none.jpg><img src="/../../etc/passwd"><img src="https://example.org/a.jpg">',
        '<img src="blob:x"><img src="{{ x }}"><img><img src="data:;base64,%%%"><img src="%E0%A4%A">',
        '<area href=x>',
      ].join('\n'),
    });
    expect(await alts(saysItsText)).toEqual([
      expect.stringContaining('the file none.jpg, which does not exist'),
      expect.stringContaining('the file passwd, which does not exist'),
      expect.stringContaining('--remote'),
      expect.stringContaining('not the address of an image'),
      expect.stringContaining('only known when the site is built'),
      expect.stringContaining('no address'),
      expect.stringContaining('data: URL'),
      expect.stringContaining('which does not exist'),
      expect.stringContaining('no image file'),
    ]);
  });

  test('elsewhere only when a download is handed in', async () => {
    await put({ 'index.html': '<img src=//example.org/a.jpg>' });
    const asked: string[] = [];
    const download = async (url: URL) => {
      asked.push(url.href);
      return new TextEncoder().encode('from afar');
    };
    expect(await alts(saysItsText, { download })).toEqual(['From afar']);
    expect(asked).toEqual(['https://example.org/a.jpg']);
  });
});

describe('captions', () => {
  test('are asked for once for each content', async () => {
    await put({
      'a.jpg': 'a dog',
      'copy.jpg': 'a dog',
      'cat.jpg': 'a cat',
      'index.html': '<img src=a.jpg><img src=copy.jpg><img src=cat.jpg><img src=a.jpg?1>',
      'other.md': '![](a.jpg) ![](cat.jpg)',
    });
    const captioner = new ScriptedCaptioner((image) => ({ captions: [[image, 0.9]] }));
    expect(await alts(captioner)).toEqual([
      ...['A dog', 'A dog', 'A cat', 'A dog', 'A dog', 'A cat'],
    ]);
    expect(captioner.calls.map(({ image }) => image)).toEqual(['a dog', 'a cat']);
  });

  test('that fail or say nothing are told, the others go on', async () => {
    await put({
      'a.jpg': 'broken',
      'b.jpg': 'a dog',
      'c.jpg': 'tiny',
      'd.jpg': 'empty',
      'index.html': '<img src=a.jpg><img src=b.jpg><img src=c.jpg><img src=d.jpg>',
    });
    const says: Record<string, Said | CaptionError> = {
      broken: new CaptionError('DECODE_FAILED', 'Nothing usable is in it.'),
      'a dog': { captions: [['a dog', 0.9]] },
      tiny: { captions: [['a dog', 0.9]], size: [31, 400] },
      empty: { captions: [['', 0.9]] },
    };
    const captioner = new ScriptedCaptioner((image) => says[image] as Said);
    expect(await alts(captioner)).toEqual([
      ...['Nothing usable is in it.', 'A dog'],
      expect.stringContaining('too small (31×400 pixels)'),
      'The model found no caption.',
    ]);
  });

  test('below the least confidence are not to be written', async () => {
    await put({ 'a.jpg': 'a dog', 'index.html': '<img src=a.jpg>' });
    const decision = async (minConfidence?: number) =>
      (await drafts(saysItsText, minConfidence === undefined ? {} : { minConfidence }))[0]
        ?.decision;
    expect([await decision(), await decision(0.9), await decision(0.91)]).toEqual([
      ...['write', 'write', 'skip'],
    ]);
    await expect(decision(1.5)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  test('say nothing of gender unless they may', async () => {
    await put({ 'a.jpg': 'x', 'index.html': '<img src=a.jpg>' });
    const rider = new ScriptedCaptioner(() => ({
      captions: [
        ['a man on a horse', 0.8],
        ['a woman on a horse', 0.6],
        ['a man with a horse', 0.5],
        ['a person on a horse', 0.1],
        ['two horses', 0.05],
      ],
    }));
    const [neutral] = await drafts(rider);
    expect(neutral?.draft).toMatchObject({ alt: 'A person on a horse', confidence: 0.8 });
    expect(neutral?.draft?.alternatives.map(({ alt }) => alt)).toEqual(['Two horses']);
    const [gendered] = await drafts(rider, { gender: true });
    expect(gendered?.draft).toMatchObject({ alt: 'A man on a horse', confidence: 0.8 });

    const stubborn = new ScriptedCaptioner(() => ({ captions: [['a man', 0.9]] }));
    expect(await alts(stubborn)).toEqual([expect.stringContaining('without gendered words')]);
  });

  test('are kept by content, model and options, and taken from there', async () => {
    await put({
      'a.jpg': 'a man',
      'b.jpg': 'a dog',
      'index.html': '<img src=a.jpg><img src=b.jpg>',
    });
    const path = join(folder, 'cache/captions.jsonl');
    const says = (image: string): Said => ({
      captions: [
        [image, 0.9],
        ['a person', 0.2],
      ],
    });
    const first = new ScriptedCaptioner(says);
    const expected = await alts(first, { cache: await fileCache(path) });
    expect(first.calls).toHaveLength(3);

    // As a run that was killed leaves it.
    await appendFile(path, '{"key":"torn');
    const second = new ScriptedCaptioner(says);
    expect(await alts(second, { cache: await fileCache(path) })).toEqual(expected);
    expect(second.calls).toHaveLength(0);

    const third = new ScriptedCaptioner(says);
    await alts(third, { cache: await fileCache(path), search: { numBeams: 5 } });
    expect(third.calls).toHaveLength(3);
    const fourth = new ScriptedCaptioner(says);
    await alts(fourth, { cache: await fileCache(path), search: { numBeams: 5 } });
    expect(fourth.calls).toHaveLength(0);
  });

  test('stop when they are to', async () => {
    await put({ 'a.jpg': 'a dog', 'index.html': '<img src=a.jpg>' });
    const search = { signal: AbortSignal.abort() };
    await expect(drafts(saysItsText, { search })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('decisions', () => {
  beforeEach(() =>
    put({
      'a.jpg': 'a dog',
      'b.jpg': 'a cat',
      'sub/index.html': '<img src=../a.jpg>\r\n<img src=../b.jpg alt=image><img src=../a.jpg>',
      'page.md': '![](a.jpg)',
    }),
  );
  const decided = async () => (await drafts(saysItsText)).map(decisionOf);

  test('are written, the second time nothing is', async () => {
    const decisions = await decided();
    const { decisions: applied, problems } = await applyAlts(decisions);
    expect(problems).toEqual([]);
    expect(applied.map(({ outcome }) => outcome)).toEqual(Array(4).fill('written'));
    expect(read('sub/index.html')).toBe(
      '<img src=../a.jpg alt="A dog">\r\n<img src=../b.jpg alt="A cat"><img src=../a.jpg alt="A dog">',
    );
    expect(read('page.md')).toBe('![A dog](a.jpg)');
    const before = statSync(join(folder, 'page.md')).mtimeMs;
    const again = await applyAlts(decisions);
    expect(again.decisions.map(({ outcome }) => outcome)).toEqual(Array(4).fill('there'));
    expect(statSync(join(folder, 'page.md')).mtimeMs).toBe(before);
    expect(await decided()).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('of a person may say that an image is decorative, or nothing', async () => {
    const [page, first, second, third] = await decided();
    if (!first || !second || !third || !page) throw new Error('Four images were expected.');
    const { decisions } = await applyAlts([
      // Markdown cannot say so.
      { ...page, decision: 'decorative' },
      { ...first, decision: 'write', alt: 'Mine' },
      { ...second, decision: 'skip' },
      { ...third, decision: 'decorative' },
    ]);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(['refused', 'written', 'written']);
    expect(read('page.md')).toBe('![](a.jpg)');
    expect(read('sub/index.html')).toBe(
      '<img src=../a.jpg alt="Mine">\r\n<img src=../b.jpg alt=image><img src=../a.jpg alt="">',
    );
  });

  test('about what has changed meanwhile are not written', async () => {
    const decisions = await decided();
    await put({ 'sub/index.html': '<img src=../a.jpg alt="By hand"><img src=../b.jpg alt=image>' });
    const { decisions: applied } = await applyAlts(decisions);
    expect(applied.map(({ decision, outcome }) => [decision.src, outcome])).toEqual([
      ['a.jpg', 'written'],
      ...[
        ['../a.jpg', 'changed'],
        ['../b.jpg', 'written'],
        ['../a.jpg', 'changed'],
      ],
    ]);
    expect(read('sub/index.html')).toBe(
      '<img src=../a.jpg alt="By hand"><img src=../b.jpg alt="A cat">',
    );
  });

  test('about other files than those named are refused', async () => {
    const files = [join(folder, 'page.md')];
    const { decisions } = await applyAlts(await decided(), { files });
    expect(decisions.filter(({ outcome }) => outcome === 'refused')).toHaveLength(3);
    expect(read('page.md')).toBe('![A dog](a.jpg)');
    expect(read('sub/index.html')).not.toContain('dog');
  });

  test('keep permissions and links, and leave what is not UTF-8', async () => {
    chmodSync(join(folder, 'page.md'), 0o640);
    symlinkSync('page.md', join(folder, 'link.md'));
    await writeFile(join(folder, 'latin.html'), Buffer.from('<img src=a.jpg>\xe9', 'latin1'));
    const { images, problems } = await findImages([join(folder, 'link.md'), folder]);
    expect(problems).toEqual([
      {
        file: join(folder, 'latin.html'),
        error: expect.objectContaining({ code: 'INVALID_INPUT' }),
      },
    ]);
    const proposals = await proposeAlts(images, async () => saysItsText, { roots: [folder] });
    await applyAlts(proposals.map(decisionOf));
    expect(read('page.md')).toBe('![A dog](a.jpg)');
    expect(statSync(join(folder, 'page.md')).mode & 0o777).toBe(0o640);
    expect((await lstat(join(folder, 'link.md'))).isSymbolicLink()).toBe(true);
    expect(read('latin.html')).not.toContain('alt');
  });
});

test.each([
  ['{', 'not valid JSON'],
  ['[]', '"format"'],
  ['{"format":"zipcaption-alt/1","images":[{}]}', 'Decision 1: "file"'],
  [
    '{"format":"zipcaption-alt/1","images":[{"file":"a","kind":"img","src":null,"occurrence":0,"decision":"write","alt":" "}]}',
    '"alt" must be a text',
  ],
  [
    '{"format":"zipcaption-alt/1","images":[{"file":"a","kind":"img","src":null,"occurrence":-1,"decision":"skip"}]}',
    '"occurrence"',
  ],
])('decisions like %s are refused', (json, named) => {
  expect(() => parseDecisions(json)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(named) }),
  );
});

describe("files that are somebody else's to decide about", () => {
  const decided = async () => {
    const proposals = await drafts(saysItsText);
    return applyAlts(proposals.map(decisionOf));
  };

  test('a read-only file is left as it is', async () => {
    await put({ 'a.html': '<img src=a.jpg>', 'a.jpg': 'a dog' });
    chmodSync(join(folder, 'a.html'), 0o444);
    const { problems } = await decided();
    expect(problems.map(({ error }) => [error.code, error.message])).toEqual([
      ['WRITE_FAILED', 'It cannot be written: it is read-only.'],
    ]);
    expect(read('a.html')).toBe('<img src=a.jpg>');
    expect((await readdir(folder)).sort()).toEqual(['a.html', 'a.jpg']);
  });

  test.runIf(process.getuid?.() === 0)('a file keeps its owner when root writes it', async () => {
    await put({ 'a.html': '<img src=a.jpg>', 'a.jpg': 'a dog' });
    chownSync(join(folder, 'a.html'), 1234, 2345);
    await decided();
    expect(read('a.html')).toContain('alt="A dog"');
    expect(statSync(join(folder, 'a.html'))).toMatchObject({ uid: 1234, gid: 2345 });
  });

  test('a file goes by its own name, not by that of a link which stands before it', async () => {
    await put({ 'real.html': '<img src=a.jpg>', 'a.jpg': 'a dog' });
    symlinkSync('real.html', join(folder, 'link.html'));
    const { images } = await findImages([folder]);
    expect(images.map(({ file }) => file)).toEqual([join(folder, 'real.html')]);
  });

  test('applyAlts tells which files it has written', async () => {
    await put({ 'a.html': '<img src=a.jpg>', 'b.html': '<img src=none.jpg>', 'a.jpg': 'a dog' });
    const written: string[] = [];
    const proposals = await drafts(saysItsText);
    await applyAlts(proposals.map(decisionOf), { onWritten: (file) => written.push(file) });
    expect(written).toEqual([join(folder, 'a.html')]);
  });
});
