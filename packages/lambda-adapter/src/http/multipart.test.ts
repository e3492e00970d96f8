import { describe, expect, it } from 'vitest';
import { type FormPart, parseMultipart } from './multipart.js';

const type = (boundary: string) => `multipart/form-data; boundary=${boundary}`;
const parse = (body: string | Uint8Array, contentType = type('b')) =>
  parseMultipart(typeof body === 'string' ? Buffer.from(body, 'latin1') : body, contentType);
const show = (parts: readonly FormPart[]) =>
  parts.map(({ name, filename, bytes }) => [name, filename, Buffer.from(bytes).toString('latin1')]);
const field = (name: string, text: string) =>
  `Content-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;

describe('parseMultipart', () => {
  it('reads what the platform itself writes', async () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 256);
    const form = new FormData();
    form.append('beams', '3');
    form.append('photo', new File([bytes], 'a "b" ü.jpg', { type: 'image/jpeg' }));
    const response = new Response(form);
    const body = new Uint8Array(await response.arrayBuffer());
    const parts = await parse(body, response.headers.get('content-type') ?? '');
    expect(parts.map(({ name, filename }) => [name, filename])).toEqual([
      ['beams', undefined],
      ['photo', 'a "b" ü.jpg'],
    ]);
    expect(Buffer.compare(parts[1]?.bytes ?? new Uint8Array(), bytes)).toBe(0);
  });

  it('does not mistake a photo’s bytes for a boundary', async () => {
    const content = 'b--b\r\nb\r\n-b\r\n--\r\n--bb\r\n\r\n--b!\r\n';
    expect(show(await parse(`--b\r\n${field('a', content)}--b--`))).toEqual([
      ['a', undefined, content],
    ]);
  });

  it('takes a preamble, an epilogue, padding, a quoted boundary and empty parts', async () => {
    const body = `preamble\r\n--x y \t\r\n${field('a', '')}--x y\r\n${field('b', '1')}--x y--\r\nepilogue`;
    expect(show(await parse(body, type('"x y"')))).toEqual([
      ['a', undefined, ''],
      ['b', undefined, '1'],
    ]);
    expect(await parse('--b--')).toEqual([]);
  });

  it('reads file names however they are escaped', async () => {
    const name = async (text: string) => {
      const part = `Content-Disposition: form-data; name=f; filename=${text}\r\n\r\nx`;
      return (await parse(`--b\r\n${part}\r\n--b--`))[0]?.filename;
    };
    expect(await name('"a\\"b.jpg"')).toBe('a"b.jpg');
    expect(await name('"a%22b.jpg"')).toBe('a"b.jpg');
    expect(await name('plain.jpg')).toBe('plain.jpg');
    expect(await name('""')).toBe('');
    expect(await name('"a;b.jpg"')).toBe('a;b.jpg');
    expect(await name('"a\\";b.jpg"')).toBe('a";b.jpg');
    expect(await name('"a\\"; name="g"')).toBe('a\\');
    expect(await name('"x; filename=y.jpg"')).toBe('x; filename=y.jpg');
  });

  it.each([
    ["filename*=UTF-8''%C3%BC%20%22.jpg", 'ü ".jpg'],
    ["filename*=utf-8'de'a.jpg", 'a.jpg'],
    ["filename*=ISO-8859-1''%FC.jpg", 'ü.jpg'],
    ['filename="u.jpg"; filename*=UTF-8\'\'%C3%BC.jpg', 'ü.jpg'],
    // What cannot be read does not count.
    ['filename="u.jpg"; filename*=UTF-8\'\'%C3%B.jpg', 'u.jpg'],
    ['filename="u.jpg"; filename*=klingon\'\'x.jpg', 'u.jpg'],
    ['filename*=x.jpg', undefined],
  ])('reads file names beyond ASCII as %s', async (parameters, filename) => {
    const part = `Content-Disposition: form-data; name="f"; ${parameters}\r\n\r\nx`;
    expect((await parse(`--b\r\n${part}\r\n--b--`))[0]?.filename).toBe(filename);
  });

  it.each(['a;b.jpg', 'a\\', 'x; name=y', 'C:\\dir\\a.jpg', 'a=b', 'ü;ö.jpg'])(
    'reads the file name %s as Node’s own parser does',
    async (filename) => {
      const body = `--b\r\nContent-Disposition: form-data; name="image"; filename="${filename}"\r\n\r\nx\r\n--b--\r\n`;
      const form = await new Response(body, { headers: { 'content-type': type('b') } }).formData();
      const file = form.get('image') as File;
      expect(
        (await parse(Buffer.from(body, 'utf8'))).map(({ name, filename }) => [name, filename]),
      ).toEqual([['image', file.name]]);
    },
  );

  it('takes a part that says it is a photo for a file', async () => {
    const part = (type: string) =>
      `--b\r\nContent-Type: ${type}\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--`;
    expect((await parse(part('image/jpeg')))[0]?.filename).toBe('');
    expect((await parse(part('text/plain')))[0]?.filename).toBeUndefined();
  });

  it.each([
    ['no boundary in the type', `--b\r\n${field('a', '1')}--b--`, 'multipart/form-data'],
    ['an empty boundary', '----', type('""')],
    ['another boundary', `--c\r\n${field('a', '1')}--c--`, type('b')],
    ['no last boundary', `--b\r\n${field('a', '1')}`, type('b')],
    ['an end in the headers', '--b\r\nContent-Disposition: form-data; name="a"', type('b')],
    ['no name', '--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--', type('b')],
    ['no headers', '--b\r\n\r\n1\r\n--b--', type('b')],
    [
      'a transfer encoding',
      `--b\r\nContent-Transfer-Encoding: base64\r\n${field('a', 'MQ==')}--b--`,
      type('b'),
    ],
    ['nothing', '', type('b')],
    ['a name without end', `--b\r\n${field('n'.repeat(19_000_000), '1')}--b--`, type('b')],
    ['a type without end', `--b\r\n${field('a', '1')}--b--`, type('b'.repeat(2_000_000))],
    ['parts without end', `--b\r\n${`${field('a', '1')}--b\r\n`.repeat(1001)}`, type('b')],
    [
      'many header lines',
      `--b\r\n${`${'a\r\n'.repeat(5_000)}${field('a', '1')}--b\r\n`.repeat(30)}--b--`,
      type('b'),
    ],
  ])('refuses a body with %s', async (_, body, contentType) => {
    await expect(parse(body, contentType)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('lets others run while it looks through what only seems to be boundaries', async () => {
    const content = '\r\n--bx'.repeat(500_000);
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    const parts = await parse(`--b\r\n${field('a', content)}--b--`);
    clearInterval(others);
    expect(parts[0]?.bytes).toHaveLength(content.length);
    expect(turns).toBeGreaterThan(3);
  });

  it.each([262_139, 262_140, 262_141, 262_142, 262_143, 262_144, 262_145, 262_150])(
    'finds a boundary wherever its search is interrupted: %i',
    async (length) => {
      const content = 'x'.repeat(length);
      expect(show(await parse(`--b\r\n${field('a', content)}--b--`))).toEqual([
        ['a', undefined, content],
      ]);
    },
  );
});
