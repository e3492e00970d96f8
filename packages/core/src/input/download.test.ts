import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downloadPhoto } from './download.js';

let server: Server;
let base: string;
const seen: { url: string; authorization: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? '';
    seen.push({ url, authorization: request.headers.authorization });
    if (url === '/photo.jpg') response.end(Buffer.from([1, 2, 3]));
    else if (url === '/moved') response.writeHead(302, { location: '/photo.jpg' }).end();
    else if (url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else if (url === '/announced') response.writeHead(200, { 'content-length': '1000' }).end('x');
    else if (url === '/endless') {
      const timer = setInterval(() => response.write(Buffer.alloc(1000)), 1);
      response.on('close', () => clearInterval(timer));
    } else if (url === '/silent') response.flushHeaders();
    else if (url === '/empty') response.end();
    else if (url === '/cut') {
      response.writeHead(200, { 'content-length': '10' });
      response.write('x', () => response.destroy());
    } else if (url === '/private') response.writeHead(403).end('no');
    else response.writeHead(404).end('<html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const limits = { maxBytes: 500, timeout: 20_000, signal: new AbortController().signal };
const get = (path: string, changed: Partial<typeof limits> = {}) =>
  downloadPhoto(new URL(path, base), fetch, { ...limits, ...changed });

describe('downloadPhoto', () => {
  it('gives the bytes, redirects followed', async () => {
    expect(await get('/photo.jpg')).toEqual(Uint8Array.of(1, 2, 3));
    expect(await get('/moved')).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('sends credentials of the address as a header', async () => {
    const url = new URL('/photo.jpg', base);
    url.username = 'me';
    url.password = 'p%40ss';
    await downloadPhoto(url, fetch, limits);
    expect(seen.at(-1)?.authorization).toBe(`Basic ${btoa('me:p@ss')}`);
  });

  it.each([
    ['/none.jpg', 'FILE_NOT_FOUND', '404'],
    ['/private', 'NETWORK_FAILED', '403'],
    ['/empty', 'NETWORK_FAILED', 'empty'],
    ['/cut', 'NETWORK_FAILED', 'cannot be read'],
    ['/loop', 'NETWORK_FAILED', 'redirect'],
    ['/announced', 'IMAGE_TOO_LARGE', '1000'],
    ['/endless', 'IMAGE_TOO_LARGE', 'maxBytes'],
  ])('%s fails with %s', async (path, code, message) => {
    await expect(get(path)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('gives up after the time allowed', async () => {
    await expect(get('/silent', { timeout: 100 })).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('longer than 0.1 s'),
    });
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort();
    await expect(get('/silent', { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('says why there is no connection', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(
      downloadPhoto(new URL(`http://127.0.0.1:${port}/a.jpg`), fetch, limits),
    ).rejects.toMatchObject({
      code: 'NETWORK_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
