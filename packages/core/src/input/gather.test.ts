import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Captioner, loadCaptioner } from '../captioner.js';
import type { ImageInput } from '../types.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const photo = path('../../../../samples/rocket.jpg');
const model = path('../../test/fixtures/tiny-model');

let bytes: Uint8Array<ArrayBuffer>;
let server: Server;
let address: string;
/** With and without worker threads: what is read is the same. */
const captioners: Captioner[] = [];
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(photo));
  server = createServer((request, response) => {
    if (request.url === '/photo.jpg') response.end(bytes);
    else if (request.url === '/gone') response.writeHead(410).end();
    else if (request.url === '/silent') response.flushHeaders();
    else response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  captioners.push(await loadCaptioner({ model }), await loadCaptioner({ model, workers: 1 }));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await Promise.all(captioners.map((captioner) => captioner.dispose()));
});

const base64 = () => Buffer.from(bytes).toString('base64');
const text = () => captioners[0]?.caption(photo).then((result) => result.text);
const inPieces = (size: number) =>
  async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };

async function failure(input: unknown, options = {}): Promise<{ code: string; message: string }> {
  const errors = await Promise.all(
    captioners.map((captioner) =>
      captioner.caption(input as ImageInput, options).then(
        ({ text }) => ({ code: 'none', message: text }),
        (error) => ({ code: error.code, message: error.message }),
      ),
    ),
  );
  expect(errors[1]).toEqual(errors[0]);
  return errors[0] as { code: string; message: string };
}

describe('the same photo as', () => {
  const url = (data: string, type = 'image/jpeg') => `data:${type};base64,${data}`;
  test.each<[string, () => unknown, object?]>([
    ['a Response', () => new Response(bytes)],
    ['a Request', () => new Request('http://localhost/', { method: 'POST', body: bytes })],
    ['a stream of Node', () => createReadStream(photo)],
    ['a stream of Node, from an iterable', () => Readable.from(inPieces(1000)())],
    ['a stream of the web', () => new Blob([bytes]).stream()],
    ['a generator of bytes', () => inPieces(777)()],
    ['a data: URL', () => url(base64())],
    ['a data: URL as URL', () => new URL(url(base64()))],
    ['a data: URL in lines', () => url(base64().replace(/.{76}/g, '$&\r\n'))],
    ['a data: URL without padding', () => url(base64().replace(/=+$/, ''), '')],
    ['a data: URL of base64url', () => url(Buffer.from(bytes).toString('base64url'))],
    ['a data: URL with escapes', () => url(encodeURIComponent(base64()))],
    ['a data: URL with parameters', () => url(base64(), 'IMAGE/JPEG;charset=utf-8;name=a')],
    [
      'a percent-encoded data: URL',
      () => `data:,${[...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`,
    ],
    ['a web address', () => `${address}photo.jpg`, { fetch: true }],
    ['a web address as URL', () => new URL(`${address}photo.jpg`), { fetch: true }],
    [
      'what a function fetches',
      () => 'https://photos.invalid/1',
      { fetch: async () => new Response(bytes) },
    ],
    ['bytes of another realm', () => runInNewContext('new Uint8Array(bytes)', { bytes })],
  ])('%s', async (name, make, options = {}) => {
    const expected = await text();
    for (const captioner of captioners) {
      const result = await captioner.caption(make() as ImageInput, options);
      expect(result.text, name).toBe(expected);
    }
  });
});

describe('a data: URL', () => {
  test('longer than one piece is put together rightly', async () => {
    // Pieces of a megabyte end amid a group of four characters where lines were broken.
    const big = Buffer.concat([bytes, Buffer.alloc(3e6, bytes)]);
    const { dataUrlBytes } = await import('./data-url.js');
    const lines = big.toString('base64').replace(/.{61}/g, '$&\n');
    expect(Buffer.from(await dataUrlBytes(`data:;base64,${lines}`, 1e8)).equals(big)).toBe(true);
  });

  test('percent-encoded, longer than one piece is put together rightly', async () => {
    const { dataUrlBytes } = await import('./data-url.js');
    // Escapes lie over the ends of pieces in every way.
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const big = Buffer.concat([Buffer.from(shift), Buffer.alloc(1.2e6, bytes)]);
      const escaped = big.toString('hex').replace(/../g, '%$&');
      const url = `data:,${shift}${escaped.slice(3 * shift.length)}`;
      expect(Buffer.from(await dataUrlBytes(url, 1e8)).equals(big)).toBe(true);
      const text = encodeURIComponent(big.toString('base64'));
      expect(Buffer.from(await dataUrlBytes(`data:;base64,${text}`, 2e6)).equals(big)).toBe(true);
    }
    const odd = await dataUrlBytes('data:,%4a%4%zz%', 100);
    expect(Buffer.from(odd).toString()).toBe('J%4%zz%');
  });

  test('of 20 MB of padding or white space is refused in no time', async () => {
    const { dataUrlBytes } = await import('./data-url.js');
    for (const fill of ['=', ' ', '%', '%3D']) {
      const before = process.cpuUsage().user;
      const url = `data:;base64,${fill.repeat(2e7 / fill.length)}x,`;
      await expect(dataUrlBytes(url, 1e8)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      // Quadratic time would be hours.
      expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(20);
    }
  });

  test.each([
    ['data:image/jpeg', 'comma'],
    ['data:image/jpeg;base64,/9j/4A!!', 'base64'],
    ['data:image/jpeg;base64,=', 'UNSUPPORTED_FORMAT'],
    ['data:,hello', 'UNSUPPORTED_FORMAT'],
  ])('%s is refused', async (url, expected) => {
    const { code, message } = await failure(url);
    expect(expected === code || (code === 'INVALID_INPUT' && message.includes(expected))).toBe(
      true,
    );
    expect(message.length).toBeLessThan(300);
  });

  test('of more bytes than allowed is refused before it is decoded', async () => {
    const url = `data:image/jpeg;base64,${base64()}`;
    expect(await failure(url, { maxBytes: bytes.length - 1 })).toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
    expect((await failure(url, { maxBytes: bytes.length })).code).toBe('none');
  });
});

