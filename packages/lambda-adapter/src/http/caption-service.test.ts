import { describe, expect, it } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from './app.js';

/** An app with one worker, which turns slow after the first photos. */
function slowingApp(fastOnes: number, timeout: number) {
  const [fast, slow] = [scriptedEngine({ pace: 15 }), scriptedEngine({ pace: 2 * timeout })];
  let count = 0;
  const engine = {
    ...fast,
    caption: ((photo, options) =>
      (count++ < fastOnes ? fast : slow).caption(photo, options)) as typeof fast.caption,
  };
  const app = createApp({ engine: async () => engine, settings: { timeout } });
  let photos = 0;
  const send = (accept = 'application/json') =>
    app.fetch(
      new Request('http://x/caption?beams=1', {
        method: 'POST',
        body: Buffer.from(`photo ${photos++}`),
        headers: { 'content-type': 'image/jpeg', accept },
      }),
    );
  return { send };
}

describe('photos that take longer than was reckoned', () => {
  it('the one that is worked on is a 504; those that were not begun are told to come again', async () => {
    const { send } = slowingApp(3, 700);
    for (let n = 0; n < 3; n++) expect((await send()).status).toBe(200);
    const answers = await Promise.all([send(), send(), send('text/event-stream')]);
    expect(answers.map(({ status }) => status)).toEqual([504, 429, 429]);
    for (const late of answers.slice(1)) {
      expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await late.json()).toMatchObject({ code: 'BUSY' });
    }
  });
});
