import { describe, expect, test } from 'vitest';
import type { Caption } from '../caption.js';
import { toCsv, toImageTag, toJson } from './exports.js';

const caption: Caption = {
  ...{ text: 'a "red" cup, on a table', score: -0.5, confidence: 0.61 },
  alternatives: [{ text: 'a cup', score: -0.7, confidence: 0.5 }],
  tags: [{ text: 'cup', probability: 0.9 }],
  ...{ attention: [], stages: [], total: 120.25, model: 'lite 1', backend: 'here', warnings: [] },
};

test('an image tag is safe whatever file and caption hold', () => {
  expect(toImageTag('a&"b".jpg', 'x < y > "z"')).toBe(
    '<img src="a&amp;&quot;b&quot;.jpg" alt="x &lt; y &gt; &quot;z&quot;">',
  );
});

test('JSON has captions and failures', () => {
  const error = { code: 'DECODE_FAILED', message: 'broken' };
  const rows = [
    { file: 'a.jpg', status: 'done', caption },
    { file: 'b.jpg', status: 'failed', error },
  ];
  expect(JSON.parse(toJson(rows))).toEqual([
    {
      ...{ file: 'a.jpg', status: 'done', caption: caption.text, score: -0.5, confidence: 0.61 },
      ...{
        alternatives: caption.alternatives,
        tags: caption.tags,
        milliseconds: 120.25,
        model: 'lite 1',
      },
    },
    { file: 'b.jpg', status: 'failed', error },
  ]);
});

describe('CSV', () => {
  test('is quoted as RFC 4180 wants', () => {
    expect(toCsv([{ file: 'a,b.jpg', status: 'done', caption }])).toBe(
      'file,status,caption,confidence,score,milliseconds,error\r\n' +
        '"a,b.jpg",done,"a ""red"" cup, on a table",0.6100,-0.5000,120.3,\r\n',
    );
  });

  test.each(['=1+1.jpg', '+a.jpg', '-a.jpg', '@a.jpg', '\ta.jpg'])(
    'hands no formula to a spreadsheet: %j',
    (file) => {
      expect(toCsv([{ file, status: 'waiting' }])).toContain(`'${file},waiting`);
    },
  );
});
