import { fromMarkdown } from 'mdast-util-from-markdown';
import { describe, expect, test } from 'vitest';
import type { Caption } from '../caption.js';
import { toAltAttribute, toCsv, toImageTag, toJson, toMarkdown, toText } from './exports.js';

const caption: Caption = {
  text: 'a "red" cup, on a table',
  score: -0.5,
  confidence: 0.61,
  alternatives: [{ text: 'a cup', score: -0.7, confidence: 0.5 }],
  tags: [{ text: 'cup', probability: 0.9 }],
  attention: [],
  stages: [],
  total: 120.25,
  model: 'lite 1',
  backend: 'here',
  warnings: [],
};

test('an image tag is safe whatever file and caption hold', () => {
  expect(toImageTag('a&"b".jpg', 'x < y > "z"')).toBe(
    '<img src="a&amp;%22b%22.jpg" alt="x &lt; y &gt; &quot;z&quot;">',
  );
});

const ODD_NAMES = [
  'a.jpg',
  'my photo (1).jpg',
  'a?b#c<d>"e.jpg',
  '100 % sure.jpg',
  "it's.jpg",
  'photo:1.jpg',
  'javascript:alert(1).jpg',
  'C:evil.jpg',
  'back\\slash.jpg',
  'trip/day 2/9:30.jpg',
];
test.each(ODD_NAMES)('an image tag leads to the file %j beside the page', (file) => {
  const source = /src="([^"]*)"/.exec(toImageTag(file, ''))?.[1]?.replaceAll('&amp;', '&') ?? '';
  const { origin, pathname, search, hash } = new URL(source, 'https://a.example/album/');
  expect([origin, search, hash]).toEqual(['https://a.example', '', '']);
  expect(decodeURIComponent(pathname)).toBe(`/album/${file}`);
});

test('an alt attribute is safe, too', () => {
  expect(toAltAttribute('a "red" cup & <b>')).toBe('alt="a &quot;red&quot; cup &amp; &lt;b&gt;"');
});

// micromark, the reference parser of CommonMark here, says what it really becomes.
test.each([
  ['a.jpg', 'a cup of coffee'],
  ['my photo (1).jpg', 'a [red] cup, *really* `now`'],
  ['a?b#c<d>"e.jpg', 'x < y & z > w \\ _v_ ![u](v) <b>'],
  ['\ud800.jpg', 'two\nlines'],
  ['photo:1.jpg', 'a colon'],
])('Markdown of %j says just that, whatever is in it', (file, caption) => {
  const tree = fromMarkdown(toMarkdown(file, caption));
  const [paragraph] = tree.children;
  expect(paragraph).toMatchObject({ type: 'paragraph' });
  const children = paragraph?.type === 'paragraph' ? paragraph.children : [];
  expect(children).toHaveLength(1);
  expect(children[0]).toMatchObject({ type: 'image', alt: caption.replace('\n', ' ') });
  const url = children[0]?.type === 'image' ? children[0].url : '';
  const { pathname } = new URL(url, 'https://a.example/');
  expect(decodeURIComponent(pathname)).toBe(`/${file.replace('\ud800', '\ufffd')}`);
});

test('text has a line for each photo that has a caption, edited ones as edited', () => {
  const rows = [
    { file: 'a\tb.jpg', status: 'done', caption },
    { file: 'b.jpg', status: 'failed', error: { code: 'X', message: 'no' } },
    { file: 'c.jpg', status: 'done', caption, edited: 'mine' },
  ];
  expect(toText(rows)).toBe('a b.jpg\ta "red" cup, on a table\nc.jpg\tmine\n');
});

test('an edited caption is exported, in JSON beside the one of the model', () => {
  const row = { file: 'a.jpg', status: 'done', caption, edited: 'my cup' };
  expect(JSON.parse(toJson([row]))).toMatchObject([
    { caption: 'my cup', modelCaption: caption.text },
  ]);
  expect(toCsv([row])).toContain('a.jpg,done,my cup,');
});

test('JSON has captions and failures', () => {
  const error = { code: 'DECODE_FAILED', message: 'broken' };
  const rows = [
    { file: 'a.jpg', status: 'done', caption },
    { file: 'b.jpg', status: 'failed', error },
  ];
  expect(JSON.parse(toJson(rows))).toEqual([
    {
      file: 'a.jpg',
      status: 'done',
      caption: caption.text,
      score: -0.5,
      confidence: 0.61,
      alternatives: caption.alternatives,
      tags: caption.tags,
      milliseconds: 120.25,
      model: 'lite 1',
    },
    { file: 'b.jpg', status: 'failed', error },
  ]);
});

describe('CSV', () => {
  test('is quoted as RFC 4180 wants', () => {
    expect(toCsv([{ file: 'a,b.jpg', status: 'done', caption }])).toBe(
      '\ufefffile,status,caption,confidence,score,tags,milliseconds,error\r\n' +
        '"a,b.jpg",done,"a ""red"" cup, on a table",0.6100,-0.5000,cup,120.3,\r\n',
    );
  });

  test.each(['=1+1.jpg', '+a.jpg', '-a.jpg', '@a.jpg', '\ta.jpg', '＝1.jpg', '＠a.jpg'])(
    'hands no formula to a spreadsheet: %j',
    (file) => {
      expect(toCsv([{ file, status: 'waiting' }])).toContain(`'${file},waiting`);
    },
  );
});
