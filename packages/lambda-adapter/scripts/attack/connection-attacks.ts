import { type Attack, must, tally } from './attack.js';
import { freshPhoto } from './photos.js';
import { firstOf, HONEST, type Target } from './target.js';

const image = { 'content-type': 'image/jpeg' };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const head = (length: number) =>
  `POST /caption HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: ${length}\r\n\r\n`;

const honestPhoto = (target: Target) =>
  target.send({ body: freshPhoto(), headers: image, from: HONEST, path: '/caption?beams=1' });

/** Uploads that get stuck: honest clients must be answered all the same. */
function stuckUploads(
  name: string,
  isShort: boolean,
  count: number,
  bytes: number,
  sent: number,
): Attack {
  return {
    name,
    isShort,
    mostMemory: 800e6,
    async run(target) {
      const sockets = await Promise.all(Array.from({ length: count }, () => target.open()));
      const piece = Buffer.alloc(64 * 1024);
      await Promise.all(
        sockets.map(async (socket) => {
          socket.resume();
          socket.write(head(bytes));
          for (let left = sent; left > 0 && !socket.destroyed; left -= piece.length) {
            const part = piece.subarray(0, Math.min(left, piece.length));
            if (socket.write(part)) continue;
            await firstOf(socket, ['drain', 'close']);
          }
        }),
      );
      const answers = [];
      for (let n = 0; n < 20; n++) answers.push(await honestPhoto(target));
      for (const socket of sockets) socket.destroy();
      must(
        answers.every(({ status }) => status === 200),
        `honest photos: ${tally(answers)}`,
      );
      return `20 honest photos: ${tally(answers)}`;
    },
  };
}

/** What is said, and the statuses that must come back. */
const oddities: readonly (readonly [
  say: string,
  halfClose: boolean,
  statuses: readonly number[],
])[] = [
  ['TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', false, [405]],
  ['OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', false, [204]],
  ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', false, [405]],
  ['GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', false, [400]],
  ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', false, [400]],
  ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', false, [400]],
  ['constructor / HTTP/1.1\r\nHost: x\r\n\r\n', false, [400]],
  ['\x16\x03\x01\r\n\r\n', false, [400]],
  [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, false, [431]],
  ['GET /livez HTTP/1.1\r\nHost: x\r\n\r\n', true, [200]],
  [`${head(3)}abcgarbage\r\n\r\n`, false, [415]],
  [`${head(3)}abc`, true, [415]],
];

export const connectionAttacks: readonly Attack[] = [
  stuckUploads('64 uploads that stop after 3 bytes', true, 64, 1e6, 3),
  stuckUploads('64 uploads one byte short of 20 MiB', false, 64, 20 * 2 ** 20, 20 * 2 ** 20 - 1),
  {
    name: '64 refused uploads of 24 MiB',
    isShort: true,
    mostMemory: 800e6,
    async run(target) {
      const body = Buffer.alloc(24 * 2 ** 20);
      const [tooLarge, nowhere] = await Promise.all(
        ['/caption', '/nowhere'].map((path) =>
          Promise.all(
            Array.from({ length: 32 }, () => target.send({ body, headers: image, path })),
          ),
        ),
      );
      const seen = `${tally(tooLarge ?? [])}; ${tally(nowhere ?? [])}`;
      must(seen === '32 × 413; 32 × 404', seen);
      return seen;
    },
  },
  {
    name: 'slow uploads are ended',
    isShort: false,
    async run(target) {
      const socket = await target.open();
      const started = performance.now();
      let text = '';
      socket.on('data', (data) => {
        text += data.toString('latin1');
      });
      socket.write(head(1e6));
      const drip = setInterval(() => socket.write('x'), 200);
      while (!socket.destroyed && performance.now() - started < 30_000) await pause(50);
      clearInterval(drip);
      must(/HTTP\/1\.1 408 /.test(text), `no 408 but ${JSON.stringify(text.slice(0, 60))}`);
      return `408 after ${((performance.now() - started) / 1000).toFixed(1)} s`;
    },
  },
  {
    name: '256 clients that send GETs ahead and never read',
    isShort: true,
    mostMemory: 600e6,
    async run(target) {
      const sockets = await Promise.all(Array.from({ length: 256 }, () => target.open()));
      const ask = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200);
      for (const socket of sockets) {
        socket.pause();
        socket.write(ask);
      }
      await pause(1_500);
      const answers = [];
      for (let n = 0; n < 5; n++) answers.push(await honestPhoto(target));
      for (const socket of sockets) socket.destroy();
      must(
        answers.every(({ status }) => status === 200),
        `honest photos: ${tally(answers)}`,
      );
      return `5 honest photos: ${tally(answers)}`;
    },
  },
  {
    name: '300 idle connections',
    isShort: true,
    async run(target) {
      const sockets = await Promise.all(Array.from({ length: 300 }, () => target.open()));
      await pause(1_200);
      const answer = await honestPhoto(target);
      for (const socket of sockets) socket.destroy();
      must(answer.status === 200, `${answer.status} for an honest photo`);
      return 'an honest photo: 200';
    },
  },
  {
    name: 'odd and malformed requests',
    isShort: true,
    async run(target) {
      for (const [say, halfClose, expected] of oddities) {
        const text = await target.talk(say, halfClose);
        const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
          .map(([, status]) => Number(status))
          .filter((status) => status >= 200);
        const asked = JSON.stringify(say.slice(0, 40));
        must(String(statuses) === String(expected), `${asked}: ${statuses}, not ${expected}`);
        must(/x-request-id: \S/i.test(text), `${asked}: no x-request-id`);
        must(/x-content-type-options: nosniff/i.test(text), `${asked}: no security headers`);
      }
      return `${oddities.length} of them, each answered`;
    },
  },
];
