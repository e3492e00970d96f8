import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { urlSource } from './address.js';

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

describe('whether a file is at an address', () => {
  const text = (body: string, type: string, status = 200): RequestListener => {
    return (request, response) => {
      response.writeHead(status, { 'content-type': type, 'content-length': body.length });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
  };
  test.each<[string, RequestListener, boolean, number]>([
    ['a file', text('{"a":1}', 'application/json'), true, 7],
    ['a file that its server calls a page', text('{"a":1}', 'text/html'), true, 7],
    ['a page', text('\n<!DOCTYPE html>', 'text/html; charset=utf-8'), false, Number.NaN],
    ['nothing', text('', 'text/plain', 404), false, Number.NaN],
    ['nothing that may be read', text('', 'text/plain', 403), false, Number.NaN],
  ])('%s', async (_, listener, isThere, size) => {
    const source = urlSource(await serve(listener));
    expect(await source.has('x')).toBe(isThere);
    expect(await source.size('x')).toBe(size);
    if (!isThere) await expect(source.read('x')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  test.each([429, 500, 503])('%i does not tell', async (status) => {
    const source = urlSource(await serve(text('', 'text/plain', status)));
    await expect(source.has('x')).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining(String(status)),
    });
  });
});
