import { describe, expect, it } from 'vitest';
import { scriptedEngine } from '../../test/scripted-engine.js';
import { createApp } from './app.js';
import { CaptionService } from './caption-service.js';
import { otherEvents } from './event-loop.js';
import type { RequestRecord } from './request-record.js';
import { defaultSettings } from './settings.js';

/** An app with one worker, which turns slow after the first photos. */
function slowingApp(fastOnes: number, timeout: number) {
  const [fast, slow] = [scriptedEngine(), scriptedEngine({ pace: 2 * timeout })];
  let count = 0;
  const engine = {
    ...fast,
    caption: ((photo, options) =>
      (count++ < fastOnes ? fast : slow).caption(photo, options)) as typeof fast.caption,
  };
  const app = createApp({ engine: async () => engine, settings: { timeout } });
  let photos = 0;
  const send = (accept = 'application/json', timeLeft = timeout) =>
    app.fetch(
      new Request('http://x/caption?beams=1', {
        method: 'POST',
        body: Buffer.from(`photo ${photos++}`),
        headers: { 'content-type': 'image/jpeg', accept },
      }),
      { timeLeft },
    );
  return { app, send };
}

describe('photos that take longer than was reckoned', () => {
  it('the one that is worked on is a 504; those that were not begun are told to come again', async () => {
    const { send } = slowingApp(3, 2_000);
    for (let n = 0; n < 3; n++) expect((await send()).status).toBe(200);
    const answers = await Promise.all([send(), send(), send('text/event-stream')]);
    expect(answers.map(({ status }) => status)).toEqual([504, 429, 429]);
    for (const late of answers.slice(1)) {
      expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await late.json()).toMatchObject({ code: 'BUSY' });
    }
  });

  it('so is one whose time is up while another one is worked on', async () => {
    const { app, send } = slowingApp(1, 60_000);
    expect((await send()).status).toBe(200);
    const leave = new AbortController();
    const slow = app.fetch(
      new Request('http://x/caption?beams=1', {
        method: 'POST',
        body: 'a photo',
        headers: { 'content-type': 'image/jpeg' },
        signal: leave.signal,
      }),
    );
    await expect.poll(() => app.load.running).toBe(1);
    const late = await send('application/json', 700);
    expect(late.status).toBe(429);
    expect(await late.json()).toMatchObject({ code: 'BUSY' });
    leave.abort();
    expect((await slow).status).toBe(499);
  });
});

describe('a queue that is full', () => {
  const sent = (body: string) =>
    new Request('http://x/caption', {
      method: 'POST',
      body,
      headers: { 'content-type': 'image/jpeg' },
    });

  it('still has room for what is known, or under way for somebody else', async () => {
    const [free, busy] = [scriptedEngine(), held()];
    let count = 0;
    const caption: typeof free.caption = (photo, options) =>
      (count++ === 0 ? free : busy.engine).caption(photo, options);
    const app = createApp({
      engine: async () => ({ ...free, caption }),
      settings: { maxWaiting: 1 },
    });
    expect((await app.fetch(sent('known'))).status).toBe(200);
    const slow = app.fetch(sent('slow'));
    await expect.poll(() => app.load.running).toBe(1);
    expect((await app.fetch(sent('new'))).status).toBe(429);
    expect((await app.fetch(sent('known'))).headers.get('cache-status')).toBe('zipcaption; hit');
    const same = app.fetch(sent('slow'));
    for (let turns = 0; turns < 20; turns++) await otherEvents();
    busy.release();
    expect([(await slow).status, (await same).status]).toEqual([200, 200]);
  });

  it('is not ready, nor is one in which a photo would wait for too long', async () => {
    const { engine } = held();
    const app = createApp({ engine: async () => engine, settings: { maxWaiting: 1 } });
    await app.engine();
    const ready = () => app.fetch(new Request('http://x/readyz'));
    expect((await ready()).status).toBe(200);
    void app.fetch(sent('slow'));
    await expect.poll(() => app.load.running).toBe(1);
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);

    const accepts = (timeout: number) => {
      const settings = { ...defaultSettings, timeout };
      const service = new CaptionService(async () => engine, settings, 1);
      const asker = { client: '', record: {} as RequestRecord, timeLeft: 1e9 };
      const endless = {
        photo: new Uint8Array(),
        key: '',
        kind: '',
        work: () => new Promise<never>(() => 0),
      };
      void service.answer(endless, { ...asker, signal: new AbortController().signal });
      return service.load.accepts;
    };
    // A second is reckoned for a photo before one was measured.
    expect([accepts(300), accepts(60_000)]).toEqual([false, true]);
  });
});

/** An engine that goes on when it is told to. */
function held() {
  let release = (): void => undefined;
  const hold = new Promise<void>((resolve) => (release = resolve));
  return { engine: scriptedEngine({ hold }), release: () => release() };
}
