// Is every kind of input read on the runtime that runs this (Node, Bun, Deno), and every wrong, empty,
// aborted or endless one refused with its code? On this thread and on a worker thread.
//
//   node scripts/check-inputs.mjs
import { createReadStream, openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { loadCaptioner } from 'zipcaption';

const path = 'samples/coffee.jpg';
const model = 'packages/core/test/fixtures/tiny-model';
const PATIENCE = 20_000;

const bytes = new Uint8Array(await readFile(path));
const base64 = Buffer.from(bytes).toString('base64');
const escaped = `data:,${[...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`;

const server = createServer((request, response) => {
  const answers = {
    '/photo': () => response.end(bytes),
    '/packed': () => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes)),
    '/moved': () => response.writeHead(302, { location: '/photo' }).end(),
    '/round': () => response.writeHead(302, { location: '/round' }).end(),
    '/gone': () => response.writeHead(404).end(),
    '/broken': () => response.writeHead(500).end('no'),
    '/empty': () => response.end(),
    '/page': () => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log in'),
    '/silent': () => response.flushHeaders(),
    '/dead': () => {},
    '/short': () => {
      response.writeHead(200, { 'content-length': bytes.length + 1000 });
      response.write(bytes, () => response.destroy());
    },
    '/endless': () => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', more);
      };
      more();
    },
  };
  answers[request.url]?.();
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const address = (name) => `http://127.0.0.1:${server.address().port}/${name}`;

async function* pieces(size = 1000) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* failing() {
  yield bytes.subarray(0, 1000);
  throw new Error('the line is down');
}
async function* endless(size) {
  for (;;) yield new Uint8Array(size);
}
const shared = () => {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
};
const part = () => {
  const copy = new Uint8Array(bytes.length + 20);
  copy.set(bytes, 7);
  return copy.subarray(7, 7 + bytes.length);
};
const used = async () => {
  const response = new Response(bytes);
  await response.arrayBuffer();
  return response;
};
const destroyed = () => {
  const stream = Readable.from([bytes]);
  stream.destroy();
  return stream;
};
const errorHalfWay = () => {
  const stream = new Readable({ read() {} });
  stream.push(Buffer.from(bytes.subarray(0, 1000)));
  setTimeout(() => stream.destroy(new Error('the line is down')), 10);
  return stream;
};
const soon = () => ({ signal: AbortSignal.timeout(30) });
const incoming = (name) =>
  new Promise((resolve, reject) => get(address(name), resolve).on('error', reject));

