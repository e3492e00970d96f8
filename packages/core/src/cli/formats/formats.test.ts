import { describe, expect, it } from 'vitest';
import { CaptionError, type CaptionResult } from '../../index.js';
import type { FormatContext, FormatName } from './format.js';
import { outputFormat } from './formats.js';
import { type PhotoReport, reportOf } from './report.js';
import { printable } from './text.js';

const result: CaptionResult = {
  text: 'a brown dog runs',
  score: -0.512345678,
  confidence: 0.7123456789,
  tokens: [],
  alternatives: [
    { text: 'a dog', score: -0.9, confidence: 0.5, tokens: [] },
    { text: 'an animal', score: -1.5, confidence: 0.2, tokens: [] },
  ],
  timings: {
    decode: 5.123,
    preprocess: 1,
    encode: 40,
    search: 20.006,
    detokenize: 0.1,
    total: 66.229,
  },
  image: {
    format: 'jpeg',
    stored: { width: 4, height: 3 },
    upright: { width: 4, height: 3 },
    orientation: 1,
  },
  model: { name: 'lite', version: '1.0.0', runtime: 'engine' },
  warnings: [],
};
const tagged: CaptionResult = {
  ...result,
  tags: [
    { text: 'dog', probability: 0.9345678 },
    { text: 'grass', probability: 0.2 },
  ],
};
const plain = { alternatives: false, tags: false, minConfidence: 0 };
const good = reportOf('dog.jpg', result, plain);
const bad: PhotoReport = {
  file: 'x.txt',
  error: new CaptionError('UNSUPPORTED_FORMAT', 'This is text, "not" a photo'),
};

function printed(
  name: FormatName,
  reports: readonly PhotoReport[],
  context: Partial<FormatContext> = {},
): string {
  const given = { photos: reports.length, captions: 1, tags: false, timings: false, ...context };
  const format = outputFormat(name, given);
  return format.head() + reports.map((report) => format.photo(report)).join('') + format.tail();
}

