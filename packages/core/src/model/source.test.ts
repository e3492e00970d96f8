import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { filesSource, urlSource, verifySha256 } from './source.js';

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a model at an address', () => {
  test('is read with progress, with or without a slash at the end of the address', async () => {
    const body = Buffer.alloc(300_000, 7);
    const paths: string[] = [];
    const base = await serve((request, response) => {
      paths.push(request.url ?? '');
      response.setHeader('content-length', body.length);
      response.end(body);
    });
    const seen: number[] = [];
    const bytes = await urlSource(`${base}/models/a`).read('encoder.onnx', {
      onProgress: ({ file, loaded, total }) => {
        expect(file).toBe('encoder.onnx');
        expect(total).toBe(body.length);
        seen.push(loaded);
      },
    });
    expect(Buffer.compare(bytes, body)).toBe(0);
    expect(seen.at(-1)).toBe(body.length);
    await urlSource(`${base}/models/a/`).read('x');
    expect(paths).toEqual(['/models/a/encoder.onnx', '/models/a/x']);
  });

  test('that is not there', async () => {
    const base = await serve((_, response) => response.writeHead(404).end());
    await expect(urlSource(base).read('manifest.json')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('manifest.json'),
    });
  });

  test('whose server fails, breaks off, or is not there', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/500') response.writeHead(500).end();
      else {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      }
    });
    const failed = { code: 'NETWORK_FAILED' };
    await expect(urlSource(base).read('500')).rejects.toMatchObject(failed);
    await expect(urlSource(base).read('half')).rejects.toMatchObject(failed);
    server?.close();
    await expect(urlSource('http://127.0.0.1:1').read('x')).rejects.toMatchObject(failed);
  });

  test('stops when the signal fires', async () => {
    const base = await serve((_, response) => response.write('slow'));
    const controller = new AbortController();
    const reading = urlSource(base).read('x', { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    server?.closeAllConnections();
  });
});

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
