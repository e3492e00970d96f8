import { type Attack, must } from './attack.js';
import { freshPhoto } from './photos.js';
import { firstOf, type Target } from './target.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const post = (headers: string, target = '/caption') =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n${headers}\r\n\r\n`;
const get = (headers: string, target = '/livez') =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\nConnection: close';
const THREE = 'Content-Length: 3\r\nConnection: close';

/** Says the same on many connections at once; every answer must have one of the statuses. */
function flood(
  name: string,
  isShort: boolean,
  count: number,
  bytes: string,
  allowed: readonly number[],
): Attack {
  return {
    name: `${count} × ${name}`,
    isShort,
    async run(target) {
      const sockets = await Promise.all(Array.from({ length: count }, () => target.open()));
      const texts = await Promise.all(
        sockets.map(async (socket) => {
          let text = '';
          socket.setEncoding('latin1').on('data', (data: string) => {
            text += data;
          });
          socket.write(bytes, 'latin1');
          await Promise.race([firstOf(socket, ['close']), pause(5_000)]);
          socket.destroy();
          return text;
        }),
      );
      const statuses = texts.flatMap((text) =>
        [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)),
      );
      const wrong = statuses.find((status) => !allowed.includes(status));
      must(wrong === undefined, `a ${wrong}`);
      must(statuses.length > 0, 'no answer at all');
      return `${statuses.length} answers, ${[...new Set(statuses)].join(', ')}`;
    },
  };
}

const names = Array.from({ length: 1_800 }, (_, n) => `h${n}:1\r\n`).join('');

/** Bytes that HTTP itself has to read: what is said of a request, and how it is wrapped. */
const floods: readonly Attack[] = [
  flood(
    'a body in chunks of one byte',
    true,
    64,
    `${post(CHUNKED)}${'1\r\nx\r\n'.repeat(2e5)}`,
    [400],
  ),
  flood(
    'chunks with long extensions',
    true,
    32,
    `${post(CHUNKED)}${`1;${'a=b;'.repeat(3_000)}c\r\nx\r\n`.repeat(20)}0\r\n\r\n`,
    [400, 415],
  ),
  flood(
    '3,000 trailers',
    false,
    32,
    `${post(CHUNKED)}1\r\nx\r\n0\r\n${'X: y\r\n'.repeat(3_000)}\r\n`,
    [400, 415, 431],
  ),
  flood('8 requests of 1,800 headers', true, 64, get(names).repeat(8), [431]),
  flood(
    'an Accept of 15,000 ranges',
    false,
    64,
    `${post(`${THREE}\r\nAccept: ${','.repeat(15e3)}`)}abc`,
    [415, 429],
  ),
  flood(
    'an If-None-Match of 3,900 tags',
    false,
    64,
    `${post(`${THREE}\r\nIf-None-Match: ${',W/a'.repeat(3_900)}`)}abc`,
    [415, 429],
  ),
  flood('7,500 parameters', true, 64, `${post(THREE, `/caption?${'a&'.repeat(7_500)}`)}abc`, [400]),
  flood(
    'an upgrade to WebSocket',
    false,
    32,
    get(
      'Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n',
      '/caption',
    ),
    [405],
  ),
  flood(
    'an upgrade to h2c',
    true,
    32,
    get('Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n'),
    [200],
  ),
  flood('the preface of HTTP/2', true, 32, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]),
  flood(
    'good, bad and broken requests in a row',
    true,
    64,
    `${post('Content-Length: 3')}abc${post('Content-Length: 2', '/nowhere')}ab${get('')}BROKEN`,
    [200, 404, 415, 429],
  ),
  flood(
    'a body that is compressed',
    false,
    32,
    `${post(`${THREE}\r\nContent-Encoding: gzip`)}abc`,
    [415],
  ),
  flood(
    '4 times the metrics',
    false,
    128,
    `${get('', '/metrics').repeat(3)}${get('Connection: close\r\n', '/metrics')}`,
    [200],
  ),
  flood(
    'words that nobody reads',
    false,
    64,
    `${post(`${THREE}\r\nAccept: text/event-stream`)}abc`,
    [415, 429],
  ),
];

const form = { 'content-type': 'multipart/form-data; boundary=b' };
const file = 'Content-Disposition: form-data; name="a"; filename="b"\r\n\r\n';

/** One form of many megabytes. */
function oneForm(name: string, status: number, make: () => string): Attack {
  return {
    name,
    isShort: true,
    mostMemory: 700e6,
    async run(target: Target) {
      const answer = await target.send({ body: Buffer.from(make(), 'latin1'), headers: form });
      must(answer.status === status, `${answer.status}, not ${status}`);
      return `${status} in ${answer.milliseconds.toFixed(0)} ms`;
    },
  };
}

export const protocolAttacks: readonly Attack[] = [
  ...floods,
  oneForm(
    'a form full of what looks like boundaries',
    415,
    () => `--b\r\n${file}${'\r\n--bx'.repeat(3e6)}\r\n--b--`,
  ),
  oneForm(
    'a form of 999 parts with 5,000 header lines',
    400,
    () => `--b\r\n${`${'a\r\n'.repeat(5e3)}${file}x\r\n--b\r\n`.repeat(999)}--b--`,
  ),
  oneForm(
    'a form of 999 parts with 4,000 parameters',
    400,
    () =>
      `--b\r\n${`Content-Disposition: form-data; ${'a=b;'.repeat(4e3)} name="a"\r\n\r\nx\r\n--b\r\n`.repeat(999)}--b--`,
  ),
  {
    name: '48 forms that break off half-way',
    isShort: false,
    mostMemory: 700e6,
    async run(target) {
      const head = `POST /caption HTTP/1.1\r\nHost: x\r\nContent-Type: ${form['content-type']}\r\nContent-Length: 19000000\r\n\r\n`;
      const half = Buffer.concat([Buffer.from(`${head}--b\r\n${file}`), Buffer.alloc(9_000_000)]);
      for (let round = 0; round < 6; round++) {
        const sockets = await Promise.all(Array.from({ length: 8 }, () => target.open()));
        for (const socket of sockets) socket.write(half);
        await pause(300);
        for (const socket of sockets) socket.destroy();
      }
      const held = async () => {
        const { body } = await target.send({ method: 'GET', path: '/metrics' });
        return Number(/^zipcaption_body_bytes (\d+)$/m.exec(body)?.[1]);
      };
      const patience = performance.now() + 10_000;
      let left = await held();
      // An honest client's photo may be among them.
      while (left > 4 * freshPhoto().length && performance.now() < patience) {
        await pause(100);
        left = await held();
      }
      must(left <= 4 * freshPhoto().length, `${left} bytes of bodies are still held`);
      return 'all of them are given back';
    },
  },
];
