import { describe, expect, test } from 'vitest';
import type { DocumentKind, FindOptions } from '../types.js';
import { documentKind, findInText } from './find.js';

const find = (kind: DocumentKind, text: string, options?: FindOptions) =>
  findInText({ text, kind, path: import.meta.filename }, options);

/** Each image as "kind status src". */
async function statuses(kind: DocumentKind, text: string, options?: FindOptions) {
  const uses = await find(kind, text, options);
  return uses.map((use) => `${use.kind} ${use.status} ${use.src}`);
}

describe('HTML', () => {
  test.each([
    ['<img src=a.jpg>', 'img missing a.jpg'],
    ['<IMG SRC="a.jpg" ALT="A dog">', 'img present a.jpg'],
    ['<img src=a.jpg alt>', 'img empty a.jpg'],
    ["<img src=a.jpg alt=''>", 'img empty a.jpg'],
    ['<img src=a.jpg alt=" ">', 'img placeholder a.jpg'],
    ['<img src=a.jpg alt=Image>', 'img placeholder a.jpg'],
    ['<img src=x/a_1.jpg alt="a_1.jpg">', 'img placeholder x/a_1.jpg'],
    ['<img src=x/a_1.jpg alt="A_1">', 'img placeholder x/a_1.jpg'],
    ['<img src=dog.jpg alt=dog>', 'img present dog.jpg'],
    ['<img src=a.jpg alt=IMG_1234>', 'img placeholder a.jpg'],
    ['<img src=a.jpg alt="photo of a dog">', 'img present a.jpg'],
    ['<img src=a.jpg role=presentation>', 'img hidden a.jpg'],
    ['<img src=a.jpg role="NONE">', 'img hidden a.jpg'],
    ['<div aria-hidden=true><p><img src=a.jpg></p></div>', 'img hidden a.jpg'],
    ['<img src=a.jpg aria-label="A dog">', 'img labelled a.jpg'],
    ['<img src=a.jpg aria-labelledby=x>', 'img labelled a.jpg'],
    ['<img src=a.jpg aria-label=" ">', 'img missing a.jpg'],
    ['<input type=IMAGE src=a.jpg>', 'input missing a.jpg'],
    ['<input type=image src=a.jpg alt="">', 'input missing a.jpg'],
    ['<map><area href=x></map>', 'area missing x'],
    ['<svg><image href=a.jpg /></svg>', 'svg-image missing a.jpg'],
    ['<svg aria-label=Dog><image xlink:href=a.jpg /></svg>', 'svg-image labelled a.jpg'],
    ['<svg><image href=a.jpg><title>Dog</title></image></svg>', 'svg-image labelled a.jpg'],
    ['<svg><title> </title><image href=a.jpg /></svg>', 'svg-image missing a.jpg'],
    ['<svg><title>Dog</title><g><image href=a.jpg /></g></svg>', 'svg-image labelled a.jpg'],
    ['<image src=a.jpg>', 'img missing a.jpg'],
    ['<noscript><img src=a.jpg></noscript>', 'img missing a.jpg'],
    ['<template><img src=a.jpg></template>', 'img missing a.jpg'],
    ['<td><img src=a.jpg></td>', 'img missing a.jpg'],
    ['<table><img src=a.jpg><tr></table>', 'img missing a.jpg'],
    ['<img src="{{ page.image }}">', 'img missing null'],
    ['<img src=a.jpg alt="{{ page.alt }}">', 'img dynamic a.jpg'],
    ['<img src=a.jpg {{ attributes }}>', 'img dynamic a.jpg'],
    ['<img src=a.jpg {% if x %}alt="{{ x }}"{% endif %}>', 'img dynamic a.jpg'],
    ['<img src=a.jpg <?= $alt ?>>', 'img dynamic a.jpg'],
    ['<img src=a.jpg :alt="name">', 'img dynamic a.jpg'],
    ['<img src=a.jpg [attr.alt]="name">', 'img dynamic a.jpg'],
  ])('%s', async (text, expected) => {
    expect(await statuses('html', text)).toEqual([expected]);
  });

  test.each([
    '<!-- <img src=a.jpg> -->',
    '<script>"<img src=a.jpg>"</script>',
    '<style>/* <img src=a.jpg> */</style>',
    '<textarea><img src=a.jpg></textarea>',
    '<input type=text>',
    '<area>',
    '<iframe src=a.jpg></iframe>',
  ])('no image in %s', async (text) => {
    expect(await statuses('html', text)).toEqual([]);
  });

  test('the best address of an image comes first', async () => {
    const candidates = async (text: string) => (await find('html', text))[0]?.candidates;
    expect(
      await candidates('<img src=s.jpg srcset="a.jpg 300w, b,c.jpg 900w, d.jpg 600w">'),
    ).toEqual(['b,c.jpg', 'd.jpg', 'a.jpg', 's.jpg']);
    expect(await candidates('<img src=s.jpg srcset="a.jpg, b.jpg 2x">')).toEqual([
      'b.jpg',
      'a.jpg',
      's.jpg',
    ]);
    expect(await candidates('<img src="data:image/gif;base64,R0==" data-src=a.jpg>')).toEqual([
      'a.jpg',
    ]);
    expect(
      await candidates('<picture><source srcset="l.avif 2x, l.webp"><img src=s.jpg></picture>'),
    ).toEqual(['s.jpg', 'l.webp', 'l.avif']);
    expect(await candidates('<img srcset="a.jpg 1w 2x, ,,">')).toEqual([]);
  });

  test('what stands around an image is told', async () => {
    const [use] = await find(
      'html',
      `<h2>Our  <em>dogs</em></h2><section><figure><a href=/rex><img src=a.jpg title=T></a>
       <figcaption>Rex, our <b>first</b></figcaption></figure></section>`,
    );
    expect(use?.context).toEqual({
      heading: 'Our dogs',
      caption: 'Rex, our first',
      link: '/rex',
      title: 'T',
      text: 'Rex, our first',
    });
  });

  test('places are counted from the beginning of the file, whatever its line ends', async () => {
    const text = '<p>é😀\r\n<img\r\n SRC=b>\r\n  <img src=c>';
    const uses = await find('html', text);
    expect(
      uses.map(({ start, line, column }) => [text.slice(start, start + 4), line, column]),
    ).toEqual([
      ['<img', 2, 1],
      ['<img', 4, 3],
    ]);
  });

  test('deep nesting is refused or read, not a crash', async () => {
    const deep = '<div>'.repeat(30_000);
    await expect(find('html', `${deep}<img src=a.jpg>`)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(await statuses('html', `${'<b>'.repeat(400)}<img src=a.jpg>`)).toHaveLength(1);
  });

  test('empty texts count as missing when that is asked for', async () => {
    expect(await statuses('html', '<img src=a.jpg alt="">', { empty: true })).toEqual([
      'img missing a.jpg',
    ]);
  });

  test('more words are placeholders when they are named', async () => {
    const text = '<img src=a.jpg alt="Bild">';
    expect(await statuses('html', text)).toEqual(['img present a.jpg']);
    expect(await statuses('html', text, { placeholders: ['bild'] })).toEqual([
      'img placeholder a.jpg',
    ]);
  });
});

describe('Markdown', () => {
  test.each([
    ['![](a.jpg)', 'markdown missing a.jpg'],
    ['![ ](a.jpg "t")', 'markdown missing a.jpg'],
    ['![A *dog*](<a b.jpg>)', 'markdown present a b.jpg'],
    ['![image](a.jpg)', 'markdown placeholder a.jpg'],
    ['> - [![](a%20b.jpg)](x)', 'markdown missing a%20b.jpg'],
    ['![][dog]\n\n[dog]: a.jpg', 'markdown missing a.jpg'],
    ['![image]\n\n[image]: a.jpg', 'markdown placeholder a.jpg'],
    ['![Rex][]\n\n[rex]: a.jpg', 'markdown present a.jpg'],
    ['| a | b |\n|---|---|\n| ![](a.jpg) | x |', 'markdown missing a.jpg'],
    ['x[^1]\n\n[^1]: ![](a.jpg)', 'markdown missing a.jpg'],
    ['text <img src=a.jpg> text', 'img missing a.jpg'],
    ['> <div>\n> <img\n>  src=a.jpg>\n> </div>', 'img missing a.jpg'],
    ['<div aria-hidden=true>\n\n<img src=a.jpg>\n\n</div>', 'img hidden a.jpg'],
    ['![{{ x }}](a.jpg)', 'markdown dynamic a.jpg'],
    ['![]({{x}})', 'markdown missing null'],
  ])('%j', async (text, expected) => {
    expect(await statuses('markdown', text)).toEqual([expected]);
  });

  test.each([
    '`![](a.jpg)`',
    '    ![](a.jpg)',
    '```\n![](a.jpg)\n<img src=a.jpg>\n```',
    '![a',
    '\\![](a.jpg)',
    '<!-- ![](a.jpg) -->',
    '![not defined]',
    '---\nimage: ![](a.jpg)\n---',
  ])('no image in %j', async (text) => {
    expect(await statuses('markdown', text)).toEqual([]);
  });

  test('a picture with a blank line in it is one', async () => {
    const [use] = await find(
      'markdown',
      '<picture>\n<source srcset=b.webp>\n\n<img src=a.jpg>\n</picture>',
    );
    expect(use?.candidates).toEqual(['a.jpg', 'b.webp']);
  });

  test('what stands around an image is told', async () => {
    const [use] = await find('markdown', '# Dogs\n\nRex [![](a.jpg "T")](/rex) at home');
    expect(use?.context).toEqual({
      heading: 'Dogs',
      link: '/rex',
      title: 'T',
      text: 'Rex at home',
    });
  });
});

describe('front matter', () => {
  const fields = { cover_alt: 'cover', 'hero.alt': 'hero.image' };
  test.each([
    ['cover: a.jpg', 'field missing a.jpg'],
    ['cover: a.jpg\ncover_alt:', 'field missing a.jpg'],
    ['cover: "a.jpg" # c\ncover_alt: ""', 'field empty a.jpg'],
    ['cover: a.jpg\ncover_alt: image', 'field placeholder a.jpg'],
    ['cover: a.jpg\ncover_alt: A dog', 'field present a.jpg'],
    ['hero:\n  image: a.jpg\n  x: 1', 'field missing a.jpg'],
    ['hero: { image: a.jpg }', 'field missing a.jpg'],
  ])('%j', async (yaml, expected) => {
    expect(await statuses('markdown', `---\n${yaml}\n---\n`, { fields })).toEqual([expected]);
  });

  test('is left alone unless fields are named', async () => {
    expect(await statuses('markdown', '---\ncover: a.jpg\n---\n')).toEqual([]);
  });

  test('that is no YAML is told', async () => {
    await expect(find('markdown', '---\na: [1\n---\n', { fields })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

describe('MDX', () => {
  test.each([
    ['![](a.jpg)', 'markdown missing a.jpg'],
    ['<img src="a.jpg" />', 'img missing a.jpg'],
    ["<img src={'a.jpg'} alt={``} />", 'img empty a.jpg'],
    ['<img src="a.jpg" alt={x} />', 'img dynamic a.jpg'],
    ['<img src="a.jpg" alt />', 'img dynamic a.jpg'],
    ['<img src="a.jpg" {...all} />', 'img dynamic a.jpg'],
    ['<Image src={hero} />\n\nimport hero from "./h.jpg"', 'component missing ./h.jpg'],
    ['<Image src={hero.src} />\n\nimport hero from "./h.jpg"', 'component missing ./h.jpg'],
    ['<Image src={hero} />', 'component missing null'],
    ['<>\n<b>text <img src="a.jpg" /></b>\n</>', 'img missing a.jpg'],
    ['<div aria-hidden="true">![](a.jpg)</div>', 'markdown hidden a.jpg'],
    ['{open && <img src="a.jpg" />}', 'img missing a.jpg'],
    ['a {list.map((x) => <b><img src={x} /></b>)} b', 'img missing null'],
    ['> {open &&\n>   <img src="a.jpg"\n>   />}', 'img missing a.jpg'],
    ['export const Hero = () => <img src="a.jpg" />', 'img missing a.jpg'],
    ['<Tabs first={<img src="a.jpg" />} />', 'img missing a.jpg'],
    ['{open && <img src="a.jpg" {...all} />}', 'img dynamic a.jpg'],
    ['{open && <div aria-hidden="true"><img src="a.jpg" /></div>}', 'img hidden a.jpg'],
  ])('%j', async (text, expected) => {
    expect(await statuses('mdx', text)).toEqual([expected]);
  });

  test('with a wrong syntax is told', async () => {
    await expect(find('mdx', '<b>![](a.jpg)')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('has the components that are named', async () => {
    expect(await statuses('mdx', '<Photo src="a.jpg" />')).toEqual([]);
    expect(await statuses('mdx', '<Photo src="a.jpg" />', { components: ['Photo'] })).toEqual([
      'component missing a.jpg',
    ]);
  });
});

test('files are told apart by their names', () => {
  expect(
    ['a/b.HTML', 'a.htm', 'a.md', 'x.mdx', 'a.vue', 'a.jpg', 'html', 'a.md/x'].map(documentKind),
  ).toEqual(['html', 'html', 'markdown', 'mdx', 'vue', undefined, undefined, undefined]);
});