/** [name, input, options, code of the error; nothing where the photo is captioned] */
const cases = [
  ['Buffer', () => Buffer.from(bytes)],
  ['Uint8Array', () => bytes],
  ['part of a buffer', part],
  ['shared memory', shared],
  ['ArrayBuffer', () => bytes.slice().buffer],
  ['Blob', () => new Blob([bytes])],
  ['File', () => new File([bytes], 'a.jpg')],
  ['Blob of a file', () => openAsBlob(path)],
  ['path', () => path],
  ['file: URL', () => pathToFileURL(path)],
  ['file: URL as text', () => pathToFileURL(path).href],
  ['data: URL', () => `data:image/jpeg;base64,${base64}`],
  ['data: URL, escaped', () => escaped],
  ['data: URL as URL', () => new URL(`data:image/jpeg;base64,${base64}`)],
  ['http: URL', () => address('photo'), { fetch: true }],
  ['http: URL, own fetch', () => address('x'), { fetch: async () => new Response(bytes) }],
  ['http: URL, gzip', () => address('packed'), { fetch: true }],
  ['http: URL, moved', () => address('moved'), { fetch: true }],
  ['blob: URL', () => URL.createObjectURL(new Blob([bytes])), { fetch: true }],
  ['Response', () => new Response(bytes)],
  ['Response of fetch', () => fetch(address('photo'))],
  ['Request', () => new Request('http://localhost/', { method: 'POST', body: bytes })],
  ['ReadableStream', () => new Blob([bytes]).stream()],
  ['Readable', () => Readable.from([Buffer.from(bytes)])],
  ['file stream', () => createReadStream(path)],
  ['IncomingMessage', () => incoming('photo')],
  ['async generator', () => pieces()],
  ['bytes one by one', () => pieces(1)],
  ['grey pixels', () => ({ data: new Uint8Array(100), width: 10, height: 10, channels: 1 })],
  ['RGB pixels', () => ({ data: new Uint8Array(300), width: 10, height: 10, channels: 3 })],
  ['RGBA pixels', () => ({ data: new Uint8ClampedArray(400), width: 10, height: 10, channels: 4 })],

  ['null', () => null, {}, 'INVALID_INPUT'],
  ['undefined', () => undefined, {}, 'INVALID_INPUT'],
  ['a number', () => 5, {}, 'INVALID_INPUT'],
  ['a list', () => [1, 2], {}, 'INVALID_INPUT'],
  ['an object', () => ({}), {}, 'INVALID_INPUT'],
  ['a function', () => () => {}, {}, 'INVALID_INPUT'],
  ['a promise', () => ({ promise: Promise.resolve(bytes) }), {}, 'INVALID_INPUT'],
  ['Float32Array', () => new Float32Array(100), {}, 'INVALID_INPUT'],
  [
    'pixels that are too few',
    () => ({ data: new Uint8Array(99), width: 10, height: 10, channels: 1 }),
    {},
    'INVALID_INPUT',
  ],
  ['no bytes', () => new Uint8Array(0), {}, 'UNSUPPORTED_FORMAT'],
  ['text', () => Buffer.from('<html>no photo</html>'), {}, 'UNSUPPORTED_FORMAT'],
  ['an empty Blob', () => new Blob([]), {}, 'UNSUPPORTED_FORMAT'],
  ['an empty path', () => '', {}, 'FILE_NOT_FOUND'],
  ['a missing path', () => 'nothing.jpg', {}, 'FILE_NOT_FOUND'],
  ['a folder', () => 'samples', {}, 'INVALID_INPUT'],
  ['an endless device', () => '/dev/zero', { maxBytes: 1e6 }, 'IMAGE_TOO_LARGE'],
  ['base64', () => base64, {}, 'INVALID_INPUT'],
  ['ftp: URL', () => 'ftp://localhost/a.jpg', {}, 'INVALID_INPUT'],
  ['http: URL without leave', () => address('photo'), {}, 'INVALID_INPUT'],
  ['a data: URL of 200 MB', () => `data:;base64,${'A'.repeat(2e8)}`, {}, 'IMAGE_TOO_LARGE'],
  ['an escaped one of 200 MB', () => `data:,${'%41'.repeat(7e7)}`, {}, 'IMAGE_TOO_LARGE'],
  ['one of 20 MB of padding', () => `data:;base64,${'='.repeat(2e7)}x`, {}, 'INVALID_INPUT'],
  ['404', () => address('gone'), { fetch: true }, 'FILE_NOT_FOUND'],
  ['500', () => address('broken'), { fetch: true }, 'NETWORK_FAILED'],
  ['an empty answer', () => address('empty'), { fetch: true }, 'NETWORK_FAILED'],
  ['a page', () => address('page'), { fetch: true }, 'UNSUPPORTED_FORMAT'],
  ['a circle', () => address('round'), { fetch: true }, 'NETWORK_FAILED'],
  ['an answer cut short', () => address('short'), { fetch: true }, 'NETWORK_FAILED'],
  ['an endless answer', () => address('endless'), { fetch: true }, 'IMAGE_TOO_LARGE'],
  ['no answer', () => address('dead'), { fetch: true, fetchTimeout: 50 }, 'NETWORK_FAILED'],
  ['half an answer', () => address('silent'), { fetch: true, fetchTimeout: 50 }, 'NETWORK_FAILED'],
  ['no answer, aborted', () => address('dead'), () => ({ fetch: true, ...soon() }), 'ABORTED'],
  ['no server', () => 'http://127.0.0.1:9/', { fetch: true }, 'NETWORK_FAILED'],
  ['a Response that was read', used, {}, 'INVALID_INPUT'],
  [
    'a Response that promises too much',
    () => new Response(bytes, { headers: { 'content-length': '1000000000' } }),
    {},
    'IMAGE_TOO_LARGE',
  ],
  [
    'a Response that promises too little',
    () => new Response(bytes, { headers: { 'content-length': '3' } }),
  ],
  ['a Response of 403', () => new Response('no', { status: 403 }), {}, 'NETWORK_FAILED'],
  ['an empty Response', () => new Response(null), {}, 'NETWORK_FAILED'],
  ['a stream that fails', failing, {}, 'FILE_NOT_FOUND'],
  ['a Readable that fails', errorHalfWay, {}, 'FILE_NOT_FOUND'],
  ['a Readable that was destroyed', destroyed, {}, 'INVALID_INPUT'],
  ['a Readable of text', () => createReadStream(path, 'latin1'), {}, 'INVALID_INPUT'],
  ['a Readable of numbers', () => Readable.from([1, 2]), {}, 'INVALID_INPUT'],
  ['a Readable that never begins', () => new Readable({ read() {} }), soon, 'ABORTED'],
  ['an endless stream', () => endless(65_536), {}, 'IMAGE_TOO_LARGE'],
  ['an endless stream of nothing', () => endless(0), soon, 'ABORTED'],
  ['bytes, aborted before', () => bytes, { signal: AbortSignal.abort() }, 'ABORTED'],
];

const late = Symbol('late');
const failures = [];
for (const workers of [0, 1]) {
  const captioner = await loadCaptioner({ model, workers });
  for (const [name, make, options = {}, expected] of cases) {
    const timer = AbortSignal.timeout(PATIENCE);
    const found = await Promise.race([
      Promise.resolve(make())
        .then((input) =>
          captioner.caption(input, typeof options === 'function' ? options() : options),
        )
        .then(
          ({ text }) => (typeof text === 'string' ? undefined : 'no text'),
          (error) => error.code ?? String(error),
        ),
      new Promise((resolve) => timer.addEventListener('abort', () => resolve(late))),
    ]);
    if (found !== expected) {
      failures.push(
        `${workers} workers, ${name}: ${String(found)}, not ${expected ?? 'a caption'}`,
      );
    }
  }
  await captioner.dispose();
}
server.closeAllConnections();
server.close();
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
console.log(`${cases.length} inputs`);
process.exit(0);
