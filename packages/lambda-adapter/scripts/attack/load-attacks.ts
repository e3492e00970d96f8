import { type Attack, must, tally } from './attack.js';
import { freshPhoto, knownPhoto } from './photos.js';
import { HONEST, type Target } from './target.js';

const headers = { 'content-type': 'image/jpeg' };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
const beams = '/caption?beams=3';

/** Waits until so many photos wait or are worked on. */
async function underWay(target: Target, count: number): Promise<void> {
  for (let now = 0; now < count; ) {
    const { body } = await target.send({ method: 'GET', path: '/metrics' });
    const read = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1]);
    now = read('zipcaption_queue_photos') + read('zipcaption_working_photos');
  }
}

/** Waits until the server has taken notice of the signal that ends it. */
async function shuttingDown(target: Target): Promise<void> {
  for (let isEnding = false; !isEnding && target.isAlive; ) {
    const { body } = await target.send({ method: 'GET', path: '/readyz' });
    isEnding = body.includes('SHUTTING_DOWN');
  }
}

const photo = (target: Target, from?: string) =>
  target.send({ body: freshPhoto(), headers, path: beams, ...(from && { from }) });

export const loadAttacks: readonly Attack[] = [
  {
    name: '60 clients that leave after 0.3 s',
    isShort: true,
    isAlone: true,
    async run(target) {
      const alone = [];
      for (let n = 0; n < 5; n++) alone.push((await photo(target)).milliseconds);
      const sockets = await Promise.all(Array.from({ length: 60 }, () => target.open()));
      for (const socket of sockets) {
        const body = freshPhoto();
        socket.write(
          `POST ${beams} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: ${body.length}\r\n\r\n`,
        );
        socket.write(body);
      }
      await pause(300);
      for (const socket of sockets) socket.destroy();
      const next = await photo(target, HONEST);
      must(next.status === 200, `${next.status} for the next one`);
      const [usual, most] = [median(alone), Math.max(...alone)];
      // What is under way is stopped between stages; one stage may have to end first.
      const bound = 1.5 * most + 150;
      must(
        next.milliseconds < bound,
        `${next.milliseconds.toFixed(0)} ms, alone ${alone.map((ms) => ms.toFixed(0))}`,
      );
      return `the next waits ${next.milliseconds.toFixed(0)} ms, alone ${usual.toFixed(0)}`;
    },
  },
  {
    name: '200 photos at once',
    isShort: false,
    mostWait: 10_000,
    env: { ZIPCAPTION_TIMEOUT_MS: '10000' },
    async run(target) {
      const answers = await Promise.all(Array.from({ length: 200 }, () => photo(target)));
      const refused = answers.filter(({ status }) => status === 429);
      must(
        answers.every(({ status }) => status === 200 || status === 429 || status === 503),
        tally(answers),
      );
      must(
        answers.some(({ status }) => status === 200),
        tally(answers),
      );
      const waits = refused.map(({ headers }) => Number(headers['retry-after']));
      must(
        waits.every((wait) => wait >= 1 && wait <= 11),
        `Retry-After: ${waits}`,
      );
      const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
      return `${tally(answers)}; slowest ${(slowest / 1000).toFixed(1)} s; Retry-After ${Math.min(...waits)}–${Math.max(...waits)}`;
    },
  },
  {
    name: 'a flood of one client beside another one',
    isShort: false,
    mostWait: 3_000,
    async run(target) {
      const answers = await Promise.all(Array.from({ length: 60 }, () => photo(target)));
      must(
        answers.every(({ status }) => status < 500),
        tally(answers),
      );
      return tally(answers);
    },
  },
  {
    name: 'the same photo 32 times at once',
    isShort: true,
    isAlone: true,
    async run(target) {
      const answers = await Promise.all(
        Array.from({ length: 32 }, () => target.send({ body: knownPhoto, headers, path: beams })),
      );
      const made = answers.filter(({ headers }) => /stored/.test(String(headers['cache-status'])));
      must(
        answers.every(({ status }) => status === 200),
        tally(answers),
      );
      must(made.length === 1, `captioned ${made.length} times`);
      return 'captioned once';
    },
  },
  {
    name: 'SIGTERM with 6 requests under way',
    isShort: true,
    isAlone: true,
    async run(target) {
      const six = Array.from({ length: 6 }, () => photo(target));
      await underWay(target, 6);
      const exit = target.stop();
      await shuttingDown(target);
      const late = await photo(target, HONEST);
      const answers = await Promise.all(six);
      const code = await exit;
      must(
        answers.every(({ status }) => status === 200),
        tally(answers),
      );
      must(
        late.status === 503 && late.headers.connection === 'close',
        `${late.status} for a late one`,
      );
      must(code === 0, `exit ${code}`);
      return `${tally(answers)}; a late one 503; exit ${code}`;
    },
  },
];
