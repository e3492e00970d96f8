import { describe, expect, test } from 'vitest';
import { findInText } from '../find/find.js';
import { needsAlt } from '../find/survey.js';
import type { DocumentKind, FindOptions } from '../types.js';
import { applyToText, type WriteOptions } from './apply-to-text.js';

/** The document with a text for each image that needs one. */
async function filled(
  kind: DocumentKind,
  text: string,
  alt = 'A dog',
  options: FindOptions & WriteOptions = {},
): Promise<string> {
  const source = { text, kind };
  const uses = (await findInText(source, options)).filter(needsAlt);
  const writes = uses.map((use) => ({ use, alt }));
  return (await applyToText(source, writes, options)).text;
}

describe('HTML', () => {
  test.each([
    ['<img src="a.jpg">', '<img src="a.jpg" alt="A dog">'],
    ['<img src=a.jpg>', '<img src=a.jpg alt="A dog">'],
    ['<img src=a.jpg/>', '<img src=a.jpg/ alt="A dog">'],
    ['<img class=x src="a.jpg"/>', '<img class=x src="a.jpg" alt="A dog"/>'],
    ['<img>', '<img alt="A dog">'],
    ['<IMG SRC="a.jpg" ALT=image>', '<IMG SRC="a.jpg" ALT="A dog">'],
    ["<img alt='photo' src=a.jpg>", "<img alt='A dog' src=a.jpg>"],
    ['<img\r\n\tsrc="a.jpg"\r\n>', '<img\r\n\tsrc="a.jpg" alt="A dog"\r\n>'],
    ['<img srcset="a.jpg 2x">', '<img alt="A dog" srcset="a.jpg 2x">'],
    ['<img alt="image" alt="other" src=a>', '<img alt="A dog" alt="other" src=a>'],
    ['\ufeff<p><img src=a>', '\ufeff<p><img src=a alt="A dog">'],
    ['<input type=image src=a>', '<input type=image src=a alt="A dog">'],
    [
      '{% if x %}<img src="{{ y }}">{% endif %}',
      '{% if x %}<img src="{{ y }}" alt="A dog">{% endif %}',
    ],
    ['<svg><image href=a /></svg>', '<svg><image href=a /></svg>'],
    ['<img src=a {{ x }}>', '<img src=a {{ x }}>'],
    ['<img src=a alt="">', '<img src=a alt="">'],
  ])('%j becomes %j', async (before, after) => {
    expect(await filled('html', before)).toBe(after);
  });

  test('no text is more than a text', async () => {
    const alt = 'a "b" \'c\' <d> & {{ e }} {% f %}\r\n g';
    expect(await filled('html', '<img src=a>', alt)).toBe(
      `<img src=a alt="a &quot;b&quot; 'c' &lt;d&gt; &amp; &#123;&#123; e &#125;&#125; &#123;% f %&#125; g">`,
    );
    expect(await filled('html', "<img src=a alt='img'>", alt)).toContain('&#39;c&#39;');
  });

  test('a mark is written beside the text', async () => {
    expect(await filled('html', '<img src=a>', 'A dog', { mark: 'data-alt-draft' })).toBe(
      '<img src=a alt="A dog" data-alt-draft="">',
    );
  });
});

describe('Markdown', () => {
  test.each([
    ['![](a.jpg "T")\r\n', '![A dog](a.jpg "T")\r\n'],
    ['![image](<a b.jpg>)', '![A dog](<a b.jpg>)'],
    ['![][x]\n\n[x]: a', '![A dog][x]\n\n[x]: a'],
    ['![image]\n\n[image]: a', '![A dog][image]\n\n[image]: a'],
    ['![image][]\n\n[image]: a', '![A dog][image]\n\n[image]: a'],
    ['> 1. <img\n>    src=a>', '> 1. <img\n>    src=a alt="A dog">'],
    ['---\nt: 1\n---\n![](a)', '---\nt: 1\n---\n![A dog](a)'],
  ])('%j becomes %j', async (before, after) => {
    expect(await filled('markdown', before)).toBe(after);
  });

  test('characters of its own are escaped', async () => {
    expect(await filled('markdown', '![](a)', 'A *dog* [x] & <b> &amp; `c`')).toBe(
      '![A \\*dog\\* \\[x\\] & \\<b\\> \\&amp; \\`c\\`](a)',
    );
    const table = '| a |\n|---|\n| ![](a) <img src=b> |';
    expect(await filled('markdown', table, 'x | y')).toBe(
      '| a |\n|---|\n| ![x \\| y](a) <img src=b alt="x &#124; y"> |',
    );
  });

  test('front matter gets a field below the image, or what the field is to hold', async () => {
    const fields = { cover_alt: 'cover', 'hero.alt': 'hero.image' };
    const before = '---\r\ncover: a.jpg # x\r\nhero:\r\n  image: "b.jpg"\r\n  alt:\r\n---\r\n';
    expect(await filled('markdown', before, 'A "dog"', { fields })).toBe(
      '---\r\ncover: a.jpg # x\r\ncover_alt: "A \\"dog\\""\r\nhero:\r\n  image: "b.jpg"\r\n  alt: "A \\"dog\\""\r\n---\r\n',
    );
  });
});

test('MDX keeps its braces', async () => {
  const before = `import a from './a.jpg'\n\n<Image src={a} />\n\n<img alt={'image'} src="b" />\n\n![](c)`;
  expect(await filled('mdx', before, '{A} dog')).toBe(
    `import a from './a.jpg'\n\n<Image src={a} alt="&#123;A&#125; dog" />\n\n<img alt="&#123;A&#125; dog" src="b" />\n\n![\\{A\\} dog](c)`,
  );
});

test('a text that would make another document of it is refused, the others are written', async () => {
  const source = { text: '<img src=a><img src=b>', kind: 'html' } as const;
  const [first, second] = await findInText(source);
  if (!first || second?.slot?.type !== 'attribute') throw new Error('Two images were expected.');
  // As if the place had been found wrongly: inside the tag's name.
  const wrong = { ...second, slot: { ...second.slot, insertAt: second.start + 2 } };
  const { text, written, refused } = await applyToText(source, [
    { use: first, alt: 'A' },
    { use: wrong, alt: 'B' },
  ]);
  expect(text).toBe('<img src=a alt="A"><img src=b>');
  expect([written.length, refused.map(({ alt }) => alt)]).toEqual([1, ['B']]);
});

test('what is there already is no change', async () => {
  const source = { text: '<img src=a alt="image">', kind: 'html' } as const;
  const [use] = await findInText(source);
  if (!use) throw new Error('An image was expected.');
  expect(await applyToText(source, [{ use, alt: ' image ' }])).toMatchObject({
    text: source.text,
    written: [],
  });
});
