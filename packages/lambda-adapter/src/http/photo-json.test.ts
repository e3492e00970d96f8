import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Photo } from './base64.js';
import { readPhotoJson } from './photo-json.js';

const read = (json: string | Uint8Array) =>
  readPhotoJson(typeof json === 'string' ? Buffer.from(json, 'utf8') : json);
const bytesIn = async (json: string) =>
  Buffer.from(await decodeBase64Photo((await read(json)).image));
const refused = async (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error: { code?: string }) => error.code ?? String(error),
  );

/** What `JSON.parse` makes of the same text: the oracle for all that the shape allows. */
const photos = fc.uint8Array({ minLength: 1, maxLength: 60_000 });
const gap = fc.constantFrom('', ' ', '\n  ', '\t', '\r\n');

describe('readPhotoJson', () => {
  it('reads what JSON.parse reads, however it is written', async () => {
    const writing = fc.constantFrom(
      (text: string) => JSON.stringify(text),
      (text: string) => JSON.stringify(text).replaceAll('/', '\\/'),
      (text: string) =>
        `"${[...text].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}"`,
      (text: string) => JSON.stringify(text.replace(/(.{76})/g, '$1\r\n')),
    );
    await fc.assert(
      fc.asyncProperty(
        ...([photos, writing, gap, fc.boolean(), fc.boolean()] as const),
        async (photo, write, space, dataUrl, last) => {
          const base64 = Buffer.from(photo).toString('base64');
          const image = write(dataUrl ? `data:image/png;base64,${base64}` : base64);
          const members = [`"beams"${space}:${space}3`, '"attention":true'];
          members.splice(last ? 2 : 0, 0, `${space}"image"${space}:${space}${image}${space}`);
          const json = `{${members.join(',')}}${space}`;
          expect((JSON.parse(json) as { beams: number }).beams).toBe(3);
          expect(Buffer.compare(await bytesIn(json), photo)).toBe(0);
          expect(Object.fromEntries((await read(json)).options)).toEqual({
            beams: 3,
            attention: true,
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes or refuses broken texts as JSON.parse does', async () => {
    const sound = '{"image":"AAAA","beams":3,"attention":false,"maxLength":"5"}';
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sound.length - 1),
        fc.nat(2),
        fc.constantFrom(...'{}[]",:\\0-e+.tfn \n\0ü'),
        async (at, cut, put) => {
          const json = sound.slice(0, at) + put + sound.slice(at + cut);
          let isJson = true;
          try {
            JSON.parse(json);
          } catch {
            isJson = false;
          }
          const found = await refused(read(json));
          if (isJson) expect(found, json).not.toBe('BAD_REQUEST');
          else expect(['BAD_REQUEST', 'INVALID_INPUT', 'INVALID_OPTION'], json).toContain(found);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['nothing', '', 'BAD_REQUEST'],
    ['an array', '[]', 'INVALID_INPUT'],
    ['26 MB of brackets', '['.repeat(26_000_000), 'INVALID_INPUT'],
    ['a text', '"AAAA"', 'INVALID_INPUT'],
    ['null', 'null', 'INVALID_INPUT'],
    ['an object without image', '{"beams":1}', 'INVALID_INPUT'],
    ['an empty image', '{"image":""}', 'INVALID_INPUT'],
    ['an image that is an object', '{"image":{"a":1}}', 'INVALID_INPUT'],
    ['an image given twice', '{"image":"AAAA","image":"AAAA"}', 'INVALID_INPUT'],
    ['28 MB of objects', `{"image":"AAAA","x":[${'{},'.repeat(9_000_000)}{}]}`, 'INVALID_OPTION'],
    ['an option that is deep', `{"image":"AAAA","beams":${'['.repeat(100_000)}`, 'INVALID_OPTION'],
    ['an option given twice', '{"beams":1,"beams":1,"image":"AAAA"}', 'INVALID_OPTION'],
    ['an unknown option', '{"__proto__":1,"image":"AAAA"}', 'INVALID_OPTION'],
    ['a name without end', `{"${'n'.repeat(20_000_000)}":1}`, 'BAD_REQUEST'],
    ['white space without end', `{"image":"AAAA"${' '.repeat(20_000_000)}}`, 'BAD_REQUEST'],
    ['a number without end', `{"beams":${'1'.repeat(20_000_000)}}`, 'BAD_REQUEST'],
    ['text after the end', '{"image":"AAAA"}x', 'BAD_REQUEST'],
    ['a line break in a string', `{"image":"${'A'.repeat(9000)}\n"}`, 'BAD_REQUEST'],
    ['an unknown escape', '{"image":"\\xAAAA"}', 'BAD_REQUEST'],
    ['an image without end', `{"image":"${'A\\"'.repeat(1_000_000)}`, 'BAD_REQUEST'],
  ])('refuses %s', async (_, json, code) => {
    expect(await refused(read(json))).toBe(code);
  });

  it('refuses bytes that are not UTF-8', async () => {
    expect(await refused(read(Buffer.from('{"\xff":1}', 'latin1')))).toBe('BAD_REQUEST');
  });

  it('skips a byte order mark', async () => {
    expect((await read('\ufeff{"image":"AAAA"}')).image.toString()).toBe('AAAA');
  });
});

describe('decodeBase64Photo', () => {
  const decode = (text: string) => decodeBase64Photo(Buffer.from(text, 'latin1'));

  it('unwraps a data: URL once', async () => {
    expect(await refused(decode('data:;base64,data:;base64,AAAA'))).toBe('INVALID_INPUT');
    let nested = '';
    for (let level = 0; level < 600; level++) nested += `%${'25'.repeat(level)}20data:;base64,`;
    expect(await refused(decode(`data:;base64,${nested}AAAA`))).toBe('INVALID_INPUT');
  });

  it('decodes percent escapes in a data: URL', async () => {
    expect([...(await decode('data:;base64,%2F%2f8%3D'))]).toEqual([255, 255]);
    expect(await refused(decode('data:;base64,AA%4'))).toBe('INVALID_INPUT');
    expect(await refused(decode('AA%41A'))).toBe('INVALID_INPUT');
  });

  it('finds each character that is not base64', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.constantFrom(...'*%:,.=!\x80'),
        async (bytes, place, character) => {
          const text = Buffer.from(bytes).toString('base64').replace(/=+$/, '');
          const at = place % text.length;
          expect(await refused(decode(text.slice(0, at) + character + text.slice(at)))).toBe(
            'INVALID_INPUT',
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