/** A reader of RFC 4180, to check the writer with. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) throw new Error(`no field in ${text}`);
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] !== ',') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

describe('text', () => {
  it('is a line a photo: name, two spaces, caption; a failed photo has none', () => {
    expect(printed('text', [good, bad, good])).toBe(
      'dog.jpg  a brown dog runs\ndog.jpg  a brown dog runs\n',
    );
  });

  it('has further captions on lines of their own', () => {
    const report = reportOf('dog.jpg', result, { ...plain, alternatives: true });
    expect(printed('text', [report], { captions: 3 })).toBe(
      'dog.jpg  a brown dog runs\n  2. a dog (0.50)\n  3. an animal (0.20)\n',
    );
  });

  it('has tags on a line of their own, after further captions', () => {
    const report = reportOf('dog.jpg', tagged, { ...plain, alternatives: true, tags: true });
    expect(printed('text', [report], { captions: 3, tags: true })).toBe(
      'dog.jpg  a brown dog runs\n  2. a dog (0.50)\n  3. an animal (0.20)\n  tags: dog (0.93), grass (0.20)\n',
    );
    const none = reportOf('dog.jpg', { ...result, tags: [] }, { ...plain, tags: true });
    expect(printed('text', [none], { tags: true })).toBe(
      'dog.jpg  a brown dog runs\n  tags: none\n',
    );
    expect(printed('text', [reportOf('dog.jpg', tagged, plain)])).toBe(
      'dog.jpg  a brown dog runs\n',
    );
  });

  it('says maybe where confidence is low', () => {
    const report = reportOf('dog.jpg', result, {
      ...plain,
      alternatives: true,
      minConfidence: 0.8,
    });
    expect(printed('text', [report], { captions: 3 })).toBe('dog.jpg  maybe\n');
  });

  it('cannot be made to command a terminal or break a line', () => {
    expect(printable('a\nb\r\t\x1b[31m\x07\u202e\u2028é🐕')).toBe(
      'a\\nb\\r\\t\\u001b[31m\\u0007\\u202e\\u2028é🐕',
    );
  });
});

describe('JSON', () => {
  const object = {
    file: 'dog.jpg',
    caption: 'a brown dog runs',
    score: -0.512346,
    confidence: 0.712346,
    timings: {
      decode: 5.12,
      preprocess: 1,
      encode: 40,
      search: 20.01,
      detokenize: 0.1,
      total: 66.23,
    },
  };
  const failure = {
    file: 'x.txt',
    error: { code: 'UNSUPPORTED_FORMAT', message: 'This is text, "not" a photo' },
  };

  it('is one object for one photo', () => {
    expect(JSON.parse(printed('json', [good]))).toEqual(object);
    expect(JSON.parse(printed('json', [bad]))).toEqual(failure);
  });

  it('is an array for several', () => {
    expect(JSON.parse(printed('json', [good, bad, good]))).toEqual([object, failure, object]);
  });

  it('is an array wherever it was stopped', () => {
    for (const done of [[], [good], [good, bad]]) {
      expect(JSON.parse(printed('json', done, { photos: 5 }))).toHaveLength(done.length);
    }
  });

  it('is one object a line with jsonl', () => {
    const lines = printed('jsonl', [good, bad]).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual([object, failure]);
  });

  it('has tags when they were asked for, none as an empty list', () => {
    const report = reportOf('dog.jpg', tagged, { ...plain, tags: true });
    const tags = [
      { text: 'dog', probability: 0.934568 },
      { text: 'grass', probability: 0.2 },
    ];
    expect(JSON.parse(printed('json', [report], { tags: true }))).toEqual({ ...object, tags });
    expect(JSON.parse(printed('json', [reportOf('dog.jpg', tagged, plain)]))).toEqual(object);
    const none = reportOf('dog.jpg', { ...result, tags: [] }, { ...plain, tags: true });
    expect(JSON.parse(printed('jsonl', [none], { tags: true }))).toEqual({ ...object, tags: [] });
  });

  it('has further captions, warnings, and null for a hidden caption', () => {
    const warned = { ...result, warnings: ['the file ends early'] };
    const report = reportOf('dog.jpg', warned, {
      ...plain,
      alternatives: true,
      minConfidence: 0.4,
    });
    expect(JSON.parse(printed('jsonl', [report], { captions: 3 }))).toEqual({
      ...object,
      alternatives: [{ caption: 'a dog', score: -0.9, confidence: 0.5 }],
      warnings: ['the file ends early'],
    });
    const hidden = reportOf('dog.jpg', result, { ...plain, minConfidence: 0.8 });
    expect(JSON.parse(printed('jsonl', [hidden]))).toEqual({ ...object, caption: null });
  });
});

describe('CSV', () => {
  it('has a header, a row a photo, and an error column', () => {
    expect(readCsv(printed('csv', [good, bad]))).toEqual([
      ['file', 'caption', 'score', 'confidence', 'error'],
      ['dog.jpg', 'a brown dog runs', '-0.512346', '0.712346', ''],
      ['x.txt', '', '', '', 'UNSUPPORTED_FORMAT: This is text, "not" a photo'],
    ]);
  });

  it('quotes what has to be quoted', () => {
    const odd = reportOf('a,"b"\r\nc.jpg', { ...result, text: 'a, b' }, plain);
    const text = printed('csv', [odd]);
    expect(text).toContain('"a,""b""\r\nc.jpg","a, b",');
    expect(readCsv(text)[1]?.slice(0, 2)).toEqual(['a,"b"\r\nc.jpg', 'a, b']);
  });

  it('has columns for further captions and timings, also in rows that lack them', () => {
    const report = reportOf('dog.jpg', result, {
      ...plain,
      alternatives: true,
      minConfidence: 0.3,
    });
    const rows = readCsv(printed('csv', [report, bad], { captions: 3, timings: true }));
    expect(rows[0]).toEqual([
      'file',
      'caption',
      'score',
      'confidence',
      'caption_2',
      'caption_3',
      'decode_ms',
      'preprocess_ms',
      'encode_ms',
      'search_ms',
      'detokenize_ms',
      'total_ms',
      'error',
    ]);
    expect(rows[1]?.slice(4)).toEqual([
      'a dog',
      '',
      '5.12',
      '1',
      '40',
      '20.01',
      '0.1',
      '66.23',
      '',
    ]);
    expect(rows.map((row) => row.length)).toEqual([13, 13, 13]);
  });

  it('has a column for tags', () => {
    const report = reportOf('dog.jpg', tagged, { ...plain, tags: true });
    const rows = readCsv(printed('csv', [report, bad], { tags: true, timings: true }));
    expect(rows[0]?.slice(3, 6)).toEqual(['confidence', 'tags', 'decode_ms']);
    expect(rows.map((row) => row[4])).toEqual(['tags', 'dog; grass', '']);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });

  it('has no field that a spreadsheet takes for a formula, but for negative numbers', () => {
    const starts = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1'];
    for (const start of starts) {
      const alternatives = [{ ...result, text: `${start} too` }];
      const tags = [{ text: start, probability: 0.9 }];
      const odd = { ...result, text: start, alternatives, tags };
      const report = reportOf(`${start}.jpg`, odd, { ...plain, alternatives: true, tags: true });
      const [, row = []] = readCsv(printed('csv', [report], { captions: 2, tags: true }));
      expect(row[0]).toBe(`./${start}.jpg`);
      expect([row[1], row[4], row[5]]).toEqual([`'${start}`, `'${start} too`, `'${start}`]);
      expect(row[2]).toBe('-0.512346');
      const failed: PhotoReport = { ...bad, file: `${start}.jpg` };
      expect(readCsv(printed('csv', [failed]))[1]?.[0]).toBe(`./${start}.jpg`);
    }
    expect(readCsv(printed('csv', [reportOf('-', result, plain)]))[1]?.[0]).toBe('-');
  });

  it('leaves a hidden caption empty', () => {
    const report = reportOf('dog.jpg', result, { ...plain, minConfidence: 0.8 });
    expect(readCsv(printed('csv', [report]))[1]?.[1]).toBe('');
  });
});

describe('Markdown', () => {
  it('is a table', () => {
    expect(printed('md', [good, bad])).toBe(
      [
        '| Photo | Caption | Confidence |',
        '| --- | --- | ---: |',
        '| dog.jpg | a brown dog runs | 71 % |',
        '| x.txt | **UNSUPPORTED_FORMAT**: This is text, "not" a photo |  |',
        '',
      ].join('\n'),
    );
  });

  it('shows names as they are, whatever is in them', () => {
    const odd = reportOf('a|b_c*[x](y)<i>`\\\n.jpg', result, plain);
    expect(printed('md', [odd]).split('\n')[2]).toBe(
      '| a\\|b\\_c\\*\\[x\\](y)\\<i\\>\\`\\\\\\\\n.jpg | a brown dog runs | 71 % |',
    );
  });

  it('has the same number of cells in each row', () => {
    const shown = { alternatives: true, tags: true, minConfidence: 0.3 };
    const report = reportOf('dog.jpg', tagged, shown);
    const all = { captions: 3, tags: true, timings: true };
    const lines = printed('md', [report, bad], all).trim().split('\n');
    expect(new Set(lines.map((line) => line.split(' | ').length)).size).toBe(1);
    expect(lines[0]).toContain('| Caption 3 | Tags | decode (ms) |');
    expect(lines[2]).toContain('| dog, grass |');
  });
});
