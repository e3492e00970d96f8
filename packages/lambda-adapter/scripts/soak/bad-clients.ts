import { freshPhoto } from '../attack/photos.js';
import type { Target } from '../attack/target.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const head = (length: number, path = '/caption', more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: ${length}\r\n${more}\r\n`;

function photo(path = '/caption', more = ''): Buffer {
  const body = freshPhoto();
  return Buffer.concat([Buffer.from(head(body.length, path, more)), body]);
}

/** What bad clients say on a connection of theirs; none of them reads. */
const mischief: readonly (() => string | Buffer)[] = [
  () => `${head(1e6)}abc`,
  () => 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100),
  () => `${head(3)}abcgarbage`,
  () => 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
  () => '\x16\x03\x01',
  () => '',
  () => photo('/caption', 'Accept: text/event-stream\r\n'),
  () => `${head(5e6)}${'x'.repeat(1e6)}`,
  () => photo('/embed'),
];
/** Photos of clients that leave before their answer has come. */
const left: readonly (() => Buffer)[] = [
  () => photo(),
  () => photo('/caption', 'Accept: text/event-stream\r\n'),
  () => photo('/embed?decode=exact'),
];

/** A client that sends what it should not, never reads and leaves when it likes, until told to stop. */
export async function badClient(target: Target, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const socket = await target.open();
    socket.pause();
    socket.write(mischief[n % mischief.length]?.() ?? '');
    if (n % 3 === 0) {
      const leaver = await target.open();
      leaver.write(left[(n / 3) % left.length]?.() ?? '');
      setTimeout(() => leaver.destroy(), 50 + 50 * (n % 8));
    }
    await pause(500);
    if (n % 2 === 0) socket.destroy();
    else setTimeout(() => socket.destroy(), 10_000);
  }
}
