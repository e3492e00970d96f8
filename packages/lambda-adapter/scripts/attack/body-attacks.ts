import { type Attack, must } from './attack.js';
import { freshPhoto, pngBomb, webpBomb } from './photos.js';
import type { Answer, Target } from './target.js';

const json = { 'content-type': 'application/json' };

/** One request that must be refused at once. */
function refused(
  name: string,
  isShort: boolean,
  make: () => { body: Buffer; headers: Record<string, string> },
): Attack {
  return {
    name,
    isShort,
    mostMemory: 700e6,
    async run(target) {
      const { body, headers } = make();
      const { status, milliseconds } = await target.send({ body, headers });
      must(status === 400, `${status}, not 400`);
      return `${(body.length / 1e6).toFixed(1)} MB: 400 in ${milliseconds.toFixed(0)} ms`;
    },
  };
}

/** Each level of it is a data: URL again, once what is around it is taken off. */
function nestedDataUrl(levels: number): Buffer {
  const parts = ['data:;base64,'];
  for (let level = 0; level < levels; level++) parts.push(`%${'25'.repeat(level)}20data:;base64,`);
  return Buffer.from(`{"image":"${parts.join('')}${'A'.repeat(1000)}"}`);
}

const timeLimit = 6_000;

/** Photos that are small to send and large to decode. */
function bombs(
  name: string,
  isShort: boolean,
  count: number,
  make: () => Promise<Buffer> | Buffer,
): Attack {
  return {
    name,
    isShort,
    mostMemory: 2e9,
    mostWait: timeLimit + 2_000,
    mayRefuse: true,
    env: { ZIPCAPTION_TIMEOUT_MS: String(timeLimit), ZIPCAPTION_CACHE_BYTES: '0' },
    async run(target: Target) {
      const bomb = await make();
      const answers: Answer[] = await Promise.all(
        Array.from({ length: count }, (_, n) =>
          // Other options each time: the same photo would be decoded once.
          target.send({
            body: bomb,
            headers: { 'content-type': 'image/png' },
            path: `/caption?maxLength=${n + 1}`,
          }),
        ),
      );
      const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
      must(
        answers.every(({ status }) => [200, 413, 422, 429, 503, 504].includes(status)),
        `statuses ${answers.map(({ status }) => status)}`,
      );
      must(slowest < timeLimit + 2_000, `an answer after ${slowest.toFixed(0)} ms`);
      // A worker that was replaced has to load its model first.
      let last: Answer;
      const patience = performance.now() + 20_000;
      do {
        last = await target.send({
          body: freshPhoto(),
          headers: { 'content-type': 'image/jpeg' },
          path: '/caption?beams=1',
        });
      } while (last.status !== 200 && performance.now() < patience);
      must(last.status === 200, `${last.status} for the photo after it`);
      return `${count} × ${bomb.length} bytes: slowest answer ${(slowest / 1000).toFixed(1)} s`;
    },
  };
}

export const bodyAttacks: readonly Attack[] = [
  refused('a data: URL that unwraps itself', true, () => ({
    body: nestedDataUrl(2_200),
    headers: json,
  })),
  refused('JSON of 9 million objects', true, () => ({
    body: Buffer.from(`{"image":"AAAA","x":[${'{},'.repeat(9_000_000)}{}]}`),
    headers: json,
  })),
  refused('26 MB of brackets', true, () => ({
    body: Buffer.alloc(26_000_000, '['),
    headers: json,
  })),
  refused('an option 100,000 arrays deep', true, () => ({
    body: Buffer.from(`{"image":"AAAA","beams":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),
    headers: json,
  })),
  refused('base64 with escapes and a wrong end', true, () => ({
    body: Buffer.from(`{"image":"${'\\u0041\\n'.repeat(3_000_000)}*"}`),
    headers: json,
  })),
  refused('a part whose name has 19 MB', true, () => ({
    body: Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="${'n'.repeat(19_000_000)}"\r\n\r\nx\r\n--b--\r\n`,
    ),
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  })),
  refused('a form of 300,000 parts', true, () => ({
    body: Buffer.from(
      `${'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(300_000)}--b--\r\n`,
    ),
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  })),
  bombs('a WebP of 99 megapixels', false, 1, () => webpBomb(9_990)),
  bombs('a PNG of 100 megapixels, 16-bit RGBA', false, 1, () => pngBomb(9_999)),
  bombs('32 PNGs of 100 megapixels at once', false, 32, () => pngBomb(9_999)),
  bombs('8 PNGs of 16 megapixels at once', true, 8, () => pngBomb(4_000)),
];
