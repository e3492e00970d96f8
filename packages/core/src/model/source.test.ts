import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { filesSource } from './given-files.js';
import { verifySha256 } from './source.js';

describe('a model in memory', () => {
  test('is read from a Map or an object, as bytes or as ArrayBuffer', async () => {
    const bytes = Uint8Array.of(1, 2);
    expect(await filesSource(new Map([['a', bytes]])).read('a')).toBe(bytes);
    expect(await filesSource({ a: bytes.buffer }).read('a')).toEqual(bytes);
  });

  test('names what is there when a file is missing', async () => {
    await expect(filesSource({ a: new Uint8Array() }).read('b')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringMatching(/"b".*\(it has: a\)/),
    });
  });
});

describe('the given files', () => {
  test.each([
    ['bytes', new Uint8Array(3), false],
    ['a file of this disk', new URL('file:///model/a.onnx'), false],
    ['the address of a file of this disk', 'file:///model/a.onnx', false],
    ['an address that holds the bytes', 'data:application/octet-stream;base64,AAAA', false],
    ['an address', new URL('https://example.com/a.onnx'), true],
    ['the text of an address', 'https://example.com/a.onnx', true],
  ])('%s: whether they are to be checked', (_, file, verify) => {
    expect(filesSource({ 'a.onnx': file }).verify).toBe(verify);
  });
});

describe('verifySha256', () => {
  const bytes = new TextEncoder().encode('weights');
  test('agrees with another implementation', async () => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    await verifySha256(bytes, digest, 'f', 's');
    await verifySha256(bytes, digest.toUpperCase(), 'f', 's');
  });
  test('refuses other bytes', async () => {
    await expect(verifySha256(bytes, '00'.repeat(32), 'f', 's')).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
    });
  });
});