describe('a text that is no path', () => {
  test('base64 alone is named so, and not repeated', async () => {
    for (const data of [base64(), base64().replace(/.{76}/g, '$&\n'), base64().slice(0, 200)]) {
      const { code, message } = await failure(data);
      expect({ code, message }).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/base64/),
      });
      expect(message.length).toBeLessThan(400);
    }
  });

  test('any other long one is not repeated', async () => {
    for (const input of ['x'.repeat(150_000), `folder/${'y'.repeat(5000)}.jpg`]) {
      const { code, message } = await failure(input);
      expect(code).toBe('FILE_NOT_FOUND');
      expect(message.length).toBeLessThan(300);
    }
  });
});

describe('a web address', () => {
  test('is not fetched unless that was allowed', async () => {
    for (const options of [{}, { fetch: false }]) {
      expect(await failure(`${address}photo.jpg`, options)).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('"fetch"'),
      });
    }
  });

  test.each<[string, object, string]>([
    ['gone', {}, 'FILE_NOT_FOUND'],
    ['broken', {}, 'NETWORK_FAILED'],
    ['silent', { fetchTimeout: 50 }, 'NETWORK_FAILED'],
    ['photo.jpg', { maxBytes: 100 }, 'IMAGE_TOO_LARGE'],
    ['photo.jpg', { signal: AbortSignal.abort() }, 'ABORTED'],
  ])('%s with %o fails with %s', async (name, options, code) => {
    expect((await failure(`${address}${name}`, { fetch: true, ...options })).code).toBe(code);
  });
});

describe('a stream', () => {
  test('with more bytes than allowed is cancelled at once', async () => {
    for (const captioner of captioners) {
      let isCancelled = false;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => {
          isCancelled = true;
        },
      });
      await expect(captioner.caption(endless, { maxBytes: 5000 })).rejects.toMatchObject({
        code: 'IMAGE_TOO_LARGE',
      });
      expect(isCancelled).toBe(true);
    }
  });

  test('that gives nothing is left when the signal fires', async () => {
    for (const captioner of captioners) {
      const silent = new Readable({ read() {} });
      const controller = new AbortController();
      const caption = captioner.caption(silent, { signal: controller.signal });
      controller.abort();
      await expect(caption).rejects.toMatchObject({ code: 'ABORTED' });
      expect(silent.destroyed).toBe(true);
    }
  });

  test('that always has more, but nothing in it, ends with the signal', async () => {
    for (const captioner of captioners) {
      async function* empty() {
        for (;;) yield new Uint8Array(0);
      }
      const signal = AbortSignal.timeout(20);
      await expect(captioner.caption(empty(), { signal })).rejects.toMatchObject({
        code: 'ABORTED',
      });
    }
  });

  test('of single bytes, of small and large pieces gives what it gave', async () => {
    const { readStream } = await import('./stream.js');
    const big = Buffer.alloc(3e6, bytes);
    async function* pieces(sizes: readonly number[]) {
      for (let at = 0, i = 0; at < big.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        yield new Uint8Array(big.subarray(at, at + size));
        at += size;
      }
    }
    for (const sizes of [[1], [100, 20_000, 3], [16_384, 16_385], [70_000, 1], [0, 5e6]]) {
      const read = await readStream(pieces(sizes), { maxBytes: 1e8, what: 'It' });
      expect(big.equals(read), String(sizes)).toBe(true);
    }
  });

  test('that is slow does not hold up other photos', async () => {
    const [captioner] = captioners;
    const controller = new AbortController();
    const slow = captioner?.caption(new Readable({ read() {} }), { signal: controller.signal });
    expect((await captioner?.caption(photo))?.text).toBe(await text());
    controller.abort();
    await expect(slow).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('that fails, was read already or gives text is refused', async () => {
    const used = new Response(bytes);
    await used.arrayBuffer();
    expect((await failure(used)).code).toBe('INVALID_INPUT');
    const locked = new Blob([bytes]).stream();
    locked.getReader();
    expect((await failure(locked)).code).toBe('INVALID_INPUT');
    const ended = Readable.from([bytes]);
    for await (const _ of ended);
    expect((await failure(ended)).code).toBe('INVALID_INPUT');
    for (const captioner of captioners) {
      const text = createReadStream(photo, 'latin1');
      await expect(captioner.caption(text)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      const missing = createReadStream('./missing.jpg');
      await expect(captioner.caption(missing)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
      const answer = new Response('no', { status: 403 });
      await expect(captioner.caption(answer)).rejects.toMatchObject({ code: 'NETWORK_FAILED' });
      const empty = new Response(null);
      await expect(captioner.caption(empty)).rejects.toMatchObject({ code: 'NETWORK_FAILED' });
    }
  });
});

test('options that are no object are named', async () => {
  await expect(captioners[0]?.caption(photo, null as never)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: 'Options must be an object, not null.',
  });
});
